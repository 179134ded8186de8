import { setTimeout as sleep } from 'node:timers/promises';
import type { Run } from '../scenario/desk.ts';
import type { WorldHost } from '../scenario/world.ts';
import { type FaultName, faults, heal } from './faults.ts';
import type { Ground } from './ground.ts';
import { judge, type Outcome, type Verdict } from './judge.ts';
import type { Moment } from './moments.ts';
import { settle } from './settle.ts';
import { otherSide, setSide } from './subject.ts';
import { Watch } from './watch.ts';

/**
 * What became of one deployment with one fault. Beside outcomes: `-` the fault found nothing to
 * strike, LIE fleet's exit code says something else than the hypervisors, ALARM it calls for a person
 * though it could see that all was well, WEDGED the next apply fails.
 */
export interface CellResult {
  readonly outcome: Outcome | '-' | 'LIE' | 'ALARM' | 'WEDGED';
  /** From the end of the fault until all was well. */
  readonly seconds: number | undefined;
  /** Exit code of the fleet that was disturbed; 255 when it was killed. */
  readonly exit: number;
  readonly wrong: readonly string[];
}

export const isWell = ({ outcome }: Pick<CellResult, 'outcome'>): boolean =>
  outcome === 'old' || outcome === 'new' || outcome === '-';

/** Deploys the other side, disturbs it, waits without doing anything, looks, and applies again. */
export async function runCell(
  ground: Ground,
  moment: Moment,
  fault: FaultName,
): Promise<CellResult> {
  const { desk, victim, confirmMs } = ground;
  desk.edit((data) => setSide(data, otherSide(ground.side)));
  const watch = new Watch(victim);
  const elsewhere = new Watch(ground.world.hosts[0] as WorldHost);
  const fleet = desk.start(['apply', '--yes']);
  const ended = new AbortController();
  void fleet.ended.finally(() => ended.abort());

  const watched = moment.elsewhere ? elsewhere : watch;
  const isReached = await watched.until((p) => moment.isReached(p) || undefined, ended.signal);
  if (isReached && moment.delayMs > 0) await sleep(moment.delayMs);
  const scene = { host: victim, fleet, watch, confirmMs, ended: ended.signal };
  const isStruck = isReached === true && (await faults[fault](scene));

  const look = async () => judge(await ground.examine(), ground.candidates(), ground.volumes);
  const { verdict, seconds } = await settle(ground.world.hosts, [fleet], confirmMs, look);
  const run = await fleet.ended;

  const account = watch.account();
  await heal(victim);
  const then = await applyAgain(ground);
  ground.side = otherSide(ground.side);
  const result = { ...conclude(verdict, run, then, fault, isStruck), seconds, exit: run.code };
  return isWell(result) ? result : { ...result, wrong: [...result.wrong, ...account] };
}

/** Nothing is stuck when this leaves everything new. Gives what is wrong. */
async function applyAgain(ground: Ground): Promise<string[]> {
  const run = await ground.apply();
  if (run.code !== 0) return [`then apply ended with ${run.code}: ${lastLines(run)}`];
  const verdict = judge(await ground.examine(), ground.candidates(), ground.volumes);
  return verdict.outcome === 'new'
    ? []
    : [`after the next apply: ${verdict.outcome}`, ...verdict.wrong];
}

function conclude(
  { outcome, wrong }: Verdict,
  run: Run,
  then: readonly string[],
  fault: FaultName,
  isStruck: boolean,
): Pick<CellResult, 'outcome' | 'wrong'> {
  const all = [...wrong, ...then];
  if (outcome !== 'old' && outcome !== 'new') return { outcome, wrong: all };
  if (then.length > 0) return { outcome: 'WEDGED', wrong: all };
  const claimed = { 0: 'new', 1: 'old', 3: 'old' }[run.code];
  if (claimed !== undefined && claimed !== outcome)
    return { outcome: 'LIE', wrong: [`fleet ended with ${run.code}: ${lastLines(run)}`] };
  if (run.code === 4 && fault !== 'link-forever')
    return { outcome: 'ALARM', wrong: [`fleet ended with 4: ${lastLines(run)}`] };
  return { outcome: isStruck ? outcome : '-', wrong: [] };
}

const lastLines = ({ stdout, stderr }: Run): string =>
  `${stdout}\n${stderr}`.trim().split('\n').slice(-25).join('\n');
