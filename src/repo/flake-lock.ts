import { spawn } from 'node:child_process';
import type { Host } from '../host/host.ts';
import { script } from '../host/scripts.ts';
import { FleetError } from '../model/errors.ts';
import { type LockedInput, type LockReading, readLock } from '../model/flake-lock.ts';
import type { Input } from '../model/fleet.ts';

/** What a flake.lock is made from. */
export interface ToLock {
  /** The text of flake.nix, and the inputs that it was rendered from. */
  readonly flake: string;
  readonly inputs: readonly Input[];
  /** The one there is. */
  readonly lock: string | undefined;
  /** Inputs to renew; the lock there is keeps the others. */
  readonly renew: readonly string[];
}

/**
 * Makes or renews flake.lock with the Nix of this machine, or else with a hypervisor's, whose word is not taken: what
 * it made is held against the inputs. @param say is told what is locked, and to what
 * @throws FleetError `lock.failed` with what Nix said, `lock.not-as-declared`
 */
export async function lockInputs(
  { flake, inputs, lock, renew }: ToLock,
  elsewhere: (() => Promise<Host>) | undefined,
  say: (line: string) => void,
): Promise<string> {
  const { made, where } = await make(flake, lock, renew, elsewhere);
  const reading = requireSound(made, inputs, `the flake.lock that ${where} made`);
  const before = new Set(lock === undefined ? [] : readLock(lock, inputs).inputs.map(lineOf));
  for (const line of reading.inputs.map(lineOf)) if (!before.has(line)) say(`flake.lock: ${line}`);
  return made;
}

const lineOf = ({ node, from, at }: LockedInput): string => `${node} from ${from} at ${at}`;

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
): Promise<{ made: string; where: string }> {
  const stdin = `${flake}== lock\n${lock ?? ''}`;
  const here = await runHere(renew, stdin);
  if (here !== 'no nix') return { made: unwrap(here, 'this machine'), where: 'this machine' };
  if (!elsewhere) {
    throw new FleetError('lock.no-nix', 'there is no Nix on this machine to make flake.lock with', {
      hint: 'Install Nix, or let a hypervisor do it: it has to be reachable.',
    });
  }
  const host = await elsewhere();
  const made = await host.run(script('lock-inputs'), renew, { stdin, timeoutMs: 900_000 });
  return { made: unwrap(made, host.name), where: host.name };
}

function unwrap(result: { code: number; stdout: string; stderr: string }, where: string): string {
  if (result.code === 0) return result.stdout;
  throw new FleetError('lock.failed', `Nix could not lock the inputs on ${where}`, {
    detail: result.stderr.trimEnd().split('\n').slice(-20).join('\n'),
    hint: 'Are the urls under `inputs:` right, and reachable from there?',
  });
}

function runHere(
  args: readonly string[],
  stdin: string,
): Promise<{ code: number; stdout: string; stderr: string } | 'no nix'> {
  return new Promise((resolve, reject) => {
    const guard = 'command -v nix >/dev/null || exit 99';
    const child = spawn('sh', ['-c', `${guard}\n${script('lock-inputs')}`, 'fleet', ...args]);
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
