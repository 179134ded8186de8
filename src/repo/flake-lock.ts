import { spawn } from 'node:child_process';
import type { Host } from '../host/host.ts';
import { script } from '../host/scripts.ts';
import { FleetError } from '../model/errors.ts';

/**
 * Makes or renews flake.lock with the Nix of this machine, or else with a hypervisor's.
 * @param renew inputs to renew; the lock there is keeps the others
 * @throws FleetError `lock.failed` with what Nix said
 */
export async function lockInputs(
  flake: string,
  lock: string | undefined,
  renew: readonly string[],
  elsewhere: (() => Promise<Host>) | undefined,
): Promise<string> {
  const stdin = `${flake}== lock\n${lock ?? ''}`;
  const here = await runHere(renew, stdin);
  if (here !== 'no nix') return unwrap(here, 'this machine');
  if (!elsewhere) {
    throw new FleetError('lock.no-nix', 'there is no Nix on this machine to make flake.lock with', {
      hint: 'Install Nix, or let a hypervisor do it: it has to be reachable.',
    });
  }
  const host = await elsewhere();
  return unwrap(await host.run(script('lock-inputs'), renew, { stdin }), host.name);
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
