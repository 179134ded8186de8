import type { Diagnostic } from '../model/diagnostic.ts';
import { ConfigError } from '../model/errors.ts';
import type { FleetIndex } from '../model/index.ts';
import type { LocalPorts } from './ports.ts';
import { type Purpose, readConfig } from './workspace/read-config.ts';
import type { Where } from './workspace/where.ts';

export interface Validated {
  /** The text that the diagnostics point into. */
  readonly text: string;
  readonly diagnostics: readonly Diagnostic[];
  /** Undefined: fleet.yaml cannot be used, and the diagnostics say why. */
  readonly index: FleetIndex | undefined;
}

/** Checks fleet.yaml, and whether it and its modules give a hypervisor what it needs. @throws FleetError when it, or its folder, cannot be read */
export function validate(
  ports: Pick<LocalPorts, 'cwd' | 'surroundings'>,
  where: Where,
  purpose: Pick<Purpose, 'ci'> = {},
): Validated {
  try {
    const { index, text, warnings } = readConfig(ports, where, { ...purpose, lacking: true });
    return { index, text, diagnostics: warnings };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { index: undefined, text: error.source, diagnostics: error.diagnostics };
  }
}
