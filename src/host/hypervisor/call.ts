import { FleetError } from '../../model/errors.ts';
import { plainText } from '../../model/plain-text.ts';
import { clip } from '../answers/clip.ts';
import { Unreadable } from '../answers/shape.ts';
import type { Host, RunOptions, RunResult } from '../host.ts';
import { answering, type ScriptName } from '../scripts.ts';
import { greeted, isGreeting } from './greeting.ts';

/** How many lines of remote output an error carries, and how long each of them may be. */
const lastLines = 20;
const lineLength = 500;

/** Seconds within which most scripts have long ended, on a slow machine too. */
const usual = 60;

/**
 * Seconds that a script may take at the other end before its connection is given up: the time that it
 * may wait for something there, and some more. Steps have the limit of their unit (Session.step).
 */
const limits: Partial<Readonly<Record<ScriptName, number>>> = {
  // Waits for fleet-autostart for 120 s, and may put a dead deployment in order first.
  begin: 300,
  // Two writes that wait for the disk.
  confirm: 120,
  // Way backs: a switch, and guests that hang. `back` says for how long it waits.
  back: 660,
  unlock: 660,
  // The way back waits for neither.
  reason: 15,
  failure: 15,
  // They read images and hardware.
  inspect: 120,
  runners: 120,
};

/** Characters of an answer that names no longer lists than a hypervisor has guests. */
const usualLength = 1024 * 1024;

/** Characters that an answer may have. Of facts, records and files there may be as many as the port lets through. */
const lengths: Partial<Readonly<Record<ScriptName, number>>> = {
  facts: 16 * usualLength,
  generations: 16 * usualLength,
  health: 16 * usualLength,
  history: 16 * usualLength,
  inspect: 16 * usualLength,
  runners: 16 * usualLength,
  // What guests said: it is cut, and not refused.
  reason: 16 * usualLength,
  // A line or two.
  'guest-run': 16 * 1024,
  unlock: 16 * 1024,
};

/**
 * Runs one script, within its limit unless `timeoutMs` says another. @returns its answer, without the line that
 * says whose it is. @throws Unreadable for one without that line; FleetError with the code
 * that the script gave (`fleet-error` on standard error), or `remote.failed`, and the last lines of its
 * output; `ssh.timed-out` after its limit, `remote.too-much` when it says more than anybody reads.
 */
export async function runScript(
  host: Host,
  name: ScriptName,
  args: readonly string[],
  options: Omit<RunOptions, 'onLine'> = {},
): Promise<string> {
  const timeoutMs = (limits[name] ?? usual) * 1000;
  const result = await host.run(answering(name), args, { timeoutMs, title: name, ...options });
  if (result.code === 0) {
    const most = lengths[name] ?? usualLength;
    if (result.stdout.length > most)
      throw new FleetError(
        'remote.too-much',
        `${name} on ${host.name} said more than ${most} characters`,
      );
    // Whatever a hypervisor says enters here, and only printable.
    return greeted(host, name, plainText(result.stdout, Number.POSITIVE_INFINITY));
  }
  throw failureOf(host, options.title ?? name, result);
}

/** Words with which rows of answers begin that no person reads. */
const answers = /^(access|aside|built|closure|killed|networkd|switched)\t/;

/** Why a script failed: in its own words on standard error, with the last lines that it printed. */
export function failureOf(
  host: Host,
  title: string,
  { code, stdout, stderr }: RunResult,
): FleetError {
  const said = stderr.split('\n').findLast((l) => l.startsWith('fleet-error\t'));
  const detail = `${stdout}\n${stderr}`
    .split('\n')
    .filter((l) => l.trim() !== '' && !l.startsWith('fleet-error\t') && !answers.test(l))
    .filter((l) => !isGreeting(l))
    .slice(-lastLines);
  const [, own = '', ...message] = said?.split('\t') ?? [];
  return new FleetError(
    isCode(own) ? own : 'remote.failed',
    message.length > 0
      ? clip(message.join('\t'), lineLength)
      : `${title} failed on ${host.name} (exit ${code})`,
    detail.length > 0 ? { detail: detail.map((l) => clip(l, lineLength)).join('\n') } : {},
  );
}

/** What a script may say of itself; what became of the connection is not its to say. */
function isCode(code: string): boolean {
  return /^[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*$/.test(code) && !code.startsWith('ssh.');
}

/** Runs a script and reads its answer. One that cannot be read is the fault of that hypervisor, which is named. */
export async function ask<T>(
  host: Host,
  name: ScriptName,
  args: readonly string[],
  read: (answer: string) => T,
  options: Omit<RunOptions, 'onLine'> = {},
): Promise<T> {
  const answer = await runScript(host, name, args, options);
  try {
    return read(answer);
  } catch (error) {
    throw error instanceof Unreadable ? error.of(host.name) : error;
  }
}
