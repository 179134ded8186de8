import { realpathSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { readFleet } from '../../config/read-fleet.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { ConfigError, exitCodes, FleetError } from '../../model/errors.ts';
import { type FleetIndex, indexFleet } from '../../model/index.ts';
import { readWithin } from '../../repo/work-tree.ts';
import type { LocalPorts } from '../ports.ts';
import { type Found, findUp } from './find-up.ts';
import type { Where } from './where.ts';

/** A fleet.yaml on this desk, read. Its folder is absolute, its name relative to that. */
export interface Config extends Where {
  readonly text: string;
  readonly index: FleetIndex;
  readonly warnings: readonly Diagnostic[];
}

/** What it is read for. */
export interface Purpose {
  /** A runner, which has no ~/.ssh/config. */
  readonly ci?: boolean;
  /** Finding what a hypervisor lacks, as far as the repository says it. */
  readonly lacking?: boolean;
}

/**
 * Where fleet.yaml is: the folder, which may be one above the one that is named, and its name in it.
 * @throws FleetError `workspace.*`
 */
export function locateConfig(
  ports: Pick<LocalPorts, 'cwd' | 'surroundings'>,
  where: Where,
): Where & Found {
  let directory: string;
  try {
    directory = realpathSync(resolve(ports.cwd, where.directory));
  } catch {
    throw new FleetError('workspace.no-folder', `there is no folder ${where.directory}`, {
      exitCode: exitCodes.usage,
    });
  }
  // Its name as git has it, however the user wrote the path.
  const config = relative(directory, resolve(directory, where.config));
  if (config.startsWith('..')) {
    throw new FleetError('workspace.config-outside', `${where.config} is not in ${directory}`, {
      exitCode: exitCodes.usage,
      hint: 'fleet.yaml is committed together with what is rendered from it: it must be in the same repository (-C DIR).',
    });
  }
  return { ...findUp(directory, config, ports.surroundings.env.HOME), config };
}

/** @throws ConfigError for a bad fleet.yaml; FleetError when it, or its folder, does not exist. */
export function readConfig(
  ports: Pick<LocalPorts, 'cwd' | 'surroundings'>,
  where: Where,
  { ci = false, lacking = false }: Purpose = {},
): Config {
  const { directory, config, highest } = locateConfig(ports, where);
  const file = resolve(directory, config);
  let text: string | undefined;
  let why = 'ENOENT';
  try {
    text = readWithin(directory, config);
  } catch (error) {
    if (error instanceof FleetError) throw error;
    why = (error as NodeJS.ErrnoException).code ?? why;
  }
  if (text === undefined) {
    const above = highest === directory ? '' : `, and none is above it, up to ${highest}`;
    throw new FleetError('workspace.no-config', `cannot read ${file} (${why})${above}`, {
      exitCode: exitCodes.usage,
      hint: '`fleet init` writes a first one; -C DIR names another repository.',
    });
  }
  const read = readFleet(text, where.config, {
    ci,
    ...(lacking && { readModule: (path) => moduleText(directory, path) }),
  });
  if ('diagnostics' in read) throw new ConfigError(read.diagnostics, text);
  return { directory, config, text, index: indexFleet(read.fleet), warnings: read.warnings };
}

/** Of a file in the repository; a folder, or what cannot be read, says nothing here. */
function moduleText(directory: string, path: string): string | undefined {
  try {
    return readWithin(directory, path);
  } catch {
    return undefined;
  }
}

/** What git may take, as fleet.yaml says. */
export const gitLimits = ({ fleet }: FleetIndex): { readonly timeout: number } => ({
  timeout: fleet.git.timeout,
});
