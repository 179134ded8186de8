import { exitCodes, FleetError } from '../model/errors.ts';
import { isBelow, type Runner } from './runner.ts';

export const commands = ['validate', 'plan', 'build', 'apply', 'verify', 'rollback'] as const;

/** What the workflow asks for. */
export interface Inputs {
  readonly command: (typeof commands)[number];
  /** A selector; for rollback names. */
  readonly on: string | undefined;
  /** Below the workspace. */
  readonly directory: string;
  readonly sshKey: string | undefined;
  readonly knownHosts: string | undefined;
  readonly build: boolean;
  readonly issue: boolean;
  /** Of the package in npm; undefined: the one in this bundle. */
  readonly version: string | undefined;
  readonly token: string | undefined;
}

/** @throws FleetError `action.input` that names the input and what it may be */
export function readInputs(runner: Runner): Inputs {
  const given = (name: string) => runner.input(name) || undefined;
  const isTrue = (name: string): boolean => {
    const value = runner.input(name).toLowerCase() || 'false';
    if (value !== 'true' && value !== 'false') throw bad(name, value, 'It is true or false.');
    return value === 'true';
  };
  const command = commands.find((one) => one === runner.input('command'));
  if (!command)
    throw bad('command', runner.input('command'), `It is one of ${commands.join(', ')}.`);
  const directory = given('working-directory') ?? '.';
  if (!isBelow(directory))
    throw bad('working-directory', directory, 'It is a folder below the workspace.');
  const on = given('on');
  if (/(^|,)-/.test(on ?? '') || /[\s]/.test(on ?? ''))
    throw bad('on', on ?? '', 'Names, web*, @tag, with commas between them and no blanks.');
  if (command === 'rollback' && on === undefined)
    throw bad('on', '', 'rollback needs the names of what to roll back, with commas between them.');
  const version = given('version');
  if (version !== undefined && !/^\d{1,5}\.\d{1,5}\.\d{1,5}(-[0-9A-Za-z.-]{1,64})?$/.test(version))
    throw bad('version', version, 'It is one version, as 1.2.3, and no range.');
  const inputs: Inputs = {
    command,
    on,
    directory,
    version,
    sshKey: keyOf(given('ssh-key')),
    knownHosts: given('known-hosts'),
    build: isTrue('build'),
    issue: isTrue('issue'),
    token: given('github-token'),
  };
  if (inputs.build && command !== 'plan')
    throw bad('build', 'true', 'It belongs to command: plan. Alone, it is command: build.');
  if (inputs.issue && command !== 'verify' && command !== 'plan')
    throw bad('issue', 'true', 'It belongs to command: verify and command: plan.');
  if (inputs.issue && inputs.token === undefined)
    throw bad('github-token', '', 'Without it no issue can be kept.');
  // A runner of one's own may have an ssh set-up of its own.
  const needsKey = ['apply', 'rollback', 'verify'].includes(command) || inputs.issue;
  if (needsKey && inputs.sshKey === undefined && runner.env.RUNNER_ENVIRONMENT !== 'self-hosted')
    throw new FleetError('action.input', 'input ssh-key is empty', {
      exitCode: exitCodes.usage,
      hint: 'Is there a secret FLEET_SSH_KEY, and does the job name the environment that it is in (environment: fleet)?',
    });
  if (inputs.sshKey !== undefined && inputs.knownHosts === undefined)
    throw bad(
      'known-hosts',
      '',
      'With ssh-key it is needed: lines of known_hosts for every hypervisor, compared by you. An unknown host key is refused. Is there a variable FLEET_KNOWN_HOSTS of the repository?',
    );
  return inputs;
}

/** The key as ssh wants it, never in a message. */
function keyOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const lines = text.replaceAll('\r', '').split('\n');
  const isKey = (line: string | undefined, word: string) =>
    line !== undefined && new RegExp(`^-----${word} [A-Z0-9 ]*PRIVATE KEY-----$`).test(line);
  if (isKey(lines[0], 'BEGIN') && isKey(lines.at(-1), 'END')) return `${lines.join('\n')}\n`;
  throw new FleetError('action.input', 'input ssh-key is not a private key as a file has it', {
    exitCode: exitCodes.usage,
    hint: 'Put the whole file into the secret, with its first and last line, and its line breaks.',
  });
}

function bad(name: string, value: string, hint: string): FleetError {
  const message =
    value === '' ? `input ${name} is missing` : `input ${name} cannot be ${JSON.stringify(value)}`;
  return new FleetError('action.input', message, { exitCode: exitCodes.usage, hint });
}
