import type { Fleet, Hypervisor, Network, Vm } from './fleet.ts';

/** Look-ups over a fleet, made once: fleets have up to 10,000 vms. */
export interface FleetIndex {
  readonly fleet: Fleet;
  readonly hypervisors: ReadonlyMap<string, Hypervisor>;
  readonly vms: ReadonlyMap<string, Vm>;
  readonly networks: ReadonlyMap<string, Network>;
  /** Vms of a hypervisor, sorted by name. */
  vmsOn(hypervisor: string): readonly Vm[];
  /** Networks of a hypervisor, sorted by name. */
  networksOn(hypervisor: string): readonly Network[];
}

export function indexFleet(fleet: Fleet): FleetIndex {
  const vmsOn = Map.groupBy(fleet.vms, (vm) => vm.on);
  const networksOn = Map.groupBy(fleet.networks, (network) => network.hypervisor ?? '');
  return {
    fleet,
    hypervisors: new Map(fleet.hypervisors.map((h) => [h.name, h])),
    vms: new Map(fleet.vms.map((v) => [v.name, v])),
    networks: new Map(fleet.networks.map((n) => [n.name, n])),
    vmsOn: (hypervisor) => vmsOn.get(hypervisor) ?? [],
    networksOn: (hypervisor) => networksOn.get(hypervisor) ?? [],
  };
}
