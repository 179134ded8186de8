import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { FleetError } from '../model/errors.ts';
import { childEnvironment, run, type Signals } from './child.ts';
import type { Runner } from './runner.ts';

/** Installs another version from npm, in a folder that nothing of the workspace reaches. @returns fleet's main file */
export async function install(runner: Runner, version: string, signals: Signals): Promise<string> {
  const cwd = mkdtempSync(join(runner.get('RUNNER_TEMP'), 'fleet-npm-'));
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-save', '--prefix', cwd];
  runner.group(`npm install microvm-fleet@${version}`);
  const { code } = await run({
    command: 'npm',
    args: ['install', ...options, `microvm-fleet@${version}`],
    cwd,
    env: childEnvironment(runner.env),
    signals,
    onLine: (line) => runner.say(line),
    onError: (line) => runner.say(line),
  });
  runner.endGroup();
  if (code === 0) return join(cwd, 'node_modules/microvm-fleet/dist/main.js');
  throw new FleetError('action.install', `npm could not install microvm-fleet@${version}`, {
    hint: 'What npm said is in the log. Without the input version no registry is needed.',
  });
}
