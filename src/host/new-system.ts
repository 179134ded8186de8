import { expandConfig } from '../model/config.ts';
import type { Data } from '../model/fleet.ts';
import { gatewaysOf } from '../model/gateways.ts';
import type { FleetIndex } from '../model/index.ts';
import { madeDevices, type NetworkFile, networkFiles } from './answers/network-files.ts';

/** Network, users and guests of a system that does not run yet. */
export interface NewSystem {
  /** Bridges, bonds and VLANs that it creates. */
  readonly makes: ReadonlySet<string>;
  /** networkd's files, in the order in which networkd reads them. */
  readonly files: readonly NetworkFile[];
  /** `networking.interfaces`, by name. */
  readonly interfaces: ReadonlyMap<string, ScriptedInterface>;
  /** Port → bridge, by `networking.bridges`. */
  readonly masters: ReadonlyMap<string, string>;
  /** Whether cards that are not mentioned use DHCP or NetworkManager. */
  readonly dhcp: boolean;
  readonly users: ReadonlySet<string>;
  readonly firewall: boolean;
  /** Open ports, `tcp 80`, on any interface. */
  readonly open: ReadonlySet<string>;
  readonly ranges: readonly PortRange[];
  /** Ports forwarded to guests, `tcp 80`. */
  readonly forwards: ReadonlySet<string>;
  /** Vms in microvm.autostart. */
  readonly autostart: ReadonlySet<string>;
}

export interface ScriptedInterface {
  readonly addresses: readonly string[];
  readonly dhcp: boolean;
}

export interface PortRange {
  readonly protocol: string;
  readonly from: number;
  readonly to: number;
}

/** The part of access.sh's JSON that is about the network. */
export interface SaidNetwork {
  readonly makes: readonly string[];
  readonly bridges: Readonly<Record<string, readonly string[]>>;
  readonly interfaces: Readonly<Record<string, ScriptedInterface>>;
  readonly dhcp: boolean;
  readonly firewall: boolean;
  readonly open: readonly string[];
  readonly ranges: readonly PortRange[];
  readonly forwards: readonly string[];
  readonly autostart: readonly string[];
}

/** From the evaluation of the system, and the networkd files of its build (file, line). */
export function builtSystem(
  said: SaidNetwork,
  users: Iterable<string>,
  networkd: readonly string[][],
): NewSystem {
  const of = (end: string) => networkd.filter(([file = '']) => file.endsWith(end));
  return {
    makes: new Set([...said.makes, ...madeDevices(of('.netdev'))]),
    files: networkFiles(of('.network')),
    interfaces: new Map(Object.entries(said.interfaces)),
    masters: mastersOf(said.bridges),
    dhcp: said.dhcp,
    users: new Set(users),
    firewall: said.firewall,
    open: new Set(said.open),
    ranges: said.ranges,
    forwards: new Set(said.forwards),
    autostart: new Set(said.autostart),
  };
}

const mastersOf = (bridges: Readonly<Record<string, readonly string[]>>): Map<string, string> =>
  new Map(Object.entries(bridges).flatMap(([name, ports]) => ports.map((port) => [port, name])));

/** From fleet.yaml alone: what the hypervisor's modules add is unknown. */
export function declaredSystem(index: FleetIndex, hypervisor: string): NewSystem {
  const { config = {}, users = [] } = index.hypervisors.get(hypervisor) ?? {};
  const tree = expandConfig(config);
  const networks = index.networksOn(hypervisor);
  const networking = at(tree, 'networking');
  const networkd = at(tree, 'systemd', 'network');
  const firewall = at(networking, 'firewall');
  const ofInterfaces = Object.values(fields(at(firewall, 'interfaces')));
  const ports = (protocol: string) =>
    [firewall, ...ofInterfaces].flatMap((where) =>
      list(at(where, `allowed${protocol}Ports`)).map((p) => `${protocol.toLowerCase()} ${p}`),
    );
  const bridges = Object.entries(fields(at(networking, 'bridges'))).map(
    ([name, bridge]) => [name, list(at(bridge, 'interfaces')).map(String)] as const,
  );
  return {
    makes: new Set([
      ...networks.map(({ bridge }) => bridge),
      ...Object.values(fields(at(networkd, 'netdevs'))).map((n) =>
        String(at(n, 'netdevConfig', 'Name')),
      ),
      ...['bridges', 'bonds', 'vlans'].flatMap((kind) => Object.keys(fields(at(networking, kind)))),
    ]),
    files: [
      ...networks.map((network) =>
        file({ names: [network.bridge], addresses: gatewaysOf(network) }),
      ),
      ...Object.entries(fields(at(networkd, 'networks')))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, network]) => declaredFile(network)),
    ],
    interfaces: new Map(
      Object.entries(fields(at(networking, 'interfaces'))).map(([name, one]) => [
        name,
        {
          addresses: ['ipv4', 'ipv6'].flatMap((family) =>
            list(at(one, family, 'addresses')).map(
              (each) => `${String(at(each, 'address'))}/${String(at(each, 'prefixLength'))}`,
            ),
          ),
          dhcp: at(one, 'useDHCP') === true,
        },
      ]),
    ),
    masters: mastersOf(Object.fromEntries(bridges)),
    dhcp:
      at(networking, 'useDHCP') !== false || at(networking, 'networkmanager', 'enable') === true,
    users: new Set([
      'root',
      ...users.map(({ name }) => name),
      ...Object.keys(fields(at(tree, 'users', 'users'))),
    ]),
    firewall: at(firewall, 'enable') !== false,
    open: new Set([
      ...ports('TCP'),
      ...ports('UDP'),
      ...[22, ...list(at(tree, 'services', 'openssh', 'ports'))].map((port) => `tcp ${port}`),
    ]),
    ranges: ['TCP', 'UDP'].flatMap((protocol) =>
      list(at(firewall, `allowed${protocol}PortRanges`)).map((range) => ({
        protocol: protocol.toLowerCase(),
        from: Number(at(range, 'from')),
        to: Number(at(range, 'to')),
      })),
    ),
    forwards: new Set([
      ...index
        .vmsOn(hypervisor)
        .flatMap((vm) => vm.publish.map(({ protocol, port }) => `${protocol} ${port}`)),
      ...list(at(networking, 'nat', 'forwardPorts')).map(
        (one) => `${String(at(one, 'proto') ?? 'tcp')} ${String(at(one, 'sourcePort'))}`,
      ),
    ]),
    autostart: new Set([
      ...list(at(tree, 'microvm', 'autostart')).map(String),
      ...index.vmsOn(hypervisor).map(({ name }) => name),
    ]),
  };
}

const file = (
  given: Partial<NetworkFile> & Pick<NetworkFile, 'names' | 'addresses'>,
): NetworkFile => ({
  bridge: undefined,
  sections: '',
  dhcp: false,
  serving: { dhcp: false, advertisements: false, sections: '' },
  ...given,
});

/** One of `systemd.network.networks`, including its extraConfig, which is text for networkd. */
function declaredFile(network: Data | undefined): NetworkFile {
  const lines = String(at(network, 'extraConfig') ?? '').split('\n');
  const [more] = networkFiles(lines.map((line) => ['', line]));
  const config = at(network, 'networkConfig');
  const words = (value: Data | undefined) =>
    [value ?? []].flat().flatMap((one) => String(one).split(/\s+/));
  return file({
    names: [...words(at(network, 'matchConfig', 'Name')), ...(more?.names ?? [])],
    bridge: more?.bridge ?? words(at(config, 'Bridge') ?? at(network, 'bridge')).at(-1),
    addresses: [
      ...(more?.addresses ?? []),
      ...list(at(network, 'address')).map(String),
      ...words(at(config, 'Address')),
      ...list(at(network, 'addresses')).map((one) =>
        String(at(one, 'Address') ?? at(one, 'addressConfig', 'Address')),
      ),
    ],
    dhcp:
      more?.dhcp === true ||
      /^(yes|true|ipv4|ipv6)$/.test(String(at(config, 'DHCP') ?? at(network, 'DHCP'))),
  });
}

function fields(value: Data | undefined): Readonly<Record<string, Data>> {
  const isTree = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isTree ? (value as Record<string, Data>) : {};
}

const list = (value: Data | undefined): readonly Data[] => (Array.isArray(value) ? value : []);

/** The value at a path, if any. */
function at(value: Data | undefined, ...path: readonly string[]): Data | undefined {
  let here = value;
  for (const part of path) {
    const tree = fields(here);
    here = Object.hasOwn(tree, part) ? tree[part] : undefined;
  }
  return here;
}
