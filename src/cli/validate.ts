import { validate } from '../app/validate.ts';
import { ConfigError, exitCodes } from '../model/errors.ts';
import type { Invocation } from './options.ts';
import { localPorts } from './ports.ts';

/** `fleet validate [--json]` */
export async function validateCommand(
  { common }: Pick<Invocation, 'common'>,
  options: { json?: boolean },
): Promise<number> {
  const { index, diagnostics, text } = validate(localPorts(), common);
  if (options.json) {
    const document = { kind: 'validate', version: 1, valid: index !== undefined, diagnostics };
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    return index === undefined ? exitCodes.config : exitCodes.ok;
  }
  if (index === undefined) throw new ConfigError(diagnostics, text);
  if (diagnostics.length > 0) {
    const [{ renderDiagnostics }, { hasColours }] = await Promise.all([
      import('../config/frame.ts'),
      import('../report/style.ts'),
    ]);
    const color = hasColours(process.stderr);
    process.stderr.write(renderDiagnostics(diagnostics, text, { color }));
  }
  const { hypervisors, networks, vms } = index.fleet;
  process.stdout.write(
    `${common.config} is valid: ${count(hypervisors, 'hypervisor')}, ${count(networks, 'network')}, ${count(vms, 'vm')}\n`,
  );
  return exitCodes.ok;
}

function count(items: readonly unknown[], word: string): string {
  return `${items.length} ${word}${items.length === 1 ? '' : 's'}`;
}
