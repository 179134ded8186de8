import { apply, unfit } from '../app/apply.ts';
import { changedBy } from '../app/export-after.ts';
import { hasChanges, plan } from '../app/plan.ts';
import { exitCodes } from '../model/errors.ts';
import { resultsDocument } from '../report/documents.ts';
import { exportText } from '../report/export-text.ts';
import { resultText } from '../report/result-text.ts';
import { styleFor } from '../report/style.ts';
import { type ApplyOptions, choiceOf, wordOf } from './apply-options.ts';
import { offerRestarts, offerToReplace, show } from './apply-questions.ts';
import { confirm } from './ask.ts';
import { fetched } from './fetched.ts';
import { giveData, isForPrograms } from './give.ts';
import { shownLive } from './live.ts';
import type { Invocation } from './options.ts';
import { realPorts } from './ports.ts';

/** `fleet apply` of something new: plan, ask, wait for who deploys just now if that is wanted, deploy. */
export async function applyOnce(
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
    const wanted = options.export ? { on: options.on } : { changed: changedBy(todo) };
    const what = { index: workspace.index, of: wanted };
    if (!hasChanges(todo)) {
      const exports = options.export ? await fetched(ports, invocation, true, what) : [];
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
    const exports = await fetched(ports, invocation, options.export, what, results);
    const result = resultsDocument('apply', results, { plan: planned.plan, ...of, exports });
    const style = styleFor(process.stdout);
    if (!giveData(invocation, options, result))
      process.stdout.write(resultText(results, style) + exportText(exports, style));
    return exitCode;
  } finally {
    planned.close();
  }
}
