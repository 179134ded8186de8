import { effective } from '../config/effective.ts';
import { didYouMean } from '../config/suggest.ts';
import { exitCodes, FleetError } from '../model/errors.ts';
import { showJson, showText } from '../report/show-text.ts';
import { styleFor } from '../report/style.ts';
import type { Invocation } from './options.ts';
import { readConfig } from './read-config.ts';

/** `fleet show NAME [--json]`: a vm, hypervisor or network as it is after defaults and profiles. */
export async function showCommand(
  invocation: Invocation,
  options: { json?: boolean },
  [name = '']: readonly string[],
): Promise<number> {
  const { index, text } = readConfig(invocation.common);
  const { fleet } = index;
  const [shown, ...others] = effective(text, fleet, name);
  if (!shown) {
    const names = [...fleet.vms, ...fleet.hypervisors, ...fleet.networks].map(
      (thing) => thing.name,
    );
    throw new FleetError('show.nothing', `no vm, hypervisor or network is called ${name}`, {
      exitCode: exitCodes.usage,
      hint: didYouMean(name, names) ?? 'Names are those of fleet.yaml.',
    });
  }
  const file = invocation.common.config;
  if (options.json) {
    process.stdout.write(`${JSON.stringify(showJson(shown, file), null, 2)}\n`);
  } else {
    process.stdout.write(showText(shown, file, styleFor(process.stdout)));
    for (const { kind } of others)
      process.stderr.write(`There is a ${kind} ${name}, too: fleet show ${kind}s.${name}\n`);
  }
  return exitCodes.ok;
}
