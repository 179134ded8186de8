import { ConfigError, exitCodes } from '../model/errors.ts';
import type { Invocation } from './options.ts';
import { readConfig } from './read-config.ts';

/** `fleet validate [--json]` */
export async function validate(
  invocation: Invocation,
  options: { json?: boolean },
): Promise<number> {
  try {
    const { index, warnings, text } = readConfig(invocation.common);
    const { fleet } = index;
    if (options.json) {
      process.stdout.write(
        `${JSON.stringify({ kind: 'validate', version: 1, valid: true, diagnostics: warnings }, null, 2)}\n`,
      );
      return exitCodes.ok;
    }
    if (warnings.length > 0) {
      const [{ renderDiagnostics }, { hasColours }] = await Promise.all([
        import('../config/frame.ts'),
        import('../report/style.ts'),
      ]);
      process.stderr.write(
        renderDiagnostics(warnings, text, { color: hasColours(process.stderr) }),
      );
    }
    process.stdout.write(
      `${invocation.common.config} is valid: ${count(fleet.hypervisors, 'hypervisor')}, ${count(fleet.networks, 'network')}, ${count(fleet.vms, 'vm')}\n`,
    );
    return exitCodes.ok;
  } catch (error) {
    if (!options.json || !(error instanceof ConfigError)) throw error;
    const document = { kind: 'validate', version: 1, valid: false, diagnostics: error.diagnostics };
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    return exitCodes.config;
  }
}

function count(items: readonly unknown[], word: string): string {
  return `${items.length} ${word}${items.length === 1 ? '' : 's'}`;
}
