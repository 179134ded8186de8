import type { Readable } from 'node:stream';
import { FleetError } from '../../model/errors.ts';
import { plainText } from '../../model/plain-text.ts';
import { Rows, Unreadable } from '../answers/shape.ts';
import { parseTried, type Tried } from '../answers/tried.ts';
import type { Scripts } from '../local/shell.ts';
import { answering, script } from '../scripts.ts';
import { Output } from '../ssh/output.ts';
import { failureOf } from './call.ts';
import { requireGreeting } from './greeting.ts';
import type { Buildable } from './steps.ts';

/** What is to be built, and with which limits. */
export interface BuildOnly {
  /** A git bundle, whose branch `fleet` is built. */
  readonly bundle: Buffer;
  readonly wanted: readonly Buildable[];
  /** Evaluations at a time. */
  readonly jobs: number | 'auto';
  /** Of all of it. */
  readonly limitMs: number;
  /** Where guests run: what it is called there, and the KiB that the store needs free. */
  readonly unit?: { readonly name: string; readonly storeKiB: number };
  /** Called with every line that Nix prints. */
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Ms that the desk still waits after the limit, which ends the build there. */
const slack = 60_000;

/**
 * Builds machines in a folder of its own, and leaves nothing but store paths without roots.
 * @throws FleetError `build.no-tools`, `build.ended`, `build.unreadable`, `build.timed-out`, `preflight.no-space`, `ssh.*`, `interrupted`
 */
export async function buildOnly(on: Scripts, how: BuildOnly): Promise<Tried> {
  const { bundle, wanted, jobs, limitMs, unit, signal } = how;
  const items = wanted.map(({ kind, name }) => `${kind}:${name}`);
  const args = [
    ...[unit?.name ?? '-', String(Math.ceil(limitMs / 1000)), String(unit?.storeKiB ?? 0)],
    ...[String(bundle.length), answering('build-tree'), String(jobs), ...items],
  ];
  const late = AbortSignal.timeout(limitMs + (unit ? slack : 0));
  try {
    const running = await on.open(script('build-only'), args, {
      signal: AbortSignal.any([signal, late]),
    });
    // It stays open: its end says that nobody waits any more.
    running.stdin.write(bundle);
    const [{ code }, stdout, stderr] = await Promise.all([
      running.exit,
      read(running.stdout, (line) => how.onLine(plainText(line))),
      read(running.stderr),
    ]);
    running.stdin.end();
    const answer = plainText(stderr, Number.POSITIVE_INFINITY);
    if (code !== 0) throw failureOf(on, 'build', { code, stdout, stderr: answer });
    requireGreeting(on, 'build-tree', answer);
    return parseTried(
      answer,
      wanted.map(({ name }) => name),
    );
  } catch (error) {
    if (late.aborted && !signal.aborted) throw tooLong(on.name, limitMs);
    throw error instanceof Unreadable ? error.of(on.name) : error;
  }
}

async function read(stream: Readable, onLine?: (line: string) => void): Promise<string> {
  const output = new Output(onLine);
  await output.read(stream);
  return output.text();
}

const tooLong = (name: string, ms: number) =>
  new FleetError('build.timed-out', `the build on ${name} did not finish within ${ms / 1000} s`, {
    hint: 'It was stopped. If it just needs longer, raise rollout.limits.build in fleet.yaml.',
  });

/** The systems that this machine's Nix builds for, itself or with remote builders; none without Nix. */
export async function systemsOf(on: Scripts, signal: AbortSignal): Promise<readonly string[]> {
  const running = await on.open(answering('nix-here'), [], { stdin: '', signal });
  const [, stdout] = await Promise.all([running.exit, read(running.stdout), read(running.stderr)]);
  return Rows.in(plainText(stdout)).firsts('system');
}
