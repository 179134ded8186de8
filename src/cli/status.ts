import { status } from '../app/status.ts';
import { story } from '../app/status-story.ts';
import { exitCodes } from '../model/errors.ts';
import { documentText, statusDocument, storyDocument } from '../report/documents.ts';
import { statusText } from '../report/status-text.ts';
import { storyText } from '../report/story-text.ts';
import { styleFor } from '../report/style.ts';
import type { Invocation } from './options.ts';
import { realPorts } from './ports.ts';
import { watchLines, watchScreen } from './status-watch.ts';

/** `fleet status [NAME…] [--watch] [--json]`: how the fleet is, or the whole story of one. Exit 1 when anything is wrong. */
export async function statusCommand(
  { common, signal, tell }: Invocation,
  options: { readonly json?: boolean; readonly watch?: boolean },
  names: readonly string[],
): Promise<number> {
  const { json } = options;
  const ports = await realPorts(common, { isAsking: !options.watch });
  if (options.watch) {
    const input = { where: common, names };
    return json ? watchLines(ports, input, tell, signal) : watchScreen(ports, input, signal);
  }
  const style = styleFor(process.stdout);
  // A pipe has none; nor has a terminal whose size nobody knows.
  const width = process.stdout.columns || 80;
  const [only] = names;
  // A name that somebody has is asked about; of any other the selector says what it stands for.
  const told =
    only === undefined || names.length > 1 || /[*@,]/.test(only)
      ? undefined
      : await story(ports, { where: common, name: only }, tell, signal);
  if (told) {
    process.stdout.write(json ? documentText(storyDocument(told)) : storyText(told, style, width));
    const isWell = !['wrong', 'unknown'].includes(told.status.row.standing);
    return isWell ? exitCodes.ok : exitCodes.failed;
  }
  const seen = await status(ports, { where: common, names }, tell, signal);
  process.stdout.write(json ? documentText(statusDocument(seen)) : statusText(seen, style, width));
  return seen.ok ? exitCodes.ok : exitCodes.failed;
}
