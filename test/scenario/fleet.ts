import type { FleetData } from './desk.ts';
import type { World } from './world.ts';

/** A fleet of the world's hypervisors, without networks and vms yet. */
export function emptyFleet(world: World): FleetData {
  const hypervisors = Object.fromEntries(
    world.hosts.map((host) => [
      host.name,
      {
        ssh: host.ssh,
        system: host.system,
        stateVersion: '25.11',
        uplink: 'host0',
        // The lab's hypervisors are on one machine, and its guests are small whatever they are given.
        capacity: { overcommit: { vcpu: 16, memory: 8 } },
        users: { root: { sshKeys: [host.publicKey] } },
        modules: [`./hosts/${host.name}/hardware-configuration.nix`],
      },
    ]),
  );
  return {
    version: 1,
    name: 'scenario',
    inputs: { ...world.inputs },
    git: { transport: 'pull' },
    rollout: { ...world.rollout },
    defaults: { packages: ['vim'] },
    hypervisors,
    networks: {},
    vms: {},
  };
}

/** Five vms on two networks of the first hypervisor; the second has none yet. */
export function fiveVms(world: World): FleetData {
  const on = world.hosts[0]?.name;
  return {
    ...emptyFleet(world),
    networks: { front: { subnet: '10.1.0.0/24' }, back: { subnet: '10.2.0.0/24' } },
    vms: {
      vm1: { on, network: 'front', address: '10.1.0.2' },
      vm2: { on, network: 'front', address: '10.1.0.3' },
      vm3: { on, network: 'front', address: '10.1.0.4' },
      vm4: { on, network: 'back', address: '10.2.0.2' },
      vm5: { on, network: 'back', address: '10.2.0.3', dependsOn: ['vm4'] },
    },
  };
}

export const addresses: Readonly<Record<string, string>> = {
  vm1: '10.1.0.2',
  vm2: '10.1.0.3',
  vm3: '10.1.0.4',
  vm4: '10.2.0.2',
  vm5: '10.2.0.3',
};
