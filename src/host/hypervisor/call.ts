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

/** Seconds; most scripts end much earlier, even on a slow machine. */
const usual = 60;

/**
 * Seconds after which the connection of a script is closed: the time that the script may wait for something, and some
 * more. Steps have the limit of their unit (Session.step).
 */
const limits: Partial<Readonly<Record<ScriptName, number>>> = {
  // Waits for fleet-autostart for 120 s, and may have to end a dead deployment first.
  begin: 300,
  // Syncs twice.
  confirm: 120,
  // These wait for a way back: a switch, and guests that hang.
  back: 660,
  unlock: 660,
  // Volumes, and processes that do not end.
  cleanup: 600,
  // A store of many years, and the lock that a build has on it.
  gc: 3600,
  // The way back waits for neither.
  reason: 15,
  failure: 15,
  // A dozen tools, of which each may hang for some seconds.
  incident: 90,
  // These read images and hardware.
  inspect: 120,
  runners: 120,
};

/** Characters; enough for an answer with a list of guests. */
const usualLength = 1024 * 1024;

/** Most characters in an answer. Those with facts, records or files may have as many as the host port allows. */
const lengths: Partial<Readonly<Record<ScriptName, number>>> = {
  doctor: 16 * usualLength,
  facts: 16 * usualLength,
  generations: 16 * usualLength,
  health: 16 * usualLength,
  history: 16 * usualLength,
  incident: 4 * usualLength,
  inspect: 16 * usualLength,
  runners: 16 * usualLength,
  status: 16 * usualLength,
  top: 16 * usualLength,
  // Output of guests, which is cut instead of refused.
  reason: 16 * usualLength,
  // A file of 1 MiB, in base64.
  'guest-file': 2 * usualLength,
  // A line or two.
  'guest-run': 16 * 1024,
  unlock: 16 * 1024,
};

/**
 * Runs one script, within its time limit unless `timeoutMs` sets another. @returns its answer, without the greeting
 * @throws Unreadable if the greeting is missing; FleetError with the code that the script gave (`fleet-error` on standard
 * error) or `remote.failed`, and the last lines of its output; `ssh.timed-out` after its limit; `remote.too-much` for
 * an answer that is too long
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
    // Answers of hypervisors enter here, so here they are made printable.
    return greeted(host, name, plainText(result.stdout, Number.POSITIVE_INFINITY));
  }
  throw failureOf(host, options.title ?? name, result);
}

/** Rows of answers that people need not see. */
const answers = /^(access|aside|built|closure|killed|networkd|runs|stray|switched)\t/;

/** The error of a script that failed: its own message on standard error, if any, with the last lines of its output. */
export function failureOf(
  host: Pick<Host, 'name'>,
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

/** Whether a script may use this code. `ssh.` is for the state of the connection, which a script cannot know. */
function isCode(code: string): boolean {
  return /^[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*$/.test(code) && !code.startsWith('ssh.');
}

/** Runs a script and reads its answer. If that is unreadable, the error names the hypervisor. */
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
