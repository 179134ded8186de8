import { renderFiles } from '../app/render.ts';
import { exitCodes } from '../model/errors.ts';
import type { Invocation } from './options.ts';
import { localPorts } from './ports.ts';

/** `fleet render [--check]` */
export async function renderCommand(
  { common }: Invocation,
  { check = false }: { check?: boolean },
): Promise<number> {
  const { write, remove, unchanged } = renderFiles(localPorts(), { where: common, check });
  for (const path of write) process.stdout.write(`${check ? 'out of date' : 'wrote'} ${path}\n`);
  for (const path of remove) process.stdout.write(`${check ? 'left over' : 'removed'} ${path}\n`);
  const stale = write.length + remove.length;
  process.stderr.write(
    `${unchanged} file${unchanged === 1 ? '' : 's'} up to date, ${stale} ${check ? 'not' : 'changed'}\n`,
  );
  return check && stale > 0 ? exitCodes.failed : exitCodes.ok;
}
