import type { FleetData } from '../scenario/desk.ts';
import type { World } from '../scenario/world.ts';

/** web1 and web2 on the first hypervisor, db1 on the second: quick to deploy, enough to go wrong. */
export function smallFleet(world: World, rollout: Record<string, string | number> = {}): FleetData {
  const hypervisors = Object.fromEntries(
    world.hosts.map((host) => [
      host.name,
      {
        ssh: host.ssh,
        system: host.system,
        stateVersion: '25.11',
        uplink: 'enp1s0',
        users: { root: { sshKeys: [host.publicKey] } },
        modules: [`./hosts/${host.name}/hardware-configuration.nix`],
      },
    ]),
  );
  return {
    version: 1,
    name: 'small',
    inputs: { ...world.inputs },
    git: { transport: 'pull' },
    rollout: { ...world.rollout, ...rollout },
    hypervisors,
    networks: { front: { subnet: '10.1.0.0/24' }, back: { subnet: '10.2.0.0/24' } },
    vms: {
      web1: { on: 'hv1', network: 'front', address: '10.1.0.2' },
      web2: { on: 'hv1', network: 'front', address: '10.1.0.3', dependsOn: ['web1'] },
      db1: { on: 'hv2', network: 'back', address: '10.2.0.2' },
    },
  };
}
