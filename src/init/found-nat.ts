import { forwardsOf, isIn, plain, short } from '../host/answers/nat-rules.ts';
import type { Runners } from '../host/answers/runners.ts';
import { overlaps, parseSubnet, type Subnet } from '../model/addresses.ts';
import type { FoundBridge } from './found-networks.ts';

/** How a hypervisor lets its guests out of its uplink, in IPv4 or in IPv6. */
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
  nat: FoundNat,
  nat6: FoundNat,
  runners: Runners,
  uplink: string,
  bridges: readonly FoundBridge[],
): string[] {
  const { natRules, natRules6 } = runners;
  const addresses = bridges.flatMap((bridge) => bridge.addresses);
  const subnets = addresses.map(parseSubnet).filter((subnet) => subnet !== undefined);
  const names = bridges.map(({ bridge }) => bridge);
  const forwards = forwardsOf(runners, addresses);
  const others = natRules.filter((rule) => isSourceNat(rule) && speaksOf(rule, names, subnets));
  const out6 = natRules6.filter((rule) => isSourceNat(rule) && leavesBy(rule, uplink));
  const opened = bridges.filter(({ fields }) => fields?.subnet6 !== undefined);
  return [
    ...[nat, nat6].flatMap((each) => addressRemarks(each, uplink)),
    ...(nat.out
      ? []
      : [...new Set(others.map(short))].map(
          (rule) =>
            `DECIDE: nothing lets guests out of ${uplink} by its name, so their networks have nat: false; but this rule is there: ${rule}.`,
        )),
    ...(nat.out
      ? []
      : [...new Set(out6.map(short))].map(
          (rule) =>
            `DECIDE: only IPv6 of guests went out of ${uplink}, so their networks have nat: false, and the first apply takes this away: ${rule}.`,
        )),
    ...(nat.out && !nat6.out && opened.length > 0
      ? [
          `DECIDE: with nat, IPv6 of ${opened.map(({ network }) => network).join(', ')} goes out of ${uplink}, too, which it did not.`,
        ]
      : []),
    ...forwards.map((what) => `DECIDE: ${what} was forwarded, which the first apply takes away.`),
    ...(forwards.length === 0
      ? []
      : [
          'For a vm that fleet manages, use publish; for one that it does not manage yet, networking.nat.forwardPorts under config.',
        ]),
  ];
}

function addressRemarks({ externalIP, unlike }: FoundNat, uplink: string): string[] {
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
  ];
}

const isSourceNat = (rule: string): boolean =>
  /(^|\s)masquerade(\s|$)|\ssnat (ip6? )?(prefix )?to\s|\s-j (MASQUERADE|SNAT)(\s|$)/.test(
    ` ${plain(rule)}`,
  );

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
  const one = /(?:\bsnat (?:ip6? )?to|--to-source) ([\d.]+|[\da-f:]+)(?=\s|$)/.exec(rule)?.[1];
  return one ?? 'unknown';
}

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
