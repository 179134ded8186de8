import type { Network, Published } from '../model/fleet.ts';
import { tailscaleInterface } from '../model/names.ts';

/** A published port and its guest. */
export interface Target extends Published {
  readonly family: 'ip' | 'ip6';
  readonly bridge: string;
  readonly address: string;
}

/** The input for one hypervisor's table. */
export interface Firewall {
  /** Networks with a bridge here. */
  readonly networks: readonly Network[];
  readonly targets: readonly Target[];
  readonly uplink: string | undefined;
  /** Whether the tailnet may reach all networks. */
  readonly advertised: boolean;
}

/**
 * Metadata services of clouds, which give the hypervisor's credentials to everyone who asks: link-local, which all clouds
 * have and no router forwards; Alibaba, Azure, Oracle (Classic). In IPv6 Scaleway, Akamai, Oracle, Amazon (all of its
 * services are there), Alibaba and Google.
 */
const metadata = [
  'ip daddr { 100.100.100.200, 168.63.129.16, 169.254.0.0/16, 192.0.0.192 }',
  'ip6 daddr { fd00:42::42, fd00:a9fe:a9fe::1, fd00:c1::a9fe:a9fe, fd00:ec2::/32, fd00:100::100:200, fd20:ce::254 }',
];

/**
 * Content of fleet's nftables table. Every chain accepts by policy and refuses only packets from or to fleet's bridges;
 * other tables can still refuse what it accepts. docs/decisions/networking.md
 */
export function firewallTable(firewall: Firewall): string {
  return [...sets(firewall.networks), ...chains(firewall)].join('\n');
}

function sets(networks: readonly Network[]): string[] {
  const those = (which: (network: Network) => boolean) =>
    networks.filter(which).map(({ bridge }) => name(bridge));
  return [
    set(
      'bridges',
      'ifname',
      those(() => true),
    ),
    set(
      'isolated',
      'ifname',
      those(({ isolated }) => isolated),
    ),
    set(
      'open',
      'ifname',
      those(({ isolated }) => !isolated),
    ),
    set('allowed', 'ifname . ifname', allowed(networks)),
    set(
      'restricted',
      'ifname',
      those(({ egress }) => egress !== 'all'),
    ),
    set(
      'silent',
      'ifname',
      those(({ egress }) => egress !== 'all' && egress.length === 0),
    ),
    set('egress', 'ifname . inet_proto . inet_service', egress(networks)),
    set(
      'metadata',
      'ifname',
      those((network) => network.metadata),
    ),
    set(
      'sources4',
      'ifname . ipv4_addr',
      networks.map(({ bridge, subnet }) => `${name(bridge)} . ${subnet}`),
      true,
    ),
    set(
      'sources6',
      'ifname . ipv6_addr',
      networks.flatMap(({ bridge, ipv6 }) => (ipv6 ? [`${name(bridge)} . ${ipv6.subnet}`] : [])),
      true,
    ),
  ];
}

/** Pairs of bridges between which connections are allowed, in the order of networks, so that a change is one line. */
function allowed(networks: readonly Network[]): string[] {
  const bridges = new Map(networks.map((network) => [network.name, network.bridge]));
  return networks.flatMap(({ name: own, bridge, allow }) =>
    // Including the network itself: with br_netfilter loaded, as by Docker, switched packets come through here, too.
    [...new Set([own, ...allow])].flatMap((other) => {
      const from = bridges.get(other);
      return from === undefined ? [] : [`${name(from)} . ${name(bridge)}`];
    }),
  );
}

function egress(networks: readonly Network[]): string[] {
  return networks.flatMap((network) =>
    network.egress === 'all'
      ? []
      : network.egress.map(
          ({ protocol, port }) => `${name(network.bridge)} . ${protocol} . ${port}`,
        ),
  );
}

function chains({ networks, targets, uplink, advertised }: Firewall): string[] {
  return [
    // An immediate refusal, so that guests do not wait for a timeout.
    chain('refuse', undefined, [
      'meta l4proto tcp reject with tcp reset',
      'reject with icmpx admin-prohibited',
    ]),
    // Before connection tracking, so that a forged source matches no connection of another network. DHCP uses 0.0.0.0.
    chain('sources', 'filter hook prerouting priority raw', [
      'iifname @bridges meta nfproto ipv4 ip saddr != 0.0.0.0 iifname . ip saddr != @sources4 drop',
      'iifname @bridges meta nfproto ipv6 ip6 saddr != { ::, fe80::/10 } iifname . ip6 saddr != @sources6 drop',
      // Guests must not act as routers for their hypervisor, whatever its sysctls are.
      'iifname @bridges icmpv6 type { nd-router-advert, nd-redirect } drop',
    ]),
    // Before routing and translation, so that the service cannot be reached wherever it runs.
    chain(
      'metadata',
      'filter hook prerouting priority mangle',
      metadata.map((daddr) => `iifname @bridges iifname != @metadata ${daddr} drop`),
    ),
    chain('publish', 'nat hook prerouting priority dstnat', targets.map(translate(uplink)).sort()),
    chain('input', 'filter hook input priority filter', [
      'ct state { established, related } accept',
      'meta l4proto { icmp, icmpv6 } accept',
      // DNS on the gateway. With `egress: none` there is none, because DNS can carry data out, too.
      'iifname @silent meta l4proto { tcp, udp } th dport 53 goto refuse',
      'meta l4proto { tcp, udp } th dport 53 accept',
      `iifname @isolated goto refuse`,
    ]),
    chain('forward', 'filter hook forward priority filter', [
      'ct state { established, related } accept',
      'iifname . oifname @allowed accept',
      'iifname @open oifname @open accept',
      `iifname @bridges oifname @bridges goto refuse`,
      ...targets.map(letIn(uplink)).sort(),
      ...(advertised ? [`iifname ${name(tailscaleInterface)} oifname @bridges accept`] : []),
      // `egress` never includes the tailnet, which trusts its members; a guest is not one.
      `iifname @bridges oifname ${name(tailscaleInterface)} goto refuse`,
      'oifname @isolated drop',
      ...metadata.map((daddr) => `iifname @metadata ${daddr} accept`),
      'iifname . meta l4proto . th dport @egress accept',
      `iifname @restricted goto refuse`,
    ]),
    chain('nat', 'nat hook postrouting priority srcnat', networks.flatMap(masquerade(uplink))),
  ];
}

/** Translates connections to a published port on the uplink's own addresses to the guest. */
const translate =
  (uplink: string | undefined) =>
  ({ family, protocol, port, to, address }: Target): string => {
    const match = `iifname ${name(uplink)} fib daddr type local`;
    return family === 'ip'
      ? `${match} meta nfproto ipv4 ${protocol} dport ${port} dnat ip to ${address}:${to}`
      : `${match} meta nfproto ipv6 ${protocol} dport ${port} dnat ip6 to [${address}]:${to}`;
  };

const letIn =
  (uplink: string | undefined) =>
  ({ family, bridge, address, protocol, to }: Target): string =>
    `iifname ${name(uplink)} oifname ${name(bridge)} ct status dnat ${family} daddr ${address} ${protocol} dport ${to} accept`;

const masquerade =
  (uplink: string | undefined) =>
  ({ nat, subnet, ipv6 }: Network): string[] => {
    const sources = [
      ...(nat ? [`ip saddr ${subnet}`] : []),
      ...(ipv6?.nat ? [`ip6 saddr ${ipv6.subnet}`] : []),
    ];
    return sources.map((source) => `${source} oifname ${name(uplink)} masquerade`);
  };

function set(title: string, type: string, elements: readonly string[], ranges = false): string {
  const items = [...new Set(elements)].sort().map((element) => `    ${element},\n`);
  const list = items.length > 0 ? `  elements = {\n${items.join('')}  }\n` : '';
  const flags = ranges ? '  flags interval\n' : '';
  return `set ${title} {\n  type ${type}\n${flags}${list}}\n`;
}

function chain(title: string, hook: string | undefined, rules: readonly string[]): string {
  const type = hook === undefined ? '' : `  type ${hook}; policy accept;\n`;
  return `chain ${title} {\n${type}${rules.map((rule) => `  ${rule}\n`).join('')}}\n`;
}

/** The name of an interface, quoted for nft, which has no escapes. */
export function name(link: string | undefined): string {
  if (link === undefined) throw new Error('nat or publish on a hypervisor with no uplink');
  if (!/^[\w.-]+$/.test(link)) throw new Error(`${link} is not an interface name`);
  return `"${link}"`;
}
