// npm run chaos -- sandbox|sandbox2|lab|lab2 [--only STEP:FAULT] [--jobs N] [--file F]
// npm run chaos -- random [--seed N] [--deployments N] [--file F]
// Goes on where it was cut off; results that are there already are not made again.
import { parseArgs } from 'node:util';
import type { World } from '../scenario/world.ts';
import { type CellResult, isWell } from './cell.ts';
import { type Cell, cellKey, runCells } from './cells.ts';
import { faultNames } from './faults.ts';
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
    only: { type: 'string' },
    jobs: { type: 'string', default: '1' },
    file: { type: 'string' },
    seed: { type: 'string', default: '1' },
    deployments: { type: 'string', default: '300' },
  },
});
const kind = positionals[0] ?? 'sandbox';
const file = values.file ?? process.env.FLEET_CHAOS ?? `.chaos/${kind}.jsonl`;

const worlds: Record<string, () => Promise<World>> = {
  sandbox: async () => (await import('../sandbox/world.ts')).sandboxWorld(1),
  sandbox2: async () => (await import('../sandbox/world.ts')).sandboxWorld(2),
  lab: async () => (await import('../lab/world.ts')).labWorld(1),
  lab2: async () => (await import('../lab/world.ts')).labWorld(2),
};

async function cells(openWorld: () => Promise<World>): Promise<void> {
  const records = new Records<CellRecord>(file, (r) => cellKey(r.moment, r.fault));
  let moments: string[] = [];
  const isWanted = ({ moment, fault }: Cell) => {
    const key = cellKey(moment.name, fault);
    return values.only ? key.includes(values.only) : !records.has(key);
  };
  const choose = (all: readonly Cell[]) => {
    moments = [...new Set(all.map((cell) => cell.moment.name))];
    const wanted = all.filter(isWanted);
    console.log(`${all.length} cells, ${wanted.length} to run; results in ${file}`);
    return wanted;
  };
  await runCells(openWorld, choose, Number(values.jobs), ({ moment, fault }, result) => {
    records.add({ moment: moment.name, fault, ...result });
    console.log(`${moment.name}: ${fault}: ${cellText(result)} (exit ${result.exit})`);
    for (const line of result.wrong) console.log(`    ${line.replaceAll('\n', '\n    ')}`);
  });
  const of = (moment: string, fault: string) =>
    records.all.find((r) => r.moment === moment && r.fault === fault);
  const rows = moments.map((moment) => [
    moment,
    ...faultNames.map((fault) => cellText(of(moment, fault))),
  ]);
  const text = table(['', ...faultNames], rows);
  console.log(`\n${text}\n\n${summary(records.all)}`);
  if (!values.only) publish(kind, `${text}\n\n${summary(records.all)}`);
  if (!records.all.every(isWell)) process.exitCode = 1;
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

async function random(): Promise<void> {
  const seed = Number(values.seed);
  const records = new Records<RoundResult>(file, (r) => String(r.round));
  console.log(`seed ${seed}, ${values.deployments} deployments; results in ${file}`);
  const open = async () => (await import('../sandbox/world.ts')).sandboxWorld(2);
  await runRandom(open, seed, Number(values.deployments), records.all.at(-1), (result) => {
    records.add(result);
    const { round, title, fault, outcome, seconds, exits, wrong } = result;
    const time = seconds === undefined ? '' : ` after ${seconds.toFixed(1)} s`;
    console.log(`${round}. ${title}; ${fault}: ${outcome}${time} (exit ${exits.join(', ')})`);
    for (const line of wrong) console.log(`    ${line.replaceAll('\n', '\n    ')}`);
  });
  const outcomes = [...new Set(records.all.map((r) => r.outcome))];
  const rows = ['none', ...faultNames].map((fault) => [
    fault,
    ...outcomes.map((outcome) =>
      String(records.all.filter((r) => r.fault === fault && r.outcome === outcome).length),
    ),
  ]);
  const longest = Math.max(0, ...records.all.map((r) => r.seconds ?? 0)).toFixed(1);
  const text = `${table(['fault', ...outcomes], rows)}\n\nSeed ${seed}, ${records.all.length} deployments. Longest until all was well: ${longest} s.`;
  console.log(`\n${text}`);
  publish(kind, text);
  if (!records.all.every(isRoundWell)) process.exitCode = 1;
}

const openWorld = worlds[kind];
if (kind === 'random') await random();
else if (openWorld) await cells(openWorld);
else {
  console.error(`there is no ${kind}: sandbox, sandbox2, lab, lab2 or random`);
  process.exitCode = 64;
}
