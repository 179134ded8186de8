import { status } from '../app/status.ts';
import { story } from '../app/status-story.ts';
import { exitCodes } from '../model/errors.ts';
import { documentText, statusDocument, storyDocument } from '../report/documents.ts';
import { statusText } from '../report/status-text.ts';
import { storyText } from '../report/story-text.ts';
import { styleFor } from '../report/style.ts';
import type { Invocation } from './options.ts';
import { realPorts } from './ports.ts';

/** `fleet status [NAME…] [--json]`: how the fleet is, or the whole story of one. Exit 1 when anything is wrong. */
export async function statusCommand(
  { common, signal, tell }: Invocation,
  { json }: { readonly json?: boolean },
  names: readonly string[],
): Promise<number> {
  const ports = await realPorts(common, { isAsking: true });
  const style = styleFor(process.stdout);
  const [only] = names;
  // A name that somebody has is asked about; of any other the selector says what it stands for.
  const told =
    only === undefined || names.length > 1 || /[*@,]/.test(only)
      ? undefined
      : await story(ports, { where: common, name: only }, tell, signal);
  if (told) {
    process.stdout.write(json ? documentText(storyDocument(told)) : storyText(told, style));
    const isWell = !['wrong', 'unknown'].includes(told.status.row.standing);
    return isWell ? exitCodes.ok : exitCodes.failed;
  }
  const seen = await status(ports, { where: common, names }, tell, signal);
  const width = Math.max(80, process.stdout.columns ?? 80);
  process.stdout.write(json ? documentText(statusDocument(seen)) : statusText(seen, style, width));
  return seen.ok ? exitCodes.ok : exitCodes.failed;
}
