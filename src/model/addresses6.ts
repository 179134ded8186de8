/** An IPv6 subnet; addresses are numbers here, so that they can be compared and counted. */
export interface Subnet6 {
  readonly base: bigint;
  readonly last: bigint;
  readonly prefix: number;
}

const bits = 128;
const groupCount = 8;

/**
 * True for text that is an IPv6 address, with or without a zone, as `isIPv6` of node:net has it. The parser
 * of URLs is native code that Node has loaded anyway; node:net, and the regular expression it makes of
 * itself, are a tenth of the time that `fleet validate` has.
 */
export function isAddress6(text: string): boolean {
  const [, address] = /^([0-9A-Fa-f:.]+)(?:%[0-9A-Za-z.:-]+)?$/.exec(text) ?? [];
  return address !== undefined && URL.canParse(`http://[${address}]`);
}

/** `fd00::1` as a number; undefined when it is not an IPv6 address of hexadecimal groups. */
export function parseAddress6(text: string): bigint | undefined {
  if (!isAddress6(text) || /[.%]/.test(text)) return undefined;
  const [head = '', tail] = text.split('::');
  const groups = (part: string): string[] => part.split(':').filter((group) => group !== '');
  const before = groups(head);
  const after = groups(tail ?? '');
  const between = Array.from({ length: groupCount - before.length - after.length }, () => '0');
  return [...before, ...between, ...after].reduce(
    (sum, group) => sum * 0x10000n + BigInt(`0x${group}`),
    0n,
  );
}

/** A number as RFC 5952 has it, and as `ip` writes it: `fd00::1`, the longest run of zeros left out. */
export function formatAddress6(address: bigint): string {
  const digits = address.toString(16).padStart(bits / 4, '0');
  const groups = digits.match(/.{4}/g)!.join(':');
  return new URL(`http://[${groups}]`).hostname.slice(1, -1);
}

/** `fd00:9::/64` as a subnet, host bits dropped; undefined when it is not one. */
export function parseSubnet6(text: string): Subnet6 | undefined {
  const slash = text.indexOf('/');
  const address = parseAddress6(text.slice(0, Math.max(slash, 0)));
  const digits = text.slice(slash + 1);
  if (address === undefined || !/^(12[0-8]|1[01][0-9]|[1-9]?[0-9])$/.test(digits)) return undefined;
  const prefix = Number(digits);
  const size = 1n << BigInt(bits - prefix);
  const base = address - (address % size);
  return { base, last: base + size - 1n, prefix };
}

/** Canonical text of a subnet, e.g. `fd00:9::/64`. */
export function formatSubnet6(subnet: Subnet6): string {
  return `${formatAddress6(subnet.base)}/${subnet.prefix}`;
}

/** The address with this number in the subnet: the hypervisor's is 1, a vm's that of its IPv4 one. */
export function hostAddress6(subnet: Subnet6, host: number): bigint {
  return subnet.base + BigInt(host);
}

/** True when an address belongs to the subnet. */
export function contains6(subnet: Subnet6, address: bigint): boolean {
  return address >= subnet.base && address <= subnet.last;
}

/** True when two subnets share an address. */
export function overlaps6(a: Subnet6, b: Subnet6): boolean {
  return a.base <= b.last && b.base <= a.last;
}

const uniqueLocal = parseSubnet6('fc00::/7')!;

/** True for addresses that no router outside of the site knows, as 10.0.0.0/8 in IPv4. */
export function isUniqueLocal(subnet: Subnet6): boolean {
  return overlaps6(uniqueLocal, subnet);
}
