import { FleetError } from '../../model/errors.ts';
import { plainText } from '../../model/plain-text.ts';
import { Rows, Unreadable } from '../answers/shape.ts';
import type { Host } from '../host.ts';
import { script, stepScript } from '../scripts.ts';
import { failureOf } from './call.ts';
import { requireGreeting } from './greeting.ts';
import type { Step } from './steps.ts';

/** Characters that the answer of a step may have: access.sh's has all users and networks of a system. */
const longest = 4 * 1024 * 1024;

/** One try to run a step, or to follow one that lost its connection. */
export interface Try {
  /** Of the deployment. */
  readonly id: string;
  /** Of the step: three digits. */
  readonly number: string;
  /** After which its unit is ended. */
  readonly seconds: number;
  /** Ms that the desk waits for it. */
  readonly timeoutMs: number;
  /** Absent: it begins. Else the number of lines of its log that came before the connection was lost. */
  readonly follow?: number;
  /** Told of every line of its log. */
  readonly onLine: (line: string) => void;
  /** Told of guests that did not stop in time and were killed, also when the step fails. */
  readonly onKilled: (guest: string) => void;
}

/**
 * Runs a step as a transient unit, which a lost link does not stop, and reads its answer. Its log comes on
 * standard output and its answer on standard error: whatever a build or a switch prints is no answer.
 * @throws FleetError as runScript
 */
export async function runStep<T>(host: Host, step: Step<T>, how: Try): Promise<T> {
  const { id, number, timeoutMs } = how;
  const begins = how.follow === undefined;
  const words = [id, number, step.script, String(how.seconds)];
  const args = begins ? [...words, step.kind, ...step.args] : [...words, String(how.follow)];
  const result = await host.run(script(begins ? 'step' : 'follow'), args, {
    title: step.title,
    timeoutMs,
    onLine: (line) => how.onLine(plainText(line)),
    ...(begins && { stdin: stepScript(step.script) }),
  });
  if (result.stderr.length > longest)
    throw new FleetError(
      'remote.too-much',
      `${step.title} on ${host.name} answered more than ${longest} characters`,
    );
  const answer = plainText(result.stderr, Number.POSITIVE_INFINITY);
  for (const guest of Rows.in(answer).firsts('killed')) how.onKilled(guest);
  if (result.code !== 0) throw failureOf(host, step.title, { ...result, stderr: answer });
  requireGreeting(host, step.script, answer);
  try {
    return step.read(answer);
  } catch (error) {
    throw error instanceof Unreadable ? error.of(host.name) : error;
  }
}
