import { update } from '../app/update.ts';
import { exitCodes } from '../model/errors.ts';
import type { Invocation } from './options.ts';
import { realPorts } from './ports.ts';

/** `fleet update [input…]`: makes flake.lock, or renews all or the named inputs in it. */
export async function updateCommand(
  { common, signal, tell }: Invocation,
  _options: object,
  inputs: readonly string[],
): Promise<number> {
  const how = await update(await realPorts(common), { where: common, inputs }, tell, signal);
  process.stdout.write(
    how === 'unchanged'
      ? 'flake.lock is up to date\n'
      : `${how} flake.lock; the next apply commits it\n`,
  );
  return exitCodes.ok;
}
