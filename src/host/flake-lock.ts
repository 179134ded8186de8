import { spawn } from 'node:child_process';
import { FleetError } from '../model/errors.ts';
import { type LockedInput, type LockReading, readLock } from '../model/flake-lock.ts';
import type { Input } from '../model/fleet.ts';
import { plainLine } from '../model/plain-text.ts';
import type { Surroundings } from '../model/surroundings.ts';
import type { Host } from './host.ts';
import { lockInputsOn, lockInputsScript } from './hypervisor/lock-inputs.ts';

/** The input for a flake.lock. */
export interface ToLock {
  /** The text of flake.nix, and the inputs that it was rendered from. */
  readonly flake: string;
  readonly inputs: readonly Input[];
  /** The existing flake.lock. */
  readonly lock: string | undefined;
  /** Inputs to update; the existing lock keeps the others. */
  readonly renew: readonly string[];
}

/** What ends the Nix process, and who is told what it does. */
export interface Locking {
  readonly surroundings: Surroundings;
  /** A person asked to stop. */
  readonly signal: AbortSignal;
  /** Called if Nix takes long, and then with each input and what it is locked to. */
  readonly say: (line: string) => void;
  /** In ms. Default: 15 minutes; Nix fetches every input. */
  readonly timeout?: number;
}

/**
 * Creates or updates flake.lock with the Nix of this machine, or else with that of a hypervisor. A hypervisor is not
 * trusted, so the result is compared with the inputs.
 * @throws FleetError `lock.failed` with what Nix said, `lock.timed-out`, `lock.not-as-declared`, `interrupted`
 */
export async function lockInputs(
  { flake, inputs, lock, renew }: ToLock,
  elsewhere: (() => Promise<Host>) | undefined,
  locking: Locking,
): Promise<string> {
  const { made, where } = await make(flake, lock, renew, elsewhere, locking);
  const reading = requireSound(made, inputs, `the flake.lock that ${where} made`);
  const before = new Set(lock === undefined ? [] : readLock(lock, inputs).inputs.map(lineOf));
  for (const line of reading.inputs.map(lineOf))
    if (!before.has(line)) locking.say(`flake.lock: ${line}`);
  return made;
}

const lineOf = ({ node, from, at }: LockedInput): string =>
  plainLine(`${node} from ${from} at ${at}`);

/** @throws FleetError `lock.not-as-declared` naming the nodes that are not what flake.nix asks for */
export function requireSound(lock: string, inputs: readonly Input[], what: string): LockReading {
  const reading = readLock(lock, inputs);
  if (reading.faults.length === 0) return reading;
  throw new FleetError('lock.not-as-declared', `${what} does not agree with flake.nix`, {
    detail: reading.faults.slice(0, 20).join('\n'),
    hint: 'fleet does not use it: Nix would follow the lock, not flake.nix. See who changed it: git log flake.lock. `fleet update` makes a new one.',
  });
}

async function make(
  flake: string,
  lock: string | undefined,
  renew: readonly string[],
  elsewhere: (() => Promise<Host>) | undefined,
  { signal, say, surroundings, timeout: timeoutMs = 900_000 }: Locking,
): Promise<{ made: string; where: string }> {
  const stdin = `${flake}== lock\n${lock ?? ''}`;
  const limits = { stdin, timeoutMs, signal };
  const here = await telling(say, 'this machine', runHere(renew, { ...limits, surroundings }));
  if (here !== 'no nix') return { made: unwrap(here, 'this machine'), where: 'this machine' };
  if (!elsewhere) {
    throw new FleetError('lock.no-nix', 'there is no Nix on this machine to make flake.lock with', {
      hint: 'Install Nix, or let a hypervisor do it: it has to be reachable.',
    });
  }
  const host = await elsewhere();
  const asked = lockInputsOn(host, renew, limits);
  const made = await telling(say, host.name, asked);
  return { made: unwrap(made, host.name), where: host.name };
}

const interrupted = () => new FleetError('interrupted', 'interrupted; nothing was changed');

function timedOut(ms: number): FleetError {
  return new FleetError('lock.timed-out', `nix flake lock did not finish within ${ms / 1000} s`, {
    hint: 'It was stopped; nothing was changed. Do the urls under `inputs:` answer? Try `nix flake lock` by hand.',
  });
}

function unwrap(result: { code: number; stdout: string; stderr: string }, where: string): string {
  if (result.code === 0) return result.stdout;
  throw new FleetError('lock.failed', `Nix could not lock the inputs on ${where}`, {
    detail: result.stderr.trimEnd().split('\n').slice(-20).join('\n'),
    hint: 'Are the urls under `inputs:` right, and reachable from there?',
  });
}

/** Says after a second what fleet waits for. */
function telling<T>(say: Locking['say'], where: string, work: Promise<T>): Promise<T> {
  const timer = setTimeout(() => say(`nix flake lock runs on ${where}`), 1000);
  return work.finally(() => clearTimeout(timer));
}

function runHere(
  args: readonly string[],
  {
    stdin,
    timeoutMs,
    signal,
    surroundings,
  }: { stdin: string; timeoutMs: number; signal: AbortSignal; surroundings: Surroundings },
): Promise<{ code: number; stdout: string; stderr: string } | 'no nix'> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(interrupted());
      return;
    }
    const guard = 'command -v nix >/dev/null || exit 99';
    const words = ['-c', `${guard}\n${lockInputsScript()}`, 'fleet', ...args];
    // In a process group of its own, so that programs that Nix has started to fetch inputs are ended with it.
    const child = spawn('sh', words, { detached: true, env: surroundings.env });
    const stop = (why: FleetError) => {
      reject(why);
      if (child.pid !== undefined && child.exitCode === null)
        surroundings.signalGroup(child.pid, 'SIGTERM');
    };
    const onAbort = () => stop(interrupted());
    const late = setTimeout(() => stop(timedOut(timeoutMs)), timeoutMs);
    signal.addEventListener('abort', onAbort, { once: true });
    child.once('close', () => {
      clearTimeout(late);
      signal.removeEventListener('abort', onAbort);
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.stdin.on('error', () => undefined);
    child.once('error', reject);
    child.once('close', (code) =>
      resolve(code === 99 ? 'no nix' : { code: code ?? 255, stdout, stderr }),
    );
    child.stdin.end(stdin);
  });
}
