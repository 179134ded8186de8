import { setTimeout as sleep } from 'node:timers/promises';
import { type Desk, type FleetData, isKnownBad, type Run, type Running } from '../scenario/desk.ts';
import type { WorldHost } from '../scenario/world.ts';
import { type Change, randomChange } from './changes.ts';
import { Dice } from './dice.ts';
import type { Facets, Seen } from './examine.ts';
import { type FaultName, faultNames, faults, heal } from './faults.ts';
import { type Candidate, judge, type Outcome, type Verdict } from './judge.ts';
import { addressesOf, expectedOf } from './oracle.ts';
import type { RandomGround } from './random-ground.ts';
import { settle } from './settle.ts';
import { Watch } from './watch.ts';

/** What the dice say about one deployment. */
interface Plan {
  readonly kind: 'apply' | 'both' | 'rollback';
  readonly changes: readonly [Change, Change];
  /** Which of the operators acts, and first when both do. */
  readonly first: 0 | 1;
  readonly secondAfterMs: number;
  readonly vm: string;
  readonly fault: FaultName | 'none';
  readonly victim: number;
  readonly faultAfterMs: number;
}

export interface RoundResult {
  readonly seed: number;
  readonly round: number;
  readonly title: string;
  readonly fault: FaultName | 'none';
  /** BROKEN: nothing disturbed a good deployment, or nothing should have come of a bad one. */
  readonly outcome: Outcome | 'LIE' | 'BROKEN';
  /** From the end of the fault until all was well. */
  readonly seconds: number | undefined;
  readonly exits: readonly number[];
  readonly wrong: readonly string[];
  /** fleet.yaml as it is deployed after this round. */
  readonly data: FleetData;
}

export const isRoundWell = ({ outcome }: Pick<RoundResult, 'outcome'>): boolean =>
  outcome === 'old' || outcome === 'new';

/** A fault comes at any time of a deployment that takes as long as they do here. */
const faultWithinMs = 9000;

function plan(data: FleetData, dice: Dice, hosts: number): Plan {
  const roll = dice.next();
  return {
    kind: roll < 0.12 ? 'both' : roll < 0.24 ? 'rollback' : 'apply',
    changes: [randomChange(data, dice), randomChange(data, dice)],
    first: dice.below(2) as 0 | 1,
    secondAfterMs: dice.below(3000),
    vm: dice.pick(Object.keys(data.vms)),
    fault: dice.chance(0.3) ? 'none' : dice.pick(faultNames),
    victim: dice.below(hosts),
    faultAfterMs: dice.below(faultWithinMs),
  };
}

/** One random deployment with its fault, and everything that must hold after it. */
export async function runRound(
  ground: RandomGround,
  seed: number,
  round: number,
): Promise<RoundResult> {
  const { world, desks } = ground;
  const dice = new Dice(Math.imul(seed, 7919) + round);
  const p = plan(ground.data, dice, world.hosts.length);
  const head = await ground.pull(desks[0]);
  await ground.pull(desks[1]);
  const wanted = p.kind === 'rollback' ? [] : p.changes.map((change) => change.data);
  const addresses = addressesOf([ground.data, ...wanted]);
  const before = await ground.examine(addresses);

  const runs = await disturbed(ground, p);
  const candidates = candidatesOf(ground, p, head, before, addresses);
  const look = async () => {
    const seen = await ground.examine(addresses);
    return judge(seen, await candidates(seen), ground.volumes);
  };
  const { verdict, seconds } = await settle(world.hosts, runs, ground.confirmMs, look);
  const ended = await Promise.all(runs.map(({ ended }) => ended));
  for (const host of world.hosts) await heal(host);

  const result = conclude(p, verdict, ended);
  if (result.outcome === 'new' && p.kind === 'rollback') ground.held.add(p.vm);
  if (result.outcome === 'new' && p.kind !== 'rollback') ground.held.clear();
  ground.data = verdict.at[0]?.data ?? ground.data;
  if (isRoundWell(result)) await ground.fillNewVolumes();
  return {
    seed,
    round,
    title: titleOf(p),
    fault: p.fault,
    seconds: p.fault === 'none' ? undefined : seconds,
    exits: ended.map(({ code }) => code),
    ...result,
    data: ground.data,
  };
}

/** Starts what the plan says and lets its fault strike. Resolves when the fault is over. */
async function disturbed(ground: RandomGround, p: Plan): Promise<Running[]> {
  const host = ground.world.hosts[p.victim] as WorldHost;
  const watch = new Watch(host);
  const ended = new AbortController();
  const runs = [start(ground, p, p.first)];
  const second =
    p.kind === 'both'
      ? sleep(p.secondAfterMs).then(() => runs.push(start(ground, p, p.first === 0 ? 1 : 0)))
      : undefined;
  void (runs[0] as Running).ended.finally(() => ended.abort());
  if (p.fault !== 'none') {
    await sleep(p.faultAfterMs);
    const { confirmMs } = ground;
    const fleet = { kill: (signal: NodeJS.Signals) => runs[0]?.kill(signal) };
    await faults[p.fault]({ host, fleet, watch, confirmMs, ended: ended.signal });
  }
  await second;
  return runs;
}

function start(ground: RandomGround, p: Plan, operator: 0 | 1): Running {
  const desk = ground.desks[operator];
  if (p.kind === 'rollback') return desk.start(['rollback', p.vm, '--yes']);
  const { data } = p.changes[operator];
  desk.data = structuredClone(data);
  desk.save();
  const held = [...ground.held].filter((vm) => data.vms[vm]);
  const args = ['apply', '--yes', ...(held.length > 0 ? ['--release', held.join()] : [])];
  return startForced(desk, args);
}

/** With --force where it wants to be told. */
function startForced(desk: Desk, args: readonly string[]): Running {
  let running = desk.start(args);
  const ended = running.ended.then((run) => {
    if (!isKnownBad(run)) return run;
    running = desk.start([...args, '--force']);
    return running.ended;
  });
  return { ended, kill: (signal) => running.kill(signal) };
}

type Known = Candidate & { data?: FleetData };

/** Where the fleet may be afterwards: where it was, or at any commit that was pushed meanwhile. */
function candidatesOf(
  ground: RandomGround,
  p: Plan,
  head: string,
  before: readonly Seen[],
  addresses: ReadonlyMap<string, readonly string[]>,
): (seen: readonly Seen[]) => Promise<Known[]> {
  const old: Known = { side: 'old', hosts: new Map(before.map((s) => [s.host, s.is])) };
  const expected = new Map<string, Known>();
  return async (seen) => {
    if (p.kind === 'rollback') return [old, ...returned(ground, p.vm, before, seen)];
    for (const commit of await ground.commitsSince(head)) {
      if (expected.has(commit)) continue;
      const known = await expectedOf(ground.desks[0], commit, addresses);
      expected.set(commit, { side: 'new', ...known });
    }
    return [old, ...expected.values()];
  };
}

/** As before, but for one vm that is on another runner that it had. */
function returned(
  ground: RandomGround,
  vm: string,
  before: readonly Seen[],
  seen: readonly Seen[],
): Known[] {
  const key = `${vm} current`;
  const now = seen.find((s) => s.is.has(key))?.is.get(key);
  const was = before.find((s) => s.is.has(key))?.is.get(key);
  if (now === undefined || now === was || !ground.runners.get(vm)?.has(now)) return [];
  const moved = (is: Facets) =>
    new Map([...is].map(([k, v]) => [k, k === key || k === `${vm} booted` ? now : v]));
  return [{ side: 'new', hosts: new Map(before.map((s) => [s.host, moved(s.is)])) }];
}

function conclude(
  p: Plan,
  { outcome, wrong, at }: Verdict,
  runs: readonly Run[],
): Pick<RoundResult, 'outcome' | 'wrong'> {
  if (outcome !== 'old' && outcome !== 'new') return { outcome, wrong: [...wrong, ...told(runs)] };
  if (p.kind !== 'apply') return { outcome, wrong };
  const [run] = runs as [Run];
  const { isGood } = p.changes[p.first];
  const isAt = (side: 'old' | 'new') => at.some((candidate) => candidate.side === side);
  if (!isGood && !isAt('old'))
    return { outcome: 'BROKEN', wrong: ['a bad change was deployed', ...told(runs)] };
  if (isGood && p.fault === 'none' && run.code !== 0)
    return { outcome: 'BROKEN', wrong: ['a good change that nothing disturbed', ...told(runs)] };
  // Where nothing was to do there is no new commit either.
  const isNoop = run.stdout.includes('No changes.');
  const claimed = ({ 0: 'new', 1: 'old', 3: 'old' } as const)[run.code];
  if (claimed !== undefined && !isAt(claimed) && !isNoop)
    return { outcome: 'LIE', wrong: told(runs) };
  return { outcome, wrong: [] };
}

const told = (runs: readonly Run[]): string[] =>
  runs.map(({ code, stdout, stderr }) => {
    const lines = `${stdout}\n${stderr}`.trim().split('\n').slice(-25).join('\n');
    return `fleet ended with ${code}:\n${lines}`;
  });

function titleOf(p: Plan): string {
  if (p.kind === 'rollback') return `roll back ${p.vm}`;
  const [one, other] = [p.changes[p.first].title, p.changes[p.first === 0 ? 1 : 0].title];
  return p.kind === 'both' ? `${one} | ${other}` : one;
}
