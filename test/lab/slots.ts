import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { removeCgroups } from './cgroup.ts';
import { run } from './run.ts';

/**
 * A place for one host: its number makes every name and address, so that several labs can run on one
 * machine. The host's end of the cable is 10.250.N.2, this machine's 10.250.N.1.
 */
export interface Slot {
  readonly number: number;
  /** Everything the host keeps: writable layer, console, device nodes. */
  readonly dir: string;
  /** Name of the nspawn machine, of its cable on this side and of its cgroup. */
  readonly machine: string;
  readonly address: string;
  readonly outerAddress: string;
}

/** recipe.sh prepares as many. */
const slotCount = 16;
const top = process.env.FLEET_LAB_RUN ?? '/var/lib/fleet-lab';
const unownedAfterMs = 60_000;

function slotOf(number: number): Slot {
  return {
    number,
    dir: join(top, `slot-${number}`),
    machine: `flab${number}`,
    address: `10.250.${number}.2`,
    outerAddress: `10.250.${number}.1`,
  };
}

/** Start time of a process, which tells it from a later one with the same id. */
function startTime(pid: string): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

function isAbandoned(dir: string): boolean {
  try {
    const [pid, started] = readFileSync(join(dir, 'owner'), 'utf8').split(' ');
    return startTime(pid!) !== started;
  } catch {
    // Claimed just now, or its owner died in between.
    return (
      Date.now() - (statSync(dir, { throwIfNoEntry: false })?.mtimeMs ?? Infinity) > unownedAfterMs
    );
  }
}

/** Takes free slots for this process. */
export async function claimSlots(count: number): Promise<Slot[]> {
  mkdirSync(top, { recursive: true });
  await removeAbandoned();
  const claimed: Slot[] = [];
  for (let number = 1; number <= slotCount && claimed.length < count; number++) {
    const slot = slotOf(number);
    if (existsSync(`/sys/class/net/${slot.machine}`)) continue;
    try {
      mkdirSync(slot.dir);
    } catch {
      continue;
    }
    writeFileSync(join(slot.dir, 'owner'), `${process.pid} ${startTime(String(process.pid))}`);
    claimed.push(slot);
  }
  if (claimed.length === count) return claimed;
  await Promise.all(claimed.map(releaseSlot));
  throw new Error(`lab: ${count} hosts wanted, ${claimed.length} of ${slotCount} places are free`);
}

/** Name of the interface that carries the git remote's address. */
export function gitInterface(slot: Slot): string {
  return `flabg${slot.number}`;
}

/** Gives a slot back: nothing of it stays. Its processes must have been ended. */
export async function releaseSlot(slot: Slot): Promise<void> {
  await removeCgroups(slot.machine);
  if (existsSync(`/sys/class/net/${gitInterface(slot)}`))
    await run('ip', ['link', 'delete', gitInterface(slot)]);
  rmSync(slot.dir, { recursive: true, force: true });
}

async function removeAbandoned(): Promise<void> {
  const numbers = readdirSync(top).flatMap((name) => /^slot-(\d+)$/.exec(name)?.[1] ?? []);
  for (const slot of numbers.map(Number).map(slotOf))
    if (isAbandoned(slot.dir)) await releaseSlot(slot);
}
