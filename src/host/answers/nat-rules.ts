import { contains, parseAddress, parseSubnet, type Subnet } from '../../model/addresses.ts';
import { contains6, parseAddress6, parseSubnet6, type Subnet6 } from '../../model/addresses6.ts';
import type { Runners } from './runners.ts';

/** Ports that rules forward into the subnets of these addresses of the hypervisor: `tcp 8080 → 10.1.0.5:80`. */
export function forwardsOf(
  { natRules, natRules6 }: Runners,
  addresses: readonly string[],
): string[] {
  const subnets = addresses.map(parseSubnet).filter((subnet) => subnet !== undefined);
  const subnets6 = addresses.map(parseSubnet6).filter((subnet) => subnet !== undefined);
  return [
    ...new Set([
      ...natRules.flatMap((rule) => forwardsTo(rule, subnets)),
      ...natRules6.filter((rule) => forwardsTo6(rule, subnets6)).map(short),
    ]),
  ];
}

const addressesIn = (text: string): string[] => text.match(/\b\d+\.\d+\.\d+\.\d+\b/g) ?? [];

export const isIn = (address: string, subnets: readonly Subnet[]): boolean => {
  const number = parseAddress(address);
  return number !== undefined && subnets.some((subnet) => contains(subnet, number));
};

/** Ports that a rule forwards to one of these subnets: `tcp 8080 → 10.1.0.5:80`, or the rule itself. */
function forwardsTo(rule: string, subnets: readonly Subnet[]): string[] {
  const target = /(?:\bdnat (?:ip )?(?:prefix )?to|-j DNAT\b.*--to-destination) (.*)$/.exec(
    plain(rule),
  )?.[1];
  if (target === undefined) return [];
  // networking.nat with nftables writes all of them in one map.
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
  // What a named map contains is unknown, so the rule is reported.
  const leadsHere = addressesIn(target).some((one) => isIn(one, subnets));
  return leadsHere || target.includes('@') ? [short(rule)] : [];
}

/** Whether a rule forwards to one of these subnets, or to a named map, whose content is unknown. */
function forwardsTo6(rule: string, subnets: readonly Subnet6[]): boolean {
  const target = /(?:\bdnat (?:ip6 )?(?:prefix )?to|-j DNAT\b.*--to-destination) (.*)$/.exec(
    plain(rule),
  )?.[1];
  if (target === undefined) return false;
  return (
    target.includes('@') ||
    target.split(/[^\da-f:]+/).some((word) => {
      const address = parseAddress6(word);
      return address !== undefined && subnets.some((subnet) => contains6(subnet, address));
    })
  );
}

const behind = (port: string | undefined): string => (port === undefined ? '' : `:${port}`);

/** A rule on one line, without control characters, comment and counter. */
export const plain = (rule: string): string =>
  rule
    .replaceAll(/[\p{C}\p{Z}]+/gu, ' ')
    .replace(/ (?:comment|-m comment --comment) (?:"[^"]*"|\S+)/, '')
    .replace(/ counter packets \d+ bytes \d+/, '')
    .trim();

export function short(rule: string): string {
  const text = plain(rule);
  return text.length > 90 ? `${text.slice(0, 89)}…` : text;
}
