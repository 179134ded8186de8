import type { SandboxWorld } from '../sandbox/world.ts';
import type { Desk, FleetData, Run } from '../scenario/desk.ts';
import { Look } from '../scenario/look.ts';
import type { World, WorldHost } from '../scenario/world.ts';

/** Where faults are made: a fleet that runs, and the desk of whoever is on call. */
export class Night {
  readonly desk: Desk;
  readonly world: World;
  readonly #env: Record<string, string>;

  /** @param env of the desk: what a fault changes in it, its end takes back */
  constructor(world: World, desk: Desk, env: Record<string, string>) {
    this.world = world;
    this.desk = desk;
    this.#env = env;
  }

  /** What only pretend hypervisors can be made to do. */
  get sandbox(): SandboxWorld {
    if (this.world.kind !== 'sandbox') throw new Error('this fault is not for the lab');
    return this.world as SandboxWorld;
  }

  get isLab(): boolean {
    return this.world.kind === 'lab';
  }

  host(name: string): WorldHost {
    return this.world.hosts.find((host) => host.name === name) as WorldHost;
  }

  look(name = 'hv1'): Look {
    return new Look(this.host(name));
  }

  /** As root on hv1, not through fleet. @throws Error when it fails */
  sh(command: string): Promise<string> {
    return this.look().sh(command);
  }

  /** Another ssh_config for the desk. @returns what takes it back */
  sshConfig(text: string): () => void {
    const before = this.#env.FLEET_SSH_CONFIG as string;
    this.desk.write('../ssh_config', text);
    this.#env.FLEET_SSH_CONFIG = `${this.desk.folder}/../ssh_config`;
    return () => {
      this.#env.FLEET_SSH_CONFIG = before;
    };
  }

  /** Waits until it runs and answers. */
  async isWell(vm: string, address: string, on = 'hv1'): Promise<void> {
    const look = this.look(on);
    await this.until(async () => (await look.isActive(vm)) && (await look.answers(address)));
  }

  /** Waits until a guest runs for longer than it may take to become ready: until then it counts as starting. */
  async isOld(vm: string): Promise<void> {
    const seconds = Number.parseInt(this.desk.data.rollout.deadline, 10) + 1;
    const since = `systemctl show -p ActiveEnterTimestampMonotonic --value microvm@${vm}.service`;
    await this.until(async () => {
      const [start, up] = (await this.sh(`${since}; cut -d . -f 1 /proc/uptime`)).split('\n');
      return Number(start) > 0 && Number(up) - Number(start) / 1e6 > seconds;
    });
  }

  async until(isSo: () => Promise<boolean>, seconds = 120): Promise<void> {
    const end = Date.now() + seconds * 1000;
    while (!(await isSo())) {
      if (Date.now() > end) throw new Error(`not so after ${seconds} s: ${isSo}`);
      await new Promise((done) => setTimeout(done, 100));
    }
  }
}

/** Two guests on the first hypervisor; where there is a second, one on it. */
export function nightFleet(fleet: FleetData): FleetData {
  const hasTwo = Object.keys(fleet.hypervisors).length > 1;
  return {
    ...fleet,
    networks: {
      front: { subnet: '10.1.0.0/24' },
      ...(hasTwo && { back: { subnet: '10.2.0.0/24' } }),
    },
    vms: {
      web1: { on: 'hv1', network: 'front', address: '10.1.0.2' },
      web2: { on: 'hv1', network: 'front', address: '10.1.0.3' },
      ...(hasTwo && { db1: { on: 'hv2', network: 'back', address: '10.2.0.2' } }),
    },
  };
}

/** What a person sees of it, whatever the lines are broken at. */
export const flat = ({ stdout, stderr }: Pick<Run, 'stdout' | 'stderr'>): string =>
  `${stdout}\n${stderr}`.replace(/\s+/g, ' ');
