import { exitCodes } from '../model/errors.ts';
import type { Invocation } from './options.ts';
import { openWorkspace, requireNoConflicts, writeRendered } from './workspace.ts';

/** `fleet render [--check]` */
export async function renderCommand(
  invocation: Invocation,
  options: { check?: boolean },
): Promise<number> {
  const workspace = openWorkspace(invocation.common);
  requireNoConflicts(workspace);
  const { write, remove, unchanged } = workspace.changes;
  if (!options.check) writeRendered(workspace);
  for (const path of write)
    process.stdout.write(`${options.check ? 'out of date' : 'wrote'} ${path}\n`);
  for (const path of remove)
    process.stdout.write(`${options.check ? 'left over' : 'removed'} ${path}\n`);
  const stale = write.length + remove.length;
  process.stderr.write(
    `${unchanged} file${unchanged === 1 ? '' : 's'} up to date, ${stale} ${options.check ? 'not' : 'changed'}\n`,
  );
  return options.check && stale > 0 ? exitCodes.failed : exitCodes.ok;
}
