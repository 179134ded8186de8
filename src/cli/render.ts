import { renderFiles } from '../app/render.ts';
import { exitCodes } from '../model/errors.ts';
import { documentText, renderDocument } from '../report/documents.ts';
import type { Invocation } from './options.ts';
import { localPorts } from './ports.ts';

/** `fleet render [--check] [--json]` */
export async function renderCommand(
  { common }: Invocation,
  { check = false, json }: { readonly check?: boolean; readonly json?: boolean },
): Promise<number> {
  const rendered = renderFiles(localPorts(), { where: common, check });
  const { write, remove, unchanged } = rendered;
  const stale = write.length + remove.length;
  const code = check && stale > 0 ? exitCodes.failed : exitCodes.ok;
  if (json) {
    process.stdout.write(documentText(renderDocument(rendered, check)));
    return code;
  }
  for (const path of write) process.stdout.write(`${check ? 'out of date' : 'wrote'} ${path}\n`);
  for (const path of remove) process.stdout.write(`${check ? 'left over' : 'removed'} ${path}\n`);
  process.stderr.write(
    `${unchanged} file${unchanged === 1 ? '' : 's'} up to date, ${stale} ${check ? 'not' : 'changed'}\n`,
  );
  return code;
}
