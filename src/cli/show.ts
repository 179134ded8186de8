import { show } from '../app/show.ts';
import { exitCodes } from '../model/errors.ts';
import { documentText } from '../report/documents.ts';
import { showJson, showText } from '../report/show-text.ts';
import { styleFor } from '../report/style.ts';
import type { Invocation } from './options.ts';
import { localPorts } from './ports.ts';

/** `fleet show NAME [--json]`: a vm, hypervisor or network as it is after defaults and profiles. */
export async function showCommand(
  { common }: Invocation,
  options: { json?: boolean },
  [name = '']: readonly string[],
): Promise<number> {
  const [shown, ...others] = show(localPorts(), { where: common, name });
  const file = common.config;
  if (options.json) {
    process.stdout.write(documentText(showJson(shown, file)));
  } else {
    process.stdout.write(showText(shown, file, styleFor(process.stdout)));
    for (const { kind } of others)
      process.stderr.write(`There is a ${kind} ${name}, too: fleet show ${kind}s.${name}\n`);
  }
  return exitCodes.ok;
}
