import { verify } from '../app/verify.ts';
import { exitCodes } from '../model/errors.ts';
import { checksText } from '../report/checks-text.ts';
import { checksDocument, documentText } from '../report/documents.ts';
import { styleFor } from '../report/style.ts';
import type { Invocation } from './options.ts';
import { realPorts } from './ports.ts';

/** `fleet verify [--on] [--json]`: the checks of apply, alone. Exit 1 when one fails. */
export async function verifyCommand(
  { common, signal, tell }: Invocation,
  { on, json }: { on?: string; json?: boolean },
): Promise<number> {
  const ports = await realPorts(common, { isAsking: true });
  const { ok, checks, notes } = await verify(
    ports,
    { where: common, ...(on !== undefined && { on }) },
    tell,
    signal,
  );
  process.stdout.write(
    json
      ? documentText(checksDocument(ok, checks, notes))
      : checksText(checks, styleFor(process.stdout), notes),
  );
  return ok ? exitCodes.ok : exitCodes.failed;
}
