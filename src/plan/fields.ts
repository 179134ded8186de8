import { expandConfig } from '../model/config.ts';
import type { Check, Export, Hypervisor, Network, Port, Published, Vm } from '../model/fleet.ts';
import type { FleetIndex } from '../model/index.ts';

/** Plain data, as fleet.yaml might hold it. */
export type Fields = Readonly<Record<string, unknown>>;

// With the names and spelling of fleet.yaml. Fields that are not handled here are taken as they are.

export function vmFields(vm: Vm, index: FleetIndex): Fields {
  const { name: _, on: __, memoryMiB, nics, config, checks, exports, ...rest } = vm;
  return {
    ...rest,
    memory: size(memoryMiB),
    networks: keyed(nics, 'network', ({ mac: _mac, tap: _tap, ...nic }) => {
      const network = index.networks.get(nic.network);
      const { bridge, subnet, ipv6 } = network ?? {};
      return { ...nic, bridge, subnet, subnet6: ipv6?.subnet };
    }),
    volumes: keyed(vm.volumes, 'mount', ({ sizeMiB, ...volume }) => ({
      ...volume,
      size: size(sizeMiB),
    })),
    shares: keyed(vm.shares, 'mount', ({ tag: _tag, ...share }) => share),
    credentials: Object.fromEntries(vm.credentials.map(({ name, path }) => [name, path])),
    users: keyed(vm.users, 'name'),
    publish: vm.publish.map(publishedText),
    checks: checks.map(checkText),
    exports: exports.map(exportText),
    config: expandConfig(config),
  };
}

export function hypervisorFields({ name: _, config, users, ...rest }: Hypervisor): Fields {
  return { ...rest, users: keyed(users, 'name'), config: expandConfig(config) };
}

export function networkFields({
  hypervisor: _,
  prefix: __,
  gateway: ___,
  ipv6,
  ...rest
}: Network): Fields {
  const egress = rest.egress === 'all' ? ['all'] : rest.egress.map(portText);
  return { ...rest, egress, subnet6: ipv6?.subnet };
}

export function keyed<Key extends string, T extends { readonly [key in Key]: string }>(
  list: readonly T[],
  key: Key,
  fields: (item: T) => object = (item) => item,
): Fields {
  return Object.fromEntries(
    list.map((item) => [item[key], { ...fields(item), [key]: undefined }] as const),
  );
}

const size = (mib: number): string => (mib % 1024 === 0 ? `${mib / 1024}GiB` : `${mib}MiB`);
const exportText = ({ file, to }: Export): string => `${file} to ${to}`;
const portText = ({ protocol, port }: Port): string => `${protocol}/${port}`;
const publishedText = ({ port, to, protocol }: Published): string => `${port}:${to}/${protocol}`;

function checkText(check: Check): string {
  const within = check.withinMs === undefined ? '' : ` within ${check.withinMs / 1000}s`;
  if (check.kind === 'tcp') return `tcp ${check.port}${within}`;
  if (check.kind === 'run') return `run ${check.command}${within}`;
  return `http ${check.port}${check.path} ${check.status}${within}`;
}
