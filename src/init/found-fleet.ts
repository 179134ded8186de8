import { fileOf } from '../host/answers/network-files.ts';
import type { FoundVm, Runners } from '../host/answers/runners.ts';
import { quotePart } from '../model/config.ts';
import type { Facts } from '../model/facts.ts';
import { heedRouters } from '../model/heed-routers.ts';
import {
  type FirstHypervisor,
  fleetHead,
  hypervisorComment,
  hypervisorConfig,
  hypervisorEntry,
} from './first-hypervisor.ts';
import { type FoundNat, foundNat, natRemarks } from './found-nat.ts';
import { bridgeOf, type FoundBridge, foundBridges } from './found-networks.ts';
import { type Entry, vmEntry } from './found-vms.ts';
import { refusals } from './refusals.ts';
import { comment, type Fields, prefixed, yaml } from './text.ts';

/**
 * A fleet.yaml of a hypervisor that runs vms which fleet did not make. Its networks become fleet's;
 * its vms are written in comments, for each of them restarts when it becomes fleet's: the plan of
 * this text restarts none.
 */
export function foundFleet(first: FirstHypervisor, facts: Facts, runners: Runners): string {
  const nat = foundNat(runners.natRules, first.uplink);
  const nat6 = foundNat(runners.natRules6, first.uplink);
  const bridges = foundBridges(first, facts, runners, nat.out);
  const networks = bridges.filter(({ fields }) => fields !== undefined);
  const entries = runners.vms.map((vm) => vmEntry(first.name, vm, facts, runners, bridges));
  return [
    head(first),
    hypervisorText(first, runners, bridges, nat, nat6),
    networksText(networks),
    vmsText(entries, vmRefusals(first, networks, entries)),
    ...runners.others.map((name) =>
      comment(
        '',
        `DECIDE: ${name} runs here, too, and cannot be fleet’s by that name: lowercase letters, digits and hyphens. As it stands, it stays in its bridge and runs on.`,
      ),
    ),
  ].join('\n');
}

function head(first: FirstHypervisor): string {
  return `${comment(
    '',
    `Read from ${first.ssh}, where nothing was changed. Where it says DECIDE, a person has to.`,
    'As it stands no vm restarts: those that run are in comments below, and fleet leaves them alone until they are uncommented.',
  )}${fleetHead(first)}`;
}

function hypervisorText(
  first: FirstHypervisor,
  runners: Runners,
  bridges: readonly FoundBridge[],
  nat: FoundNat,
  nat6: FoundNat,
): string {
  const remarks = [
    ...bridges.filter(({ fields }) => fields === undefined).map(bridgeRemark),
    ...bridges.flatMap(servingRemarks),
    ...runners.vms
      .filter(({ name }) => runners.autostart.has(name))
      .flatMap((vm) => {
        const lost = tapsWithoutBridge(vm, runners);
        return lost.length === 0
          ? []
          : `DECIDE: ${vm.name} would come up without network, so it is not in microvm.autostart: which bridge ${lost.join(', ')} belongs in could not be read.`;
      }),
    ...natRemarks(nat, nat6, runners, first.uplink, bridges),
  ];
  const own = hypervisorConfig(first);
  const kept = keptConfig(first, runners, bridges, nat, nat6);
  const why =
    'Kept for vms that fleet does not manage yet: autostart and bridges. Remove a vm from microvm.autostart when you uncomment it; delete all that follows here once fleet manages them all.';
  return `hypervisors:
${prefixed('  ', yaml({ [first.name]: hypervisorEntry(first) }))}
${hypervisorComment(first)}${comment('    ', ...remarks)}${
  Object.keys({ ...own, ...kept }).length === 0 ? '' : '    config:\n'
}${configLines(own)}${Object.keys(kept).length === 0 ? '' : comment('      ', why)}${configLines(kept)}`;
}

/** Why a bridge is no network of fleet's, and what becomes of it. */
function bridgeRemark({ bridge, reasons, cards, addresses, isKept }: FoundBridge): string {
  const has = addresses.length > 0 ? `, with ${addresses.join(', ')}` : '';
  const lan =
    cards.length > 0
      ? ' A vm on a bridge with a card in it cannot be fleet’s, but by a module.'
      : '';
  return `DECIDE: ${bridge} cannot be a network of fleet’s: ${reasons.join('; ')}.${lan} ${
    isKept
      ? 'As it stands, it stays as it is, and the vms on it are not fleet’s.'
      : `As it stands, it goes${has}, the hypervisor and the vms are cut off from what is behind it, and apply refuses that: write it under config (systemd.network, or networking.bridges and interfaces), with its addresses, routes and ${cards.join(', ')}.`
  }`;
}

/** Fleet's own network file, which takes the place of the kept one, serves nothing. */
function servingRemarks({ bridge, fields, serving }: FoundBridge): string[] {
  if (fields === undefined || serving === undefined) return [];
  return [
    ...(serving.dhcp
      ? [
          `DECIDE: guests on ${bridge} have their addresses from the hypervisor’s DHCP server, which goes with the first vm there that becomes fleet’s: fleet gives fixed addresses. Those that stay need fixed ones before.`,
        ]
      : []),
    ...(serving.advertisements
      ? [
          `DECIDE: guests on ${bridge} have their IPv6 routes from the hypervisor’s router advertisements, which go with the first vm there that becomes fleet’s: fleet gives fixed routes. Those that stay need fixed ones before.`,
        ]
      : []),
  ];
}

const configLines = (config: Fields): string =>
  Object.keys(config).length === 0 ? '' : `${prefixed('      ', yaml(config))}\n`;

const tapsWithoutBridge = (vm: FoundVm, runners: Runners): string[] =>
  vm.nics.map(({ tap }) => tap).filter((tap) => bridgeOf(tap, runners) === undefined);

/** What the hypervisor does for its vms, as long as they are not fleet's. */
function keptConfig(
  { uplink }: FirstHypervisor,
  runners: Runners,
  bridges: readonly FoundBridge[],
  { out, externalIP }: FoundNat,
  nat6: FoundNat,
): Fields {
  const starting = [
    ...runners.vms
      .filter((vm) => runners.autostart.has(vm.name) && tapsWithoutBridge(vm, runners).length === 0)
      .map(({ name }) => name),
    // Vms by other names start as before.
    ...runners.others.filter((name) => runners.autostart.has(name)),
  ];
  const kept = bridges.filter(({ isKept }) => isKept);
  const bridgeNames = kept.map(({ bridge }) => bridge);
  // modules/hypervisor.nix has vm-*.
  const deniedToo = kept
    .flatMap(({ bridge, taps, others }) => [bridge, ...taps, ...others])
    .filter((name) => !name.startsWith('vm-'));
  const withDhcp = kept.filter(({ serving }) => serving?.dhcp);
  const hasIpv6 = kept.some(({ addresses }) => addresses.some((address) => address.includes(':')));
  return {
    ...(starting.length > 0 && { 'microvm.autostart': starting }),
    ...(kept.length > 0 && {
      'systemd.network': {
        netdevs: Object.fromEntries(
          bridgeNames.map((Name) => {
            const { mac, sections = '' } = runners.netdevs.get(Name) ?? {};
            return [
              quotePart(`90-found-${Name}`),
              {
                netdevConfig: { Kind: 'bridge', Name, ...(mac && { MACAddress: mac }) },
                ...(sections !== '' && { extraConfig: sections }),
              },
            ];
          }),
        ),
        networks: Object.assign({}, ...kept.map((bridge) => keptNetworks(bridge, runners))),
      },
    }),
    ...(deniedToo.length > 0 && {
      'networking.dhcpcd.denyInterfaces': deniedToo,
      'networking.networkmanager.unmanaged': deniedToo.map((name) => `interface-name:${name}`),
    }),
    ...(withDhcp.length > 0 && {
      'networking.firewall.interfaces': Object.fromEntries(
        withDhcp.map(({ bridge }) => [quotePart(bridge), { allowedUDPPorts: [67] }]),
      ),
    }),
    ...(hasIpv6 &&
      runners.forward6 && {
        'boot.kernel.sysctl."net.ipv6.conf.all.forwarding"': true,
        // Or the kernel forgets the default routes that it has from advertisements.
        'environment.etc."sysctl.d/50-found.conf".text': heedRouters(
          kept.filter(({ cards }) => cards.length === 0).map(({ bridge }) => bridge),
        ),
      }),
    ...(kept.some(({ cards }) => cards.length === 0) &&
      out && {
        'networking.nat': {
          enable: true,
          externalInterface: uplink,
          ...(externalIP !== undefined && { externalIP }),
          ...(nat6.out && {
            enableIPv6: true,
            ...(nat6.externalIP !== undefined && { externalIPv6: nat6.externalIP }),
          }),
          internalInterfaces: kept
            .filter(({ cards }) => cards.length === 0)
            .map(({ bridge }) => bridge),
        },
      }),
  };
}

/** In networkd's order after fleet's own, 10 and 20: those win wherever fleet has a vm on the bridge. */
function keptNetworks(found: FoundBridge, runners: Runners): Fields {
  const { bridge, addresses, taps, others, cards, serving } = found;
  const linkConfig = { RequiredForOnline: false };
  const inside = {
    [quotePart(`90-found-${bridge}-vms`)]: {
      matchConfig: { Name: [...taps, ...others.filter((one) => !cards.includes(one))].join(' ') },
      linkConfig,
      networkConfig: { Bridge: bridge },
    },
  };
  if (cards.length > 0) {
    // The hypervisor's own way out: routes, name servers and all, as networkd has them. No network of fleet's is
    // this, and files that systemd brings itself (80-container-host0) come later.
    const whole = (link: string) => ({
      matchConfig: { Name: link },
      extraConfig: fileOf(link, runners.networkd)?.sections ?? '',
    });
    return Object.fromEntries([
      ...[bridge, ...cards].map((link) => [quotePart(`10-found-${link}`), whole(link)]),
      ...Object.entries(inside),
    ]);
  }
  return {
    [quotePart(`90-found-${bridge}`)]: {
      matchConfig: { Name: bridge },
      address: addresses,
      linkConfig,
      networkConfig: {
        ConfigureWithoutCarrier: true,
        IPv6AcceptRA: false,
        ...(serving?.dhcp && { DHCPServer: true }),
        ...(serving?.advertisements && { IPv6SendRA: true }),
      },
      ...(serving && serving.sections !== '' && { extraConfig: serving.sections }),
    },
    ...inside,
  };
}

function networksText(networks: readonly FoundBridge[]): string {
  if (networks.length === 0) return '# networks:\n#   apps: { subnet: 10.1.0.0/24 }\n';
  const entries = Object.fromEntries(networks.map(({ network, fields }) => [network, fields]));
  const lost = networks
    .filter((bridge) => bridge.lost.length > 0)
    .map(
      (bridge) =>
        `DECIDE: ${bridge.bridge} has ${bridge.lost.join(', ')}, too, which ${bridge.network} will not have: a network has one subnet and one subnet6, and the hypervisor the first address of each.`,
    );
  return `networks:
${comment('  ', 'DECIDE: as they were, they are open to each other and to 169.254.169.254. Without these two fields they are closed.', ...lost)}${prefixed('  ', yaml(entries))}
`;
}

/** Vm → what `fleet validate` would say of it, were it uncommented. */
function vmRefusals(
  first: FirstHypervisor,
  networks: readonly FoundBridge[],
  entries: readonly Entry[],
): ReadonlyMap<string, readonly string[]> {
  const found = refusals(first, 'vms', {
    networks: Object.fromEntries(networks.map(({ network, fields }) => [network, fields])),
    vms: Object.fromEntries(entries.map(({ name, fields }) => [name, fields])),
  });
  const why = new Map<string, string[]>();
  for (const { path, message } of found) {
    const name = path.split('.')[1] ?? '';
    why.set(name, [...(why.get(name) ?? []), message]);
  }
  return why;
}

function vmsText(
  entries: readonly Entry[],
  refused: ReadonlyMap<string, readonly string[]>,
): string {
  if (entries.length === 0) return '# vms:\n#   web1: { on: HYPERVISOR, network: apps }\n';
  const texts = entries.map(({ name, fields, remarks }) => {
    const all = [...remarks, ...(refused.get(name) ?? []).map((why) => `DECIDE: ${why}.`)];
    return `${comment('  ', ...all)}${prefixed('  ', yaml({ [name]: fields }))}`;
  });
  return `${comment('', 'Each of these restarts once when it is uncommented, taken out of microvm.autostart, and applied. Its MAC address and the name of its TAP change then: update whatever refers to them, such as DHCP reservations and firewall rules.')}${prefixed('# ', `vms:\n${texts.join('\n\n')}`)}
`;
}
