import { validate } from '../app/validate.ts';
import { ConfigError, exitCodes } from '../model/errors.ts';
import { documentText, validationDocument } from '../report/documents.ts';
import type { Invocation } from './options.ts';
import { localPorts } from './ports.ts';

/** `fleet validate [--ci] [--json]` */
export async function validateCommand(
  { common }: Pick<Invocation, 'common'>,
  options: { ci?: boolean; json?: boolean },
): Promise<number> {
  const use = { ci: options.ci ?? false };
  const { index, diagnostics, text } = validate(localPorts(), common, use);
  if (options.json) {
    process.stdout.write(documentText(validationDocument(index !== undefined, diagnostics)));
    return index === undefined ? exitCodes.config : exitCodes.ok;
  }
  if (index === undefined) throw new ConfigError(diagnostics, text);
  if (diagnostics.length > 0) {
    const [{ diagnosticsText }, { hasColours }] = await Promise.all([
      import('../report/diagnostics-text.ts'),
      import('../report/style.ts'),
    ]);
    const color = hasColours(process.stderr);
    process.stderr.write(diagnosticsText(diagnostics, text, { color }));
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
