import type { Facts } from '../model/facts.ts';
import type { Hypervisor, Network } from '../model/fleet.ts';
import type { Fault, PlanCheck } from './checks.ts';

/**
 * Checks whether packets of guests get through a hypervisor, as far as that shows without asking a guest: forwarding in
 * the kernel, fleet's firewall and those of others, the name server. What facts do not tell is not checked.
 * @param networks those that are deployed there
 */
export function checkPlumbing(
  hypervisor: Hypervisor,
  networks: readonly Network[],
  facts: Facts,
): PlanCheck[] {
  if (networks.length === 0) return [];
  return [
    checkForwarding(hypervisor, networks, facts),
    ...checkTable(hypervisor.name, facts),
    ...networks.flatMap((network) => checkDrops(hypervisor.name, network, facts)),
    ...checkDns(hypervisor, facts),
  ];
}

/** Checks that fleet's state, which has to survive a power cut, is on a disk. */
export function checkState(target: string, { stateMount }: Facts): PlanCheck[] {
  if (!stateMount) return [];
  const { folder, type, othersKept } = stateMount;
  const isLost = type === 'tmpfs' || type === 'ramfs' || (folder === '/' && othersKept);
  const seen = `on ${folder} (${type})${folder === '/' && othersKept ? ', which is not kept' : ''}`;
  return [
    result(target, '/var/lib/fleet', 'kept across reboots', isLost ? seen : undefined, {
      code: 'not-kept',
      says: `/var/lib/fleet is ${seen}: a reboot loses fleet's records and the roll-back after a power cut; persist it as you do /var/lib/microvms (environment.persistence, or a file system of its own)`,
    }),
  ];
}

/** IPv4 forwarding is set for each interface that packets come in on; for IPv6 there is one switch for all. */
function checkForwarding(
  { name, uplink }: Hypervisor,
  networks: readonly Network[],
  { plumbing }: Facts,
): PlanCheck {
  const ways = [...networks.map(({ bridge }) => bridge), ...(uplink ? [uplink] : [])];
  const here = ways.filter((way) => plumbing.closed4.has(way));
  const closed = here.length > 0 && plumbing.closed4.has('all') ? ['all'] : here;
  const closed6 = plumbing.forwards6 === false && networks.some(({ ipv6 }) => ipv6);
  const off = [
    ...(closed.length > 0
      ? [`no IPv4 from ${closed[0] === 'all' ? 'anywhere' : closed.join(', ')}`]
      : []),
    ...(closed6 ? ['no IPv6'] : []),
  ].join(' and ');
  return result(name, 'forwarding', 'on', off, {
    code: 'forwarding',
    says: `the kernel forwards ${off}`,
    repairs: [
      ...closed.map((way) => ['forward4', way] as const),
      ...(closed6 ? [['forward6', 'all'] as const] : []),
    ],
  });
}

function checkTable(target: string, { plumbing: { table } }: Facts): PlanCheck[] {
  if (table === undefined) return [];
  const seen = table === 'as deployed' ? undefined : table;
  const says =
    table === 'missing'
      ? 'the nftables table inet fleet is missing: no isolation, no NAT, no published ports'
      : 'the nftables table inet fleet is not as it was deployed';
  const repairs = [['unit', 'nftables.service']] as const;
  return [result(target, 'firewall', 'as deployed', seen, { code: 'firewall', says, repairs })];
}

/** What one table accepts, another may still drop, as Docker's policy does with traffic that it does not know. */
function checkDrops(name: string, network: Network, { plumbing }: Facts): PlanCheck[] {
  const chains = plumbing.drops
    .filter(({ names }) => !names.some((name) => isOf(name, network)))
    .map(({ chain }) => chain);
  const { bridge } = network;
  const remedy = chains.some((chain) => chain.endsWith(' filter FORWARD'))
    ? `if it is Docker's: iptables -I DOCKER-USER -i ${bridge} -j ACCEPT and the same with -o, at each start of Docker; or set its "ip-forward-no-drop"`
    : `let it accept iifname and oifname ${bridge}${byHand(name, bridge, chains)}`;
  return [
    result(name, `forward ${bridge}`, 'dropped by nobody else', chains.join(', '), {
      code: 'forward-drop',
      says: `${chains.join(', ')} drops traffic to and from guests on ${bridge}, even what fleet's table accepts: ${remedy}`,
    }),
  ];
}

/** The command that does so until the owner of the chains loads them anew; none for chains with names that a shell would read. */
function byHand(hypervisor: string, bridge: string, chains: readonly string[]): string {
  if (!chains.every((chain) => /^[a-z0-9]+ [\w.-]+ [\w.-]+$/.test(chain))) return '';
  const rules = chains.flatMap((chain) =>
    ['iifname', 'oifname'].map((way) => `nft insert rule ${chain} ${way} ${bridge} accept`),
  );
  return ` (fleet ssh ${hypervisor} -- '${rules.join(' && ')}')`;
}

/** Whether a name in somebody's rules refers to this network: its bridge, a pattern that matches it, or its subnet. */
function isOf(name: string, { bridge, subnet, ipv6 }: Network): boolean {
  if (name.endsWith('*')) return bridge.startsWith(name.slice(0, -1));
  return name === bridge || name === subnet || name === ipv6?.subnet;
}

function checkDns({ name, nameservers }: Hypervisor, { plumbing }: Facts): PlanCheck[] {
  const { dnsmasq } = plumbing;
  if (nameservers.length === 0 || dnsmasq === undefined) return [];
  const seen = dnsmasq === 'active' ? undefined : dnsmasq;
  return [
    result(name, 'dnsmasq', 'active', seen, {
      code: 'dns',
      says: `dnsmasq.service is ${dnsmasq}: guests cannot resolve names`,
      repairs: [['unit', 'dnsmasq.service']],
    }),
  ];
}

/** @param wrong what was seen instead of what was expected; empty if the check passed */
function result(
  target: string,
  check: string,
  expected: string,
  wrong: string | undefined,
  fault: Fault,
): PlanCheck {
  if (!wrong) return { target, check, ok: true, expected, seen: expected };
  return { target, check, ok: false, expected, seen: wrong, fault };
}
