import { codeOfEnd, findDead, titleOf, unlock } from '../app/unlock.ts';
import { exitCodes } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import { outcomeWords } from '../model/result.ts';
import { documentText, unlockDocument } from '../report/documents.ts';
import { confirm } from './ask.ts';
import type { Invocation } from './options.ts';
import { realPorts } from './ports.ts';

/** `fleet unlock HYPERVISOR`: ends a deployment that died there; refuses while it is alive. */
export async function unlockCommand(
  { common, signal, tell }: Invocation,
  options: { readonly yes?: boolean; readonly json?: boolean },
  [hypervisor = '']: readonly string[],
): Promise<number> {
  const ports = await realPorts(common);
  const dead = await findDead(ports, { where: common, hypervisor }, tell, signal);
  try {
    const { open } = dead;
    const give = (text: string, how: Parameters<typeof unlockDocument>[1] = {}) =>
      process.stdout.write(options.json ? documentText(unlockDocument(dead, how)) : text);
    if (!open) {
      give(`${hypervisor} is not locked.\n`);
      return exitCodes.ok;
    }
    const shown = options.json ? process.stderr : process.stdout;
    shown.write(
      `${titleOf(open)}, is no longer running.\n` +
        (open.decided === 'confirmed'
          ? 'It was confirmed; its records will be completed.\n'
          : 'What it changed will be rolled back.\n'),
    );
    if (!options.yes && !(await confirm(`Unlock ${hypervisor}?`, signal))) {
      process.stderr.write('Nothing was changed.\n');
      give('', { declined: true });
      return exitCodes.failed;
    }
    const emit: Emit = (event) => {
      if (event.type === 'cancelling')
        process.stderr.write(
          `\n${hypervisor} finishes it by itself: waiting for its answer. Ctrl-C again leaves at once.\n`,
        );
      else tell(event);
    };
    const result = await unlock(ports, dead, emit, signal);
    const how = result === undefined ? {} : { result };
    give(`${hypervisor} is free${result ? ` (${open.id}: ${outcomeWords(result)})` : ''}.\n`, how);
    return codeOfEnd(result);
  } finally {
    dead.close();
  }
}
