import { accessSync, constants } from 'node:fs';
import { systemClock } from '../deploy/ports.ts';
import type { HostConnector } from '../host/host.ts';
import { canMoveCursor, type Shown } from './ask.ts';
import { usageError } from './options.ts';

/** Else every connection would fail, in words of ssh's. `none` is no file: what ssh calls to read none. */
export function requireSshConfig(file: string | undefined): void {
  if (file === undefined || file === 'none') return;
  try {
    accessSync(file, constants.R_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw usageError(
      'options.ssh-config',
      code === 'ENOENT' ? `there is no file ${file}` : `cannot read ${file} (${code})`,
      '--ssh-config, or FLEET_SSH_CONFIG, names what ssh reads instead of ~/.ssh/config.',
    );
  }
}

/** For whoever looks on: with --verbose all that is done there, else at a terminal who is waited for. */
export async function shown(
  connector: HostConnector,
  common: Shown,
  isAsking: boolean,
): Promise<HostConnector> {
  if (common.verbose) {
    const { toldConnector } = await import('../host/told.ts');
    return toldConnector(connector, systemClock, (line) => process.stderr.write(`${line}\n`));
  }
  if (!isAsking || !canMoveCursor(common)) return connector;
  const [{ askedConnector }, { asking }] = await Promise.all([
    import('../host/asked.ts'),
    import('./asking.ts'),
  ]);
  return askedConnector(connector, asking(process.stderr));
}
