import { contains, overlaps, parseAddress, parseSubnet, type Subnet } from '../model/addresses.ts';
import type { FoundBridge } from './found-networks.ts';

/** How a hypervisor lets its guests out of its uplink. */
export interface FoundNat {
  readonly out: boolean;
  /** The address that guests have outside, where the rules name one and the same; else the uplink's own. */
  readonly externalIP: string | undefined;
  /** Rules that let out, and not all under one address. */
  readonly unlike: readonly string[];
}

/**
 * Only what leaves by the uplink is NAT of guests': Docker, tailscale and libvirt masquerade, too,
 * each for its own. Rules are nft's (`oifname "eth0" masquerade`) or iptables' (`-o eth0 -j MASQUERADE`).
 */
export function foundNat(rules: readonly string[], uplink: string): FoundNat {
  const out = rules.filter((rule) => isSourceNat(rule) && leavesBy(rule, uplink));
  const addresses = new Set(out.map(sourceAddress));
  const isOne = addresses.size <= 1 && !addresses.has('unknown');
  return {
    out: out.length > 0,
    externalIP: isOne ? [...addresses][0] : undefined,
    unlike: isOne ? [] : [...new Set(out.map(short))],
  };
}

/** What a person has to know of these rules, and no field of fleet.yaml says. */
export function natRemarks(
  { out, externalIP, unlike }: FoundNat,
  rules: readonly string[],
  uplink: string,
  bridges: readonly FoundBridge[],
): string[] {
  const subnets = bridges.flatMap(({ addresses }) =>
    addresses.map(parseSubnet).filter((subnet) => subnet !== undefined),
  );
  const names = bridges.map(({ bridge }) => bridge);
  const forwards = new Set(rules.flatMap((rule) => forwardsTo(rule, subnets)));
  const others = rules.filter((rule) => isSourceNat(rule) && speaksOf(rule, names, subnets));
  return [
    ...(externalIP === undefined
      ? []
      : [
          `DECIDE: guests went out as ${externalIP}, which networking.nat keeps below. Those that become fleet’s go out under the address that ${uplink} has.`,
        ]),
    ...(unlike.length === 0
      ? []
      : [
          `DECIDE: guests went out under more than one address, from now on under the one that ${uplink} has: ${unlike.join('; ')}.`,
        ]),
    ...(out
      ? []
      : [...new Set(others.map(short))].map(
          (rule) =>
            `DECIDE: nothing lets guests out of ${uplink} by its name, so their networks have nat: false; but this rule is there: ${rule}.`,
        )),
    ...[...forwards].map(
      (what) => `DECIDE: ${what} was forwarded, which the first apply takes away.`,
    ),
    ...(forwards.size === 0
      ? []
      : [
          'A vm of fleet’s has publish for that; to one that is not fleet’s yet, networking.nat.forwardPorts under config leads.',
        ]),
  ];
}

const isSourceNat = (rule: string): boolean =>
  /(^|\s)masquerade(\s|$)|\ssnat (ip )?(prefix )?to\s|\s-j (MASQUERADE|SNAT)(\s|$)/.test(
    ` ${plain(rule)}`,
  ) && !/\bip6\b|\bnfproto ipv6\b/.test(rule);

/** A rule that names the interface, one of several or by its beginning; not one for all but another. */
function leavesBy(rule: string, uplink: string): boolean {
  const nft = /\boif(?:name)? (!= )?(\{[^}]*\}|\S+)/.exec(rule);
  const iptables = /(?:^|\s)(! )?-o (\S+)/.exec(rule);
  const [, not, names = ''] = nft ?? iptables ?? [];
  return (
    not === undefined &&
    names.split(/[\s,{}"]+/).some((name) => {
      const start = /^(.*)[*+]$/.exec(name)?.[1];
      return start === undefined ? name === uplink : uplink.startsWith(start);
    })
  );
}

/** undefined: masquerading. */
function sourceAddress(rule: string): string | undefined {
  if (/\bmasquerade\b|-j MASQUERADE\b/.test(rule)) return undefined;
  return /(?:\bsnat (?:ip )?to|--to-source) ([\d.]+)(?=\s|$)/.exec(rule)?.[1] ?? 'unknown';
}

const addressesIn = (text: string): string[] => text.match(/\b\d+\.\d+\.\d+\.\d+\b/g) ?? [];

const isIn = (address: string, subnets: readonly Subnet[]): boolean => {
  const number = parseAddress(address);
  return number !== undefined && subnets.some((subnet) => contains(subnet, number));
};

/** Whether a rule is about these bridges, by name or by address. */
function speaksOf(rule: string, names: readonly string[], subnets: readonly Subnet[]): boolean {
  const words = plain(rule).split(/[\s,{}"]+/);
  return words.some((word) => {
    const subnet = parseSubnet(word);
    return (
      names.includes(word) ||
      (subnet ? subnets.some((own) => overlaps(own, subnet)) : isIn(word, subnets))
    );
  });
}

/** Ports that a rule forwards to one of these subnets: `tcp 8080 → 10.1.0.5:80`, or the rule itself. */
function forwardsTo(rule: string, subnets: readonly Subnet[]): string[] {
  const target = /(?:\bdnat (?:ip )?(?:prefix )?to|-j DNAT\b.*--to-destination) (.*)$/.exec(
    plain(rule),
  )?.[1];
  if (target === undefined) return [];
  // As networking.nat writes them with nftables: all in one map.
  const entries = [
    ...target.matchAll(/\b(tcp|udp) \. ([\d-]+) : ([\d.]+)(?: \. ([\d-]+))?(?=[\s,]|$)/g),
  ];
  if (entries.length > 0) {
    return entries
      .filter(([, , , address = '']) => isIn(address, subnets))
      .map(([, protocol, port, address, to]) => `${protocol} ${port} → ${address}${behind(to)}`);
  }
  const [, address, to] = /^([\d.]+)(?::([\d-]+))?(?=\s|$)/.exec(target) ?? [];
  const [, protocol, port] =
    /\b(tcp|udp) dport (\{[^}]*\}|[\w-]+)/.exec(rule) ??
    /-p (tcp|udp)\b.* --dports? (\S+)/.exec(rule) ??
    [];
  if (address !== undefined && protocol !== undefined) {
    return isIn(address, subnets) ? [`${protocol} ${port} → ${address}${behind(to)}`] : [];
  }
  // Of a map by name nothing is known; better one too many.
  const leadsHere = addressesIn(target).some((one) => isIn(one, subnets));
  return leadsHere || target.includes('@') ? [short(rule)] : [];
}

const behind = (port: string | undefined): string => (port === undefined ? '' : `:${port}`);

/** A rule on one line, without what shows or does nothing: control characters, comment, counter. */
const plain = (rule: string): string =>
  rule
    .replaceAll(/[\p{C}\p{Z}]+/gu, ' ')
    .replace(/ (?:comment|-m comment --comment) (?:"[^"]*"|\S+)/, '')
    .replace(/ counter packets \d+ bytes \d+/, '')
    .trim();

function short(rule: string): string {
  const text = plain(rule);
  return text.length > 90 ? `${text.slice(0, 89)}…` : text;
}
