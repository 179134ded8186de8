import { setTimeout as sleep } from 'node:timers/promises';
import type { Running } from '../scenario/desk.ts';
import type { WorldHost } from '../scenario/world.ts';
import type { Progress, Watch } from './watch.ts';

/** Where a fault strikes. */
export interface Scene {
  readonly host: WorldHost;
  readonly fleet: Pick<Running, 'kill'>;
  readonly watch: Watch;
  /** `rollout.confirm` in milliseconds. */
  readonly confirmMs: number;
  /** Aborted when fleet has ended. */
  readonly ended: AbortSignal;
}

const powerOffMs = 1000;

/** What goes wrong. Resolves when it is over; to false when there was nothing left to strike. */
export const faults = {
  /** fleet itself is killed. */
  'fleet-kill': async ({ fleet }) => {
    fleet.kill('SIGKILL');
    return true;
  },
  /** The uplink goes and does not come back. */
  'link-forever': async ({ host }) => {
    await host.cutLink();
    return true;
  },
  /** The uplink goes for less than the time to confirm. */
  'link-short': async ({ host, confirmMs }) => {
    await host.cutLink();
    await sleep(confirmMs / 2);
    await host.restoreLink();
    return true;
  },
  /** The power goes for a second. */
  power: async ({ host }) => {
    await host.kill();
    await sleep(powerOffMs);
    await host.boot();
    return true;
  },
  /** The unit of the step in hand is killed, or that of the next one. */
  unit: async ({ host, watch, ended }) => {
    const unit = await watch.until(runningUnit, ended);
    if (unit !== undefined) await host.killUnit(unit);
    return unit !== undefined;
  },
  /** sshd is gone for a while, and every session with it. */
  sshd: async ({ host, confirmMs }) => {
    await host.stopSshd();
    await sleep(confirmMs / 2);
    await host.startSshd();
    return true;
  },
} satisfies Record<string, (scene: Scene) => Promise<boolean>>;

export type FaultName = keyof typeof faults;
export const faultNames = Object.keys(faults) as FaultName[];

function runningUnit({ id, lines }: Progress): string | undefined {
  const last = lines.filter(({ number }) => number !== '-').at(-1);
  return last?.when === 'begin' ? `fleet-${id}-${last.number}.service` : undefined;
}

/** Takes away what a fault left: a cable that is out. */
export async function heal(host: WorldHost): Promise<void> {
  await host.restoreLink();
}
