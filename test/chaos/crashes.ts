import type { FleetData } from '../scenario/desk.ts';
import type { World } from '../scenario/world.ts';
import { randomFleet } from './changes.ts';
import { Dice } from './dice.ts';
import { differences } from './examine.ts';
import { addressesOf } from './oracle.ts';
import { RandomGround } from './random-ground.ts';

/** One deployment whose new runner crashes. */
export interface CrashResult {
  readonly round: number;
  readonly title: string;
  /** What is not as it was before, or was told otherwise; none: it ended as it should. */
  readonly wrong: readonly string[];
}

/** Seconds after its start at which a new runner ends. */
const moments = [0, 1, 5];
/** From the start of QEMU, and from when the guest is up: one where it answers first. In the sandbox they are alike. */
const words = ['lab.crash', 'lab.die'];
/** Longer than the last of them: what ends within it is seen. */
const settle = '7s';
/** A guest of the lab boots by emulation. */
const deadlines = { sandbox: '14s', lab: '60s' };

/**
 * Deployments in a row whose new runner crashes at its start, a second later, or five: of a vm that runs, or of
 * one that is new. Every one has to end in exit 3 with everything as it was: runners, units, result and git.
 */
export async function runCrashes(
  world: World,
  seed: number,
  rounds: number,
  signal: AbortSignal,
  tell: (result: CrashResult) => void,
): Promise<void> {
  const data = randomFleet(world);
  data.rollout = { ...data.rollout, settle, deadline: deadlines[world.kind] };
  const ground = await RandomGround.open(world, data);
  try {
    for (let round = 1; round <= rounds && !signal.aborted; round++)
      tell(await crash(ground, new Dice(Math.imul(seed, 7919) + round), round));
  } finally {
    await ground.close();
  }
}

async function crash(ground: RandomGround, dice: Dice, round: number): Promise<CrashResult> {
  const [desk] = ground.desks;
  const [host] = ground.world.hosts;
  await ground.pull(desk);
  const data: FleetData = structuredClone(desk.data);
  const seconds = dice.pick(moments);
  const word = dice.pick(words);
  const vms = Object.keys(data.vms);
  const vm = dice.chance(0.3) ? 'extra' : dice.pick(vms);
  data.vms[vm] ??= { ...data.vms[vms[0] as string], address: '10.1.0.9' };
  // Another runner each time: of one that was quarantined nothing is tried.
  data.vms[vm].config = { boot: { kernelParams: [`${word}=${seconds}`, `round=${round}`] } };
  const addresses = addressesOf([ground.data]);
  const [before] = await ground.examine(addresses);
  const tree = await desk.git('rev-parse', 'origin/main^{tree}');
  desk.data = data;
  desk.save();
  const run = await desk.start(['apply', '--yes']).ended;
  const [after] = await ground.examine(addresses);
  const wrong =
    before && after ? [...differences(after.is, before.is), ...after.markers] : ['gone'];
  if (run.code !== 3) wrong.push(`exit ${run.code}:\n${run.stdout}\n${run.stderr}`);
  const { stdout } = (await host?.exec(`
    state="$FLEET_ROOT/var/lib/fleet/deployments"
    last=$(ls "$state" | tail -n 1) && cat "$state/$last/result"
    systemctl list-jobs --no-legend 'microvm*' | grep -v '^No jobs' || true
    systemctl list-units --plain --no-legend 'microvm*@extra.service'`)) ?? { stdout: '' };
  if (stdout !== 'rolled-back\n') wrong.push(`result and units: ${stdout}`);
  await desk.git('fetch', '-q', 'origin');
  if ((await desk.git('rev-parse', 'origin/main^{tree}')) !== tree)
    wrong.push('git is not on the tree of before');
  return { round, title: `${vm} with ${word}=${seconds}`, wrong };
}
