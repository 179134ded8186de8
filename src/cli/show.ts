import { hostKeys } from '../app/host-keys.ts';
import { show } from '../app/show.ts';
import { exitCodes } from '../model/errors.ts';
import { documentText, hostKeysDocument } from '../report/documents.ts';
import { knownHostsText } from '../report/known-hosts-text.ts';
import { showDocument, showText } from '../report/show-text.ts';
import { styleFor } from '../report/style.ts';
import type { Invocation } from './options.ts';
import { localPorts, realPorts } from './ports.ts';

/**
 * `fleet show NAME [--host-key] [--json]`: a vm, hypervisor or network as it is after defaults and profiles, or a vm's
 * line for known_hosts.
 */
export async function showCommand(
  { common, signal, tell }: Invocation,
  options: { hostKey?: boolean; json?: boolean },
  [name = '']: readonly string[],
): Promise<number> {
  if (options.hostKey) {
    const known = await hostKeys(await realPorts(common), { where: common, name }, tell, signal);
    process.stdout.write(
      options.json ? documentText(hostKeysDocument(known)) : knownHostsText(known),
    );
    return exitCodes.ok;
  }
  const [shown, ...others] = show(localPorts(), { where: common, name });
  const file = common.config;
  if (options.json) {
    process.stdout.write(documentText(showDocument(shown, file)));
  } else {
    process.stdout.write(showText(shown, file, styleFor(process.stdout)));
    for (const { kind } of others)
      process.stderr.write(`There is a ${kind} ${name}, too: fleet show ${kind}s.${name}\n`);
  }
  return exitCodes.ok;
}
