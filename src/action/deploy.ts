import { FleetError } from '../model/errors.ts';
import type { Event, Phase } from '../model/events.ts';
import type { Plan } from '../plan/plan.ts';
import { prose } from '../report/markdown.ts';
import { plainReporter } from '../report/plain.ts';
import { planMarkdown, within } from '../report/plan-markdown.ts';
import { type PlainResult, resultMarkdown } from '../report/result-markdown.ts';
import { failed, outcomeOf } from './failed.ts';
import type { Document, Gave } from './fleet.ts';
import { type Job, madeBy, summaryLimit, titleOf } from './job.ts';
import { keepPlan } from './plan-files.ts';
import { openRevert } from './revert.ts';
import type { Runner } from './runner.ts';
import { validate } from './validate.ts';

/** What is waited for somebody who deploys just now, from their desk. */
const patience = ['--lock-timeout', '10m'] as const;

/** Deploys. @returns the exit code */
export async function apply(job: Job): Promise<number> {
  const { inputs } = job;
  const invalid = await validate(job);
  if (invalid !== 0) return invalid;
  return deploying(job, [
    'apply',
    '--yes',
    ...patience,
    ...(inputs.on === undefined ? [] : ['--on', inputs.on]),
  ]);
}

/** Rolls back what `on` names. @returns the exit code */
export function rollback(job: Job): Promise<number> {
  return deploying(job, ['rollback', ...(job.inputs.on ?? '').split(','), '--yes', ...patience]);
}

async function deploying(job: Job, args: readonly string[]): Promise<number> {
  const { runner } = job;
  const log = new Log(runner);
  const { code, document } = await streamed(job, args, log);
  runner.endGroup();
  if (document.kind === 'error' || !Array.isArray(document.results))
    return failed(job, code, document, log.notes);
  const { commit, id, plan, results, revertedBy } = document as Document & Deployed;
  const changed = results.some(isOtherThanBefore);
  const outcome =
    code === 0 && results.length === 0 ? 'no-changes' : code === 0 ? 'done' : outcomeOf(code);
  const outputs = {
    changed: String(changed),
    outcome,
    commit,
    deployment: id,
    'reverted-by': revertedBy,
  };
  for (const [name, value] of Object.entries(outputs))
    if (value !== undefined) runner.output(name, value);
  if (plan) keepPlan(runner, plan, false);
  for (const text of failuresOf(results))
    runner.annotate('error', text, { title: outcomes[code] ?? 'fleet' });
  const parts = [
    ...(results.length === 0 && plan ? [planMarkdown(plan, { diffs: false, offline: false })] : []),
    ...resultMarkdown(results),
    ...log.notes.map((note) => `- ${prose(note)}\n`),
  ];
  const title = `### ${prose(titleOf(job, document.kind))}: ${outcomes[code] ?? outcome}\n`;
  runner.summary(within([title, ...parts, madeBy(job)], summaryLimit));
  await openRevert(job, document, within(parts, 60_000));
  return code;
}

/** Whether a hypervisor runs, or may run, something else than before. */
export const isOtherThanBefore = ({ outcome }: Pick<PlainResult, 'outcome'>): boolean =>
  outcome === 'done' || outcome === 'rollback-failed' || outcome === 'in-doubt';

/** What the document of a deployment has. */
interface Deployed {
  readonly results: readonly PlainResult[];
  readonly commit?: string;
  readonly id?: string;
  readonly plan?: Plan;
  readonly revertedBy?: string;
}

/** Exit codes in words, where they say more than that it failed. */
const outcomes: Readonly<Record<number, string>> = {
  0: 'done',
  1: 'failed, and no hypervisor was changed',
  3: 'failed and rolled back: hypervisors run what they ran before',
  4: 'ROLL BACK FAILED: somebody has to look at it',
  5: 'somebody else deploys',
  6: 'stopped part-way: some hypervisors keep the new commit',
  129: 'interrupted and rolled back',
  130: 'interrupted and rolled back',
  143: 'interrupted and rolled back',
};

/** With what becomes of hypervisors where the job was cancelled, and fleet had to leave before it had rolled back. */
async function streamed({ fleet }: Job, args: readonly string[], log: Log): Promise<Gave> {
  try {
    return await fleet.stream(args, log.tell);
  } catch (error) {
    const { begun } = log;
    if (!(error instanceof FleetError && fleet.isCancelled && begun)) throw error;
    throw error.retold({
      message: 'the job was cancelled while fleet deployed, and ended before all was rolled back',
      hint: [
        `Hypervisors that were not confirmed roll back by themselves within ${Math.ceil(begun.confirm / 1000)} s.`,
        'What became of them: fleet status',
        `To roll the rest back: fleet apply --resume ${begun.id} --undo`,
      ].join('\n'),
    });
  }
}

/** A line for each that failed, with what was expected and seen. */
function failuresOf(results: readonly PlainResult[]): string[] {
  return results.flatMap(({ failure, hypervisor }) => {
    if (!failure) return [];
    const checks = (failure.checks ?? []).map(
      ({ check, expected, seen, target }) =>
        `${target} ${check}: expected ${expected}, seen ${seen}`,
    );
    return [[`${hypervisor}: ${failure.message}`, ...checks].join('\n')];
  });
}

const stages: Readonly<Record<Phase, readonly [number, string]>> = {
  survey: [0, 'Look at hypervisors'],
  lock: [1, 'Lock'],
  publish: [2, 'Commit and push'],
  checkout: [3, 'Build'],
  build: [3, 'Build'],
  switch: [4, 'Activate and check'],
  guests: [4, 'Activate and check'],
  verify: [4, 'Activate and check'],
  confirm: [4, 'Activate and check'],
  'roll-back': [5, 'Roll back'],
  record: [6, 'Record in git'],
};

/** Events in the log: a line each, folded by what the deployment is at. */
class Log {
  /** What people have to know, for the summary. */
  readonly notes: string[] = [];
  /** The deployment, once it has begun. */
  begun: { readonly id: string; readonly confirm: number } | undefined;
  readonly #runner: Runner;
  readonly #show: (event: Event) => void;
  #at = -1;

  constructor(runner: Runner) {
    this.#runner = runner;
    this.#show = plainReporter((text) => runner.say(text.trimEnd()));
  }

  readonly tell = (event: Event): void => {
    const [at, title] = stages[event.phase] ?? [this.#at, ''];
    // Hypervisors are not all at the same: a group is of the one that is furthest.
    if (at > this.#at) this.#runner.group(title);
    this.#at = Math.max(this.#at, at);
    if (event.type === 'deployment') this.begun = event;
    // What a hypervisor notes is in its result, if it matters.
    const isTold = event.type === 'warning' || (event.type === 'note' && !event.hypervisor);
    if (isTold && this.notes.length < 50) {
      const [first = '', ...more] = event.text.split('\n');
      this.notes.push(
        event.hypervisor ? `${event.hypervisor}: ${first}` : first,
        ...more.slice(0, 20),
      );
    }
    this.#show(event);
  };
}
