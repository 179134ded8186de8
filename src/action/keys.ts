import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Inputs } from './inputs.ts';
import type { Runner } from './runner.ts';

const prefix = 'fleet-ssh-';

/** What ssh needs, in a folder that only this user can open. */
export interface Keys {
  /** Options of fleet's. */
  readonly options: readonly string[];
  remove(): void;
}

/**
 * Writes the key, known_hosts and a configuration that names them below RUNNER_TEMP: the runner's own ~/.ssh does not count then.
 * The post step removes them, should this one be killed.
 */
export function writeKeys(runner: Runner, { knownHosts, sshKey }: Inputs): Keys {
  if (sshKey === undefined && knownHosts === undefined) return { options: [], remove: () => {} };
  if (sshKey !== undefined) runner.mask(sshKey);
  const folder = mkdtempSync(join(runner.get('RUNNER_TEMP'), prefix));
  runner.state('folder', folder);
  const write = (name: string, text: string): string => {
    const file = join(folder, name);
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
    return file;
  };
  const lines = ['Host *', '  BatchMode yes', '  StrictHostKeyChecking yes'];
  if (sshKey !== undefined)
    lines.push(
      `  IdentityFile "${write('key', sshKey)}"`,
      '  IdentitiesOnly yes',
      '  IdentityAgent none',
    );
  if (knownHosts !== undefined)
    lines.push(
      `  UserKnownHostsFile "${write('known_hosts', `${knownHosts}\n`)}"`,
      '  GlobalKnownHostsFile none',
    );
  const config = write('config', `${lines.join('\n')}\n`);
  return { options: ['--ssh-config', config], remove: () => removeFolder(folder) };
}

/** In the post step: what the main one has left, where it was killed. */
export function removeKeys(runner: Runner): void {
  const { RUNNER_TEMP: temp, STATE_folder: folder } = runner.env;
  if (!temp || !folder) return;
  // Only what is surely of our making.
  if (resolve(dirname(folder)) === resolve(temp) && basename(folder).startsWith(prefix))
    removeFolder(folder);
}

const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true });
