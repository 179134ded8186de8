import { spawn } from 'node:child_process';
import { FleetError } from '../../model/errors.ts';
import type { Surroundings } from '../../model/surroundings.ts';
import type { Host } from '../host.ts';

/** Whoever runs scripts: a hypervisor, or this machine. */
export type Scripts = Pick<Host, 'name' | 'open'>;

/** Runs scripts on this machine, as whoever runs fleet. They lead a group of processes, which ends with them. */
export function localShell({ env, signalGroup }: Surroundings, name: string): Scripts {
  return {
    name,
    open: async (script, args, { stdin, signal } = {}) => {
      if (signal?.aborted) throw interrupted();
      const child = spawn('sh', ['-c', script, 'fleet', ...args], { detached: true, env });
      child.stdin.on('error', () => {});
      if (stdin !== undefined) child.stdin.end(stdin);
      const stop = () => {
        if (child.pid !== undefined && child.exitCode === null) signalGroup(child.pid, 'SIGTERM');
      };
      signal?.addEventListener('abort', stop, { once: true });
      const exit = new Promise<{ code: number }>((resolve, reject) => {
        child.once('error', (cause) =>
          reject(new FleetError('local.no-shell', 'sh could not be started here', { cause })),
        );
        child.once('close', (code) => {
          signal?.removeEventListener('abort', stop);
          if (signal?.aborted) reject(interrupted());
          else resolve({ code: code ?? 255 });
        });
      });
      exit.catch(() => {});
      return { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, exit };
    },
  };
}

const interrupted = () => new FleetError('interrupted', 'interrupted');
