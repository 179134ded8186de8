import { apply, hasFirstSwitch, unfit, type Word } from '../app/apply.ts';
import { changedBy } from '../app/export-after.ts';
import { hasChanges, type PlanInput, plan } from '../app/plan.ts';
import type { Ports } from '../app/ports.ts';
import { givenPlan } from '../app/saved-plan.ts';
import type { Survey } from '../app/survey/survey.ts';
import type { Where } from '../app/workspace/where.ts';
import { exitCodes } from '../model/errors.ts';
import { resultsDocument } from '../report/documents.ts';
import { exportText } from '../report/export-text.ts';
import { planText } from '../report/plan-text.ts';
import { resultText } from '../report/result-text.ts';
import { styleFor } from '../report/style.ts';
import { offerRestarts, offerToReplace } from './apply-questions.ts';
import { canAsk, confirm } from './ask.ts';
import { fetched } from './fetched.ts';
import { giveData, isForPrograms } from './give.ts';
import { shownLive } from './live.ts';
import { type Invocation, lockTimeout, refusePointless, usageError } from './options.ts';
import { realPorts } from './ports.ts';
import { type ResumeOptions, resumeCommand } from './resume.ts';

export interface ApplyOptions {
  readonly on?: string;
  readonly yes?: boolean;
  readonly allowUnreachable?: boolean;
  readonly release?: string;
  readonly restart?: string;
  readonly lockTimeout?: string;
  readonly force?: boolean;
  readonly export?: boolean;
  /** What first switches may take away, names with commas between them. */
  readonly drop?: string;
  readonly resume?: string | true;
  readonly undo?: boolean;
  readonly json?: boolean;
  readonly jsonStream?: boolean;
}

/** `fleet apply`: plan, ask, wait for who deploys just now if that is wanted, deploy. */
export async function applyCommand(
  invocation: Invocation,
  options: ApplyOptions,
  [file]: readonly string[] = [],
): Promise<number> {
  if (options.resume === undefined) {
    if (options.undo)
      throw usageError(
        'options.undo',
        '--undo needs --resume: it rolls back a deployment that was interrupted',
        'fleet apply --resume --undo rolls it back; fleet history names those there are.',
      );
    return applyOnce(invocation, options, file, lockTimeout(options.lockTimeout));
  }
  refusePointless(
    { ...options, FILE: file },
    ['FILE', '--on', '--release', '--restart', '--drop', '--force', '--lock-timeout'],
    '--resume goes on with a deployment as it was planned',
  );
  if (options.undo) refusePointless(options, ['--export'], '--undo fetches nothing');
  return resumeCommand(invocation, options as ResumeOptions);
}

async function applyOnce(
  invocation: Invocation,
  options: ApplyOptions,
  file: string | undefined,
  lockTimeout: number,
): Promise<number> {
  const { common, signal, stream, tell } = invocation;
  const isData = isForPrograms(invocation, options);
  const ports = await realPorts(common, { isAsking: true });
  const input = { where: common, ...choiceOf(ports, common, file, options) };
  let planned = await plan(
    ports,
    { ...input, upstream: 'required' },
    stream?.beside(tell) ?? tell,
    signal,
  );
  try {
    const isAsked = file === undefined && !options.yes;
    show(planned, options.drop, isAsked, isData);
    let word = wordOf(options);
    const lost = unfit(planned, word);
    if (lost) throw lost;
    if (isAsked) planned = await offerRestarts(planned, signal);
    const { plan: todo, workspace } = planned;
    const what = { index: workspace.index, changed: changedBy(todo) };
    if (!hasChanges(todo)) {
      const exports = options.export ? await fetched(ports, invocation, options, what) : [];
      const nothing = resultsDocument('apply', [], { plan: planned.plan, exports });
      if (!giveData(invocation, options, nothing))
        process.stdout.write(exportText(exports, styleFor(process.stdout)));
      return exitCodes.ok;
    }
    word = await offerToReplace(planned, word, isAsked, signal);
    if (isAsked && !(await confirm('Apply this?', signal))) {
      process.stderr.write('Nothing was changed.\n');
      const declined = resultsDocument('apply', [], { plan: planned.plan, declined: true });
      giveData(invocation, options, declined);
      return exitCodes.failed;
    }
    const applying = { planned, word, lockTimeout, ...(stream?.id && { id: stream.id }) };
    const { exitCode, results, ...of } = await shownLive(
      (emit) => apply(ports, applying, emit, signal),
      invocation,
    );
    const exports = await fetched(ports, invocation, options, what, results);
    const result = resultsDocument('apply', results, { plan: planned.plan, ...of, exports });
    const style = styleFor(process.stdout);
    if (!giveData(invocation, options, result))
      process.stdout.write(resultText(results, style) + exportText(exports, style));
    return exitCode;
  } finally {
    planned.close();
  }
}

/** What is planned: by a saved plan, or by options. @throws FleetError when it is said twice */
function choiceOf(
  ports: Ports,
  where: Where,
  file: string | undefined,
  { on, release, restart }: ApplyOptions,
): Omit<PlanInput, 'where'> {
  if (file === undefined)
    return { ...(on && { on }), ...(release && { release }), ...(restart && { restart }) };
  if (on === undefined && release === undefined && restart === undefined)
    return { saved: givenPlan(ports, where, file) };
  throw usageError(
    'options.saved-plan',
    'a saved plan already fixes what is done: leave out --on, --release and --restart',
  );
}

const wordOf = ({ allowUnreachable, drop, force }: ApplyOptions): Word => ({
  allowUnreachable: allowUnreachable ?? false,
  force: force ?? false,
  drop: (drop ?? '').split(',').map((name) => name.trim()),
});

function show(planned: Survey, drop: string | undefined, isAsked: boolean, isData: boolean): void {
  // Whoever is asked sees what about.
  const out = isData ? process.stderr : process.stdout;
  if (!isData || (isAsked && canAsk()))
    out.write(planText(planned.plan, styleFor(out), { diffs: false, offline: false }));
  // Once a hypervisor was deployed to, no switch is its first.
  if (drop !== undefined && !hasFirstSwitch(planned))
    process.stderr.write(
      `--drop ${drop} drops nothing: no hypervisor here has its first switch.\n`,
    );
}
