import { FleetError } from '../../model/errors.ts';
import { plainText } from '../../model/plain-text.ts';
import { Rows, Unreadable } from '../answers/shape.ts';
import type { Host } from '../host.ts';
import { script, stepScript } from '../scripts.ts';
import { failureOf } from './call.ts';
import { requireGreeting } from './greeting.ts';
import type { Step } from './steps.ts';

/** Most characters in the answer of a step. That of access.sh has all users and networks of a system. */
const longest = 4 * 1024 * 1024;

/** One try to run a step, or to follow one whose connection was lost. */
export interface Try {
  /** Id of the deployment. */
  readonly id: string;
  /** Number of the step: three digits. */
  readonly number: string;
  /** Time limit of its unit. */
  readonly seconds: number;
  /** Ms that fleet waits for it. */
  readonly timeoutMs: number;
  /** Absent: begin the step. Else follow it; the number of lines of its log that came before the connection was lost. */
  readonly follow?: number;
  /** Called with every line of its log. */
  readonly onLine: (line: string) => void;
  /** Called with each guest that did not stop in time and was killed, also if the step fails. */
  readonly onKilled: (guest: string) => void;
}

/**
 * Runs a step as a transient unit, which a lost connection does not stop, and reads its answer. The log comes on
 * standard output and the answer on standard error, so what a build or a switch prints cannot pass for an answer.
 * @throws FleetError as runScript
 */
export async function runStep<T>(host: Host, step: Step<T>, how: Try): Promise<T> {
  const { id, number, timeoutMs } = how;
  const begins = how.follow === undefined;
  const words = [id, number, step.script, String(how.seconds)];
  const args = begins ? [...words, step.kind, ...step.args] : [...words, String(how.follow)];
  const result = await host.run(script(begins ? 'step' : 'follow'), args, {
    title: step.title,
    isLong: true,
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
