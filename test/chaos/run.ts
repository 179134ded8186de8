// npm run chaos -- sandbox|sandbox2|lab|lab2 [--only STEP:FAULT]… [--jobs N] [--file F]
// npm run chaos -- random [--seed N] [--deployments N] [--jobs N] [--file F]
// npm run chaos -- crashes|crashes-lab [--seed N] [--deployments 50]
// npm run chaos -- life [--seed N] [--minutes 60]
// npm run chaos -- power [--seed N]
// npm run chaos -- interleave [--seed N] [--deployments 100]
// Goes on where it was cut off; results that are there already are not made again.
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { World } from '../scenario/world.ts';
import { type CellResult, isWell } from './cell.ts';
import { type Cell, cellKey, runCells } from './cells.ts';
import { runCrashes } from './crashes.ts';
import { faultNames } from './faults.ts';
import { type Interleaving, interleavingText, runInterleavings } from './interleave/interleave.ts';
import { type Episode, episodeText, runLife } from './life/life.ts';
import { lifeTable } from './life/table.ts';
import { runCuts } from './power/cuts.ts';
import { runRandom } from './random.ts';
import { Records } from './records.ts';
import { isRoundWell, type RoundResult } from './round.ts';
import { publish, table } from './table.ts';

interface CellRecord extends CellResult {
  readonly moment: string;
  readonly fault: string;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string', multiple: true },
    jobs: { type: 'string', default: '1' },
    file: { type: 'string' },
    seed: { type: 'string', default: '1' },
    deployments: { type: 'string' },
    minutes: { type: 'string', default: '60' },
  },
});
const kind = positionals[0] ?? 'sandbox';
const file = values.file ?? process.env.FLEET_CHAOS ?? `.chaos/${kind}.jsonl`;

// Ctrl-C: what is under way is carried to its end, and nothing is left behind.
const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
const frozen = freezeFleet();

const inSandbox = (hosts: number) => async () =>
  (await import('../sandbox/world.ts')).sandboxWorld(hosts);
const inLab = (hosts: number) => async () => (await import('../lab/world.ts')).labWorld(hosts);
const worlds: Record<string, { title: string; open: () => Promise<World> }> = {
  sandbox: { title: 'Sandbox, one hypervisor', open: inSandbox(1) },
  sandbox2: { title: 'Sandbox, the second of two hypervisors is struck', open: inSandbox(2) },
  lab: { title: 'Lab, one hypervisor, in the midst of each phase', open: inLab(1) },
  lab2: { title: 'Lab, the second of two hypervisors is struck', open: inLab(2) },
};

async function cells(title: string, openWorld: () => Promise<World>): Promise<void> {
  const records = new Records<CellRecord>(file, (r) => cellKey(r.moment, r.fault));
  let moments: string[] = [];
  const isWanted = ({ moment, fault }: Cell) => {
    const key = cellKey(moment.name, fault);
    return values.only?.some((part) => key.includes(part)) ?? !records.has(key);
  };
  const choose = (all: readonly Cell[]) => {
    moments = [...new Set(all.map((cell) => cell.moment.name))];
    const wanted = all.filter(isWanted);
    console.log(`${all.length} cells, ${wanted.length} to run; results in ${file}`);
    return wanted;
  };
  await runCells(
    openWorld,
    choose,
    Number(values.jobs),
    stop.signal,
    ({ moment, fault }, result) => {
      records.add({ moment: moment.name, fault, ...result });
      console.log(`${moment.name}: ${fault}: ${cellText(result)} (exit ${result.exit})`);
      for (const line of result.wrong) console.log(`    ${line.replaceAll('\n', '\n    ')}`);
    },
  );
  const of = (moment: string, fault: string) =>
    records.all.find((r) => r.moment === moment && r.fault === fault);
  const rows = moments.map((moment) => [
    moment,
    ...faultNames.map((fault) => cellText(of(moment, fault))),
  ]);
  const text = table(['', ...faultNames], rows);
  console.log(`\n${text}\n\n${summary(records.all)}`);
  if (!values.only && !stop.signal.aborted)
    publish(kind, title, `${text}\n\n${summary(records.all)}`);
  if (!records.all.every(isWell)) process.exitCode = 1;
}

/** A long run is of one fleet, whatever is built meanwhile. Gives the folder of its copy. */
function freezeFleet(): string {
  const folder = resolve(`.chaos/fleet-${process.pid}`);
  cpSync('dist', join(folder, 'dist'), { recursive: true });
  for (const name of ['package.json', 'schemas'])
    cpSync(name, join(folder, name), { recursive: true });
  process.env.FLEET_ENTRY = join(folder, 'dist/main.js');
  return folder;
}

function cellText(result: CellResult | undefined): string {
  if (!result) return '';
  const { outcome, seconds } = result;
  if (!isWell(result)) return `**${outcome}**`;
  return outcome === '-' ? outcome : `${outcome} ${Math.ceil(seconds ?? 0)} s`;
}

function summary(all: readonly CellResult[]): string {
  const counts = Map.groupBy(all, (r) => (r.outcome === '-' ? 'nothing to strike' : r.outcome));
  const longest = Math.max(0, ...all.map((r) => r.seconds ?? 0));
  const parts = [...counts].map(([outcome, list]) => `${list.length} ${outcome}`);
  return `${all.length} cells: ${parts.join(', ')}. Longest until all was well: ${longest.toFixed(1)} s.`;
}

/** As many rows of deployments side by side as there are jobs, each with a seed of its own. */
async function random(): Promise<void> {
  const [seed, jobs] = [Number(values.seed), Number(values.jobs)];
  const each = Math.ceil(Number(values.deployments ?? 300) / jobs);
  const records = new Records<RoundResult>(file, (r) => `${r.seed} ${r.round}`);
  const seeds = Array.from({ length: jobs }, (_, n) => seed + n);
  console.log(`seed ${seeds.join(', ')}: ${each} deployments each; results in ${file}`);
  await Promise.all(
    seeds.map((own) => {
      const last = records.all.findLast((r) => r.seed === own);
      return runRandom(inSandbox(2), own, each, last, stop.signal, (result) => {
        records.add(result);
        console.log(roundText(result));
        for (const line of result.wrong) console.log(`    ${line.replaceAll('\n', '\n    ')}`);
      });
    }),
  );
  const outcomes = [...new Set(['old', 'new', ...records.all.map((r) => r.outcome)])];
  const rows = ['none', ...faultNames].map((fault) => [
    fault,
    ...outcomes.map((outcome) =>
      String(records.all.filter((r) => r.fault === fault && r.outcome === outcome).length),
    ),
  ]);
  const longest = Math.max(0, ...records.all.map((r) => r.seconds ?? 0)).toFixed(1);
  const text = `${table(['fault', ...outcomes], rows)}\n\nSeed ${seeds.join(', ')}; ${records.all.length} deployments. Longest until all was well: ${longest} s.`;
  console.log(`\n${text}`);
  if (!stop.signal.aborted)
    publish(kind, 'Sandbox, two hypervisors and two operators, at random', text);
  if (!records.all.every(isRoundWell)) process.exitCode = 1;
}

/** Deployments whose new runner crashes: never a wrong end. */
async function crashes(openWorld: () => Promise<World>): Promise<void> {
  let [made, bad] = [0, 0];
  const [seed, count] = [Number(values.seed), Number(values.deployments ?? 50)];
  await runCrashes(await openWorld(), seed, count, stop.signal, ({ round, title, wrong }) => {
    console.log(`${seed}/${round}. ${title}: ${wrong.length === 0 ? 'as before' : 'WRONG'}`);
    for (const line of wrong) console.log(`    ${line.replaceAll('\n', '\n    ')}`);
    made += 1;
    if (wrong.length > 0) bad += 1;
  });
  console.log(`\nSeed ${seed}; ${made} of ${count} deployments, ${bad} with a wrong end.`);
  if (bad > 0) process.exitCode = 1;
}

/** What befalls guests between deployments. */
async function life(): Promise<void> {
  const records = new Records<Episode>(file, (r) => `${r.seed} ${r.round}`);
  const [seed, minutes] = [Number(values.seed), Number(values.minutes)];
  const last = records.all.findLast((r) => r.seed === seed)?.round ?? 0;
  console.log(`seed ${seed}, ${minutes} min, from episode ${last + 1}; results in ${file}`);
  const { lifeInLab } = await import('./life/world.ts');
  const limits = { minutes, rounds: Number.POSITIVE_INFINITY };
  await runLife(lifeInLab, seed, limits, last, stop.signal, (episode, history) => {
    records.add(episode);
    // What it was judged by, for whoever asks why.
    const name = episode.wrong.length > 0 ? `wrong-${episode.seed}-${episode.round}` : 'last';
    writeFileSync(`${file}.${name}.json`, JSON.stringify(history));
    console.log(episodeText(episode));
    for (const line of episode.wrong) console.log(`    ${line}`);
  });
  const text = lifeTable(records.all);
  console.log(`\n${text}`);
  if (!stop.signal.aborted) publish(kind, 'Lab, one hypervisor that is left to itself', text);
  if (records.all.some(({ wrong }) => wrong.length > 0)) process.exitCode = 1;
}

/** A deployment and the watch at the same time. */
async function interleave(): Promise<void> {
  const records = new Records<Interleaving>(file, (r) => `${r.seed} ${r.round}`);
  const [seed, count] = [Number(values.seed), Number(values.deployments ?? 100)];
  const last = records.all.findLast((r) => r.seed === seed)?.round ?? 0;
  await runInterleavings(inSandbox(1), seed, count, last, stop.signal, (result) => {
    records.add(result);
    console.log(interleavingText(result));
    for (const line of result.wrong) console.log(`    ${line}`);
  });
  const sum = (of: (r: Interleaving) => number) => records.all.reduce((n, r) => n + of(r), 0);
  const bad = records.all.filter(({ wrong }) => wrong.length > 0).length;
  const minutes = Math.round(sum((r) => r.seconds) / 60);
  const text = `Seed ${seed}; ${records.all.length} deployments, at which a guest was taken for one that hangs ${sum((r) => r.came)} times: ${sum((r) => r.restarted)} restarted,
none while a deployment held the lock; ${bad} deployments with something wrong; ${minutes} min. Deployments, restarts, locks and files are real; guests,
systemd and the looks that find a guest hanging are stand-ins.`;
  console.log(`\n${text}`);
  if (!stop.signal.aborted)
    publish(kind, 'Sandbox, guests restarted for hanging while deployments run', text);
  if (bad > 0) process.exitCode = 1;
}

/** Power cuts at every write of the spool and of what is known of a guest. */
async function power(): Promise<void> {
  const { bad, text } = await runCuts(file, Number(values.seed), stop.signal);
  console.log(`\n${text}`);
  if (!stop.signal.aborted)
    publish(
      kind,
      'A kernel of its own, power cut at every write of the spool and of a guest’s state',
      text,
    );
  if (bad > 0) process.exitCode = 1;
}

function roundText({ seed, round, title, fault, outcome, seconds, exits }: RoundResult): string {
  const time = seconds === undefined ? '' : ` after ${seconds.toFixed(1)} s`;
  return `${seed}/${round}. ${title}; ${fault}: ${outcome}${time} (exit ${exits.join(', ')})`;
}

try {
  const world = worlds[kind];
  if (kind === 'random') await random();
  else if (kind === 'life') await life();
  else if (kind === 'interleave') await interleave();
  else if (kind === 'power') await power();
  else if (kind === 'crashes') await crashes(inSandbox(1));
  else if (kind === 'crashes-lab') await crashes(inLab(1));
  else if (world) await cells(world.title, world.open);
  else {
    console.error(
      `there is no ${kind}: sandbox, sandbox2, lab, lab2, random, crashes, crashes-lab, life, power or interleave`,
    );
    process.exitCode = 64;
  }
} finally {
  rmSync(frozen, { recursive: true, force: true });
}
