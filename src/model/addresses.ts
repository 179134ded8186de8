/** An IPv4 subnet; addresses are numbers here, so that they can be compared and counted. */
export interface Subnet {
  /** First address: names the subnet, no machine has it. */
  readonly base: number;
  /** Last address: reaches every machine, none has it. */
  readonly broadcast: number;
  readonly prefix: number;
}

/** `10.1.0.2` as a number; undefined when it is not an IPv4 address. */
export function parseAddress(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part)))
    return undefined;
  const numbers = parts.map(Number);
  if (numbers.some((number) => number > 255)) return undefined;
  return numbers.reduce((sum, number) => sum * 256 + number, 0);
}

/** A number as `10.1.0.2`. */
export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

/** `10.1.0.0/24` as a subnet, host bits dropped; undefined when it is not one. */
export function parseSubnet(text: string): Subnet | undefined {
  const slash = text.indexOf('/');
  const address = parseAddress(text.slice(0, Math.max(slash, 0)));
  const bits = text.slice(slash + 1);
  if (address === undefined || !/^(3[0-2]|[12]?[0-9])$/.test(bits)) return undefined;
  const prefix = Number(bits);
  const size = 2 ** (32 - prefix);
  const base = address - (address % size);
  return { base, broadcast: base + size - 1, prefix };
}

/** Canonical text of a subnet, e.g. `10.1.0.0/24`. */
export function formatSubnet(subnet: Subnet): string {
  return `${formatAddress(subnet.base)}/${subnet.prefix}`;
}

/** The hypervisor's address on the network. */
export function gateway(subnet: Subnet): number {
  return subnet.base + 1;
}

/** The address of a vm that is alone on its network and names none. */
export function defaultAddress(subnet: Subnet): number {
  return subnet.base + 2;
}

/** True when an address belongs to the subnet, usable or not. */
export function contains(subnet: Subnet, address: number): boolean {
  return address >= subnet.base && address <= subnet.broadcast;
}

/** True when two subnets share an address. */
export function overlaps(a: Subnet, b: Subnet): boolean {
  return a.base <= b.broadcast && b.base <= a.broadcast;
}
