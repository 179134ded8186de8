import { parse } from 'yaml';
import type { Desk, FleetData } from '../scenario/desk.ts';
import type { WorldHost } from '../scenario/world.ts';
import type { Facets } from './examine.ts';
import { addressesOn } from './subject.ts';

/**
 * What has to be so on every hypervisor once a commit is deployed, found without fleet: fleet.yaml of
 * that commit, and store paths as `nix eval` gives them on a hypervisor.
 * @param addresses that guests are asked at, by hypervisor
 */
export async function expectedOf(
  desk: Desk,
  commit: string,
  addresses: ReadonlyMap<string, readonly string[]>,
): Promise<{ data: FleetData; hosts: Map<string, Facets> }> {
  const data: FleetData = parse(await desk.git('show', `${commit}:fleet.yaml`));
  const paths = await storePaths(desk.world.hosts[0] as WorldHost, desk.remote, commit, data);
  const hosts = Object.keys(data.hypervisors).map(
    (host) => [host, facetsOf(data, host, paths, addresses.get(host) ?? [])] as const,
  );
  return { data, hosts: new Map(hosts) };
}

async function storePaths(
  host: WorldHost,
  remote: string,
  commit: string,
  data: FleetData,
): Promise<ReadonlyMap<string, string>> {
  const attributes = [
    ...Object.keys(data.hypervisors).map((n) => [n, 'system.build.toplevel']),
    ...Object.keys(data.vms).map((n) => [n, 'microvm.declaredRunner']),
  ];
  const { stdout, stderr } = await host.exec(`
    checkout=$FLEET_ROOT/root/oracle
    [ -d "$checkout" ] || git clone -q ${remote} "$checkout"
    cd "$checkout" && git fetch -q origin && git checkout -q --force ${commit}
    path() { printf '%s\\t%s\\n' "$1" "$(nix eval --raw "git+file://$checkout#nixosConfigurations.$1.config.$2")"; }
    ${attributes.map(([name, attribute]) => `path ${name} ${attribute}`).join('\n')}`);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => line.split('\t') as [string, string]);
  const paths = new Map(
    lines.map(([name, path]) => [name, path.slice(path.indexOf('/nix/store/'))]),
  );
  if (paths.size !== attributes.length) throw new Error(`${commit} does not evaluate: ${stderr}`);
  return paths;
}

function facetsOf(
  data: FleetData,
  host: string,
  paths: ReadonlyMap<string, string>,
  addresses: readonly string[],
): Facets {
  const path = (name: string) => paths.get(name) ?? '';
  const is = new Map(['system', 'profile', 'boot default'].map((name) => [name, path(host)]));
  const vms = Object.entries<FleetData>(data.vms).filter(([, vm]) => vm.on === host);
  const answering = new Set<string>();
  for (const [name, vm] of vms) {
    const network = data.networks[vm.network];
    const bridge = network.bridge ?? `br-${vm.network}`;
    is.set(bridge, `up ${network.subnet.replace('.0/', '.1/')}`);
    is.set(`${name} current`, path(name));
    is.set(`${name} runs`, vm.state === 'stopped' ? 'inactive' : 'active');
    if (vm.state === 'stopped') continue;
    is.set(`${name} booted`, path(name));
    is.set(`vm-${name}`, `up in ${bridge}`);
    answering.add(vm.address);
  }
  for (const address of addresses)
    is.set(`${address} answers`, answering.has(address) ? 'yes' : 'no');
  return is;
}

/** Addresses of all vms that any of these fleets has, by hypervisor. */
export function addressesOf(fleets: readonly FleetData[]): Map<string, string[]> {
  const hosts = new Set(fleets.flatMap((data) => Object.keys(data.hypervisors)));
  return new Map(
    [...hosts].map((host) => [
      host,
      [...new Set(fleets.flatMap((data) => addressesOn(data, host)))],
    ]),
  );
}
