import type { Desk, FleetData } from '../scenario/desk.ts';
import { emptyFleet } from '../scenario/fleet.ts';
import type { World } from '../scenario/world.ts';

/** The two generations that a deployment goes between, in either direction. */
export type Side = 'a' | 'b';
export const otherSide = (side: Side): Side => (side === 'a' ? 'b' : 'a');

const volume = { mount: '/data', size: '16MiB' };
export const image = 'data.img';

/** Two networks and two vms on each hypervisor. */
export function subject(world: World): FleetData {
  const data = emptyFleet(world);
  // Several worlds run side by side: a fleet that is only slow must not look like one that is dead.
  if (world.kind === 'sandbox') Object.assign(data.rollout, { confirm: '6s', deadline: '8s' });
  for (const [n, host] of world.hosts.entries()) {
    const [front, back] = [2 * n + 1, 2 * n + 2];
    data.networks[`net${front}`] = { subnet: `10.${front}.0.0/24` };
    data.networks[`net${back}`] = { subnet: `10.${back}.0.0/24` };
    for (const number of [front, back]) {
      const address = `10.${number}.0.2`;
      data.vms[`vm${number}`] = {
        on: host.name,
        network: `net${number}`,
        address,
        volumes: [volume],
      };
    }
  }
  return data;
}

/**
 * b differs from a in every vm's runner and in the name of one bridge of each hypervisor: a
 * deployment stops, switches, takes a bridge away, updates, verifies and confirms.
 */
export function setSide(data: FleetData, side: Side): void {
  data.defaults.packages = side === 'a' ? ['vim'] : ['vim', 'htop'];
  for (const [name, network] of Object.entries<FleetData>(data.networks)) {
    if (Number(name.slice(3)) % 2 === 1) continue;
    if (side === 'a') delete network.bridge;
    else network.bridge = `br-rear${name.slice(3)}`;
  }
}

/** Addresses of the vms on one hypervisor. */
export function addressesOn(data: FleetData, host: string): string[] {
  const all = Object.values<FleetData>(data.vms);
  return all.filter((vm) => vm.on === host).map((vm) => vm.address);
}

/**
 * Random bytes: in the sandbox at the end of a vm's volume, where no guest writes. A guest of the lab has a
 * file system there and mounts it, so they are in an image beside it.
 */
export async function fillVolumes(desk: Desk, vms: readonly string[]): Promise<void> {
  for (const vm of vms) {
    const host = desk.world.hosts.find((h) => h.name === desk.data.vms[vm]?.on);
    const name = desk.world.kind === 'lab' ? 'precious.img' : image;
    const file = `"$FLEET_ROOT/var/lib/microvms/${vm}/${name}"`;
    const run = await host?.exec(
      `dd if=/dev/urandom of=${file} bs=1048576 seek=15 count=1 conv=notrunc`,
    );
    if (run?.code !== 0) throw new Error(`the volume of ${vm} cannot be filled: ${run?.stderr}`);
  }
}
