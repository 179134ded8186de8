import { setTimeout as sleep } from 'node:timers/promises';
import { Desk } from '../../scenario/desk.ts';
import { emptyFleet } from '../../scenario/fleet.ts';
import type { World } from '../../scenario/world.ts';
import { judgeLife } from './check.ts';
import type { Chosen } from './choose.ts';
import type { GuestPolicy, History, Injury } from './history.ts';
import { inflict, type Patient } from './injuries.ts';
import { readLives, readRemembered, readSpool, readTruth } from './truth.ts';

const recovery = {
  restart: 'always',
  attempts: 3,
  interval: '3m',
  delay: '2s',
  maxPerHour: 60,
  unhealthy: { after: 2, every: '15s', restart: true },
};

const guests = {
  web: { network: 'front', address: '10.1.0.2' },
  db: { network: 'back', address: '10.2.0.2' },
  files: { network: 'front', address: '10.1.0.3' },
};
export const vms = Object.keys(guests) as (keyof typeof guests)[];
const addresses = Object.fromEntries(vms.map((vm) => [vm, guests[vm].address]));
const taps = Object.fromEntries(vms.map((vm) => [vm, `vm-${vm}`]));
const bridges = { 'br-front': ['10.1.0.1/24'], 'br-back': ['10.2.0.1/24'] };
export const targets = {
  vms,
  taps,
  sharing: 'files',
  bridges: Object.keys(bridges),
  attempts: recovery.attempts,
};

const policyOf = (vm: keyof typeof guests): GuestPolicy => ({
  tap: `vm-${vm}`,
  bridge: `br-${guests[vm].network}`,
  attempts: recovery.attempts,
  interval: 180,
  maxPerHour: recovery.maxPerHour,
  unhealthy: { after: 2, every: 15 },
});

/** Three guests on one hypervisor, one with a share; what was done to it, and what it says about that. */
export class LifeGround {
  readonly #world: World;
  readonly #patient: Patient;
  readonly #injuries: Injury[] = [];
  readonly #began: number;

  private constructor(world: World, patient: Patient) {
    this.#world = world;
    this.#patient = patient;
    this.#began = Date.now() / 1000;
  }

  static async open(world: World, reboot: () => Promise<void>): Promise<LifeGround> {
    const [host] = world.hosts;
    if (!host) throw new Error('a life needs a hypervisor');
    const data = emptyFleet(world);
    data.defaults.recovery = recovery;
    // How late anything is on a busy machine is not what is tried here.
    Object.assign(data.rollout, { confirm: '120s', deadline: '150s' });
    data.networks = { front: { subnet: '10.1.0.0/24' }, back: { subnet: '10.2.0.0/24' } };
    for (const vm of vms)
      data.vms[vm] = {
        on: host.name,
        ...guests[vm],
        config: { boot: { kernelParams: ['lab.shell=9'] } },
      };
    data.vms.files.shares = [{ source: '/srv/files', mount: '/files' }];
    await host.exec('mkdir -p /srv/files');
    const desk = new Desk(world, 'life', data);
    try {
      await desk.open();
      await desk.apply(0);
    } catch (error) {
      desk.close();
      throw error;
    }
    const ground = new LifeGround(world, { host, desk, addresses, reboot });
    // As it is left to itself.
    const { wrong } = await ground.settle(120_000);
    if (wrong.length > 0) throw new Error(`nothing was done yet:\n${wrong.join('\n')}`);
    return ground;
  }

  async close(): Promise<void> {
    this.#patient.desk.close();
    await this.#world.stop();
  }

  /** Does one thing, and writes down when. */
  async injure({ kind, hit, wait, onceUp }: Chosen): Promise<Injury> {
    await sleep(wait * 1000);
    if (onceUp && hit.vm) await this.#untilUp(hit.vm);
    const at = Date.now() / 1000;
    const code = await inflict[kind](this.#patient, hit);
    const injury = { kind, at, until: Date.now() / 1000, ...hit, code };
    this.#injuries.push(injury);
    return injury;
  }

  async #untilUp(vm: string): Promise<void> {
    const { host } = this.#patient;
    for (let left = 60; left > 0; left--) {
      const up = await host.exec(
        `[ "$(systemctl show --value -p SubState microvm@${vm})" = running ] && ping -n -q -c 1 -W 1 ${addresses[vm]}`,
      );
      if (up.code === 0) return;
      await sleep(1000);
    }
  }

  async history(): Promise<History> {
    const { host } = this.#patient;
    const [lives, truth] = await Promise.all([
      readLives(host),
      readTruth(
        host,
        Object.fromEntries(vms.map((vm) => [vm, { address: guests[vm].address, tap: `vm-${vm}` }])),
        Object.keys(bridges),
      ),
    ]);
    return {
      began: this.#began,
      until: Date.now() / 1000,
      guests: Object.fromEntries(vms.map((vm) => [vm, policyOf(vm)])),
      bridges,
      injuries: this.#injuries,
      ...readSpool(host),
      lives,
      remembered: readRemembered(host),
      truth,
    };
  }

  /** Looks, and does nothing, until everything that has to come has come, or until it is too late. */
  async settle(
    limitMs = 240_000,
  ): Promise<{ history: History; wrong: readonly string[]; seconds: number }> {
    const begun = Date.now();
    for (;;) {
      const history = await this.history();
      const isLate = Date.now() - begun > limitMs;
      // As if it were late: what has not come yet is wrong until it comes.
      const wrong = judgeLife(isLate ? history : { ...history, until: Number.POSITIVE_INFINITY });
      if (wrong.length === 0 || isLate)
        return { history, wrong, seconds: (Date.now() - begun) / 1000 };
      await sleep(3000);
    }
  }
}
