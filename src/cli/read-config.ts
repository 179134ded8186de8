import { realpathSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { readFleet } from '../config/read-fleet.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { ConfigError, exitCodes, FleetError } from '../model/errors.ts';
import { type FleetIndex, indexFleet } from '../model/index.ts';
import { readWithin } from '../repo/work-tree.ts';
import type { CommonOptions } from './options.ts';

/** A fleet.yaml on this desk, read. */
export interface Config {
  /** Absolute. */
  readonly directory: string;
  /** Relative to the directory. */
  readonly config: string;
  readonly text: string;
  readonly index: FleetIndex;
  readonly warnings: readonly Diagnostic[];
}

/** Where fleet.yaml is: the folder, and its name in it. @throws FleetError `workspace.*` */
export function locateConfig(common: CommonOptions): { directory: string; config: string } {
  let directory: string;
  try {
    directory = realpathSync(common.directory);
  } catch {
    throw new FleetError('workspace.no-folder', `there is no folder ${common.directory}`, {
      exitCode: exitCodes.usage,
    });
  }
  const file = resolve(directory, common.config);
  // The name that git has for it, however it was written.
  const config = relative(directory, file);
  if (config.startsWith('..')) {
    throw new FleetError('workspace.config-outside', `${common.config} is not in ${directory}`, {
      exitCode: exitCodes.usage,
      hint: 'fleet.yaml is committed with what is rendered from it: it has to be in the same repository (-C DIR).',
    });
  }
  return { directory, config };
}

/** @throws ConfigError for a bad fleet.yaml; FleetError when it or the folder is not there. */
export function readConfig(common: CommonOptions): Config {
  const { directory, config } = locateConfig(common);
  const file = resolve(directory, common.config);
  let text: string | undefined;
  let why = 'ENOENT';
  try {
    text = readWithin(directory, config);
  } catch (error) {
    if (error instanceof FleetError) throw error;
    why = (error as NodeJS.ErrnoException).code ?? why;
  }
  if (text === undefined) {
    throw new FleetError('workspace.no-config', `cannot read ${file} (${why})`, {
      exitCode: exitCodes.usage,
      hint: '`fleet init` writes a first one; -C DIR names another repository.',
    });
  }
  const read = readFleet(text, common.config);
  if ('diagnostics' in read) throw new ConfigError(read.diagnostics, text);
  return { directory, config, text, index: indexFleet(read.fleet), warnings: read.warnings };
}
