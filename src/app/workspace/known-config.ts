import { join, relative } from 'node:path';
import { readFleet } from '../../config/read-fleet.ts';
import { ConfigError, FleetError } from '../../model/errors.ts';
import type { Emit } from '../../model/events.ts';
import { indexFleet } from '../../model/index.ts';
import { timestamp } from '../../model/time.ts';
import { openRepo } from '../../repo/open.ts';
import type { LocalPorts } from '../ports.ts';
import { type Config, locateConfig, readConfig } from './read-config.ts';
import type { Where } from './where.ts';

/**
 * fleet.yaml for commands that look at what runs, or roll it back: they work even in the middle of an edit. If it is
 * invalid, the last valid one in git is used instead, and a warning says so.
 * @throws ConfigError, FleetError as readConfig, when git has none either
 */
export async function knownConfig(ports: LocalPorts, where: Where, emit: Emit): Promise<Config> {
  const config = await usable(ports, where, emit);
  return where.only === undefined ? config : alone(config, where.only);
}

/** The same fleet, as if it had this hypervisor alone. */
function alone(config: Config, only: string): Config {
  const { fleet } = config.index;
  const hypervisors = fleet.hypervisors.filter(({ name }) => name === only);
  const vms = fleet.vms.filter(({ on }) => on === only);
  return { ...config, index: indexFleet({ ...fleet, hypervisors, vms }) };
}

async function usable(ports: LocalPorts, where: Where, emit: Emit): Promise<Config> {
  try {
    return readConfig(ports, where);
  } catch (error) {
    const isMissing = error instanceof FleetError && error.code === 'workspace.no-config';
    if (!isMissing && !(error instanceof ConfigError)) throw error;
    const known = await lastKnown(ports, where);
    if (!known) throw error;
    const { config, commit, at } = known;
    const why = isMissing
      ? `there is no ${config.config} here`
      : `${error.message} (fleet validate)`;
    emit({
      type: 'note',
      text: `${why}; using fleet.yaml of commit ${commit.slice(0, 8)}, ${timestamp(at)}`,
    });
    return config;
  }
}

/** A fleet.yaml of the past, and the commit that it is of. */
export interface KnownConfig {
  readonly config: Config;
  readonly commit: string;
  /** Seconds since the epoch. */
  readonly at: number;
}

/** The last fleet.yaml in git that can be used; undefined: there is none, or no git. */
export async function lastKnown(ports: LocalPorts, where: Where): Promise<KnownConfig | undefined> {
  const { directory, config } = locateConfig(ports, where);
  try {
    // What git.timeout says is in the file that cannot be read.
    const repo = await openRepo(directory, ports.surroundings);
    const past = await repo.past(relative(repo.top, join(directory, config)));
    for (const { commit, at, text } of past) {
      const read = readFleet(text, where.config);
      if ('diagnostics' in read) continue;
      const { fleet, warnings } = read;
      return {
        commit,
        at,
        config: { directory, config, text, index: indexFleet(fleet), warnings },
      };
    }
  } catch {
    // No git, or no repository: report what is wrong with fleet.yaml.
  }
  return undefined;
}
