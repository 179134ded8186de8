import { verify } from '../app/verify.ts';
import { exitCodes } from '../model/errors.ts';
import { checksText } from '../report/checks-text.ts';
import { styleFor } from '../report/style.ts';
import type { Invocation } from './options.ts';
import { realPorts } from './ports.ts';
import { tell } from './tell.ts';

/** `fleet verify [--on] [--json]`: the checks of apply, alone. Exit 1 when one fails. */
export async function verifyCommand(
  { common, signal }: Invocation,
  { on, json }: { on?: string; json?: boolean },
): Promise<number> {
  const ports = await realPorts(common);
  const { ok, checks, notes } = await verify(
    ports,
    { where: common, ...(on !== undefined && { on }) },
    tell,
    signal,
  );
  if (json) {
    const document = { kind: 'verify', version: 1, ok, checks, notes };
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  } else process.stdout.write(checksText(checks, styleFor(process.stdout), notes));
  return ok ? exitCodes.ok : exitCodes.failed;
}
