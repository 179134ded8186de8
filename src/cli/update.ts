import { update } from '../app/update.ts';
import { exitCodes } from '../model/errors.ts';
import { documentText } from '../report/documents.ts';
import type { Invocation } from './options.ts';
import { realPorts } from './ports.ts';

/** `fleet update [input…]`: makes flake.lock, or renews all or the named inputs in it. */
export async function updateCommand(
  { common, signal, tell }: Invocation,
  { json }: { readonly json?: boolean },
  inputs: readonly string[],
): Promise<number> {
  const outcome = await update(await realPorts(common), { where: common, inputs }, tell, signal);
  process.stdout.write(
    json
      ? documentText({ kind: 'update', version: 1, outcome })
      : outcome === 'unchanged'
        ? 'flake.lock is up to date\n'
        : `${outcome} flake.lock; the next apply commits it\n`,
  );
  return exitCodes.ok;
}
