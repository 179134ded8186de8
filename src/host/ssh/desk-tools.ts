import { execFile } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { setTimeout } from 'node:timers/promises';
import type { Surroundings } from '../../model/surroundings.ts';
import type { DeskTools } from '../desk.ts';
import { agentKeys } from './agent.ts';
import type { SshOptions } from './open-link.ts';
import { resolve } from './resolve.ts';
import { runTool } from './tool.ts';

/** Nobody waits longer for what is merely told. */
const patienceMs = 5000;

/** This machine, as `sshConnector` uses it with the same options. */
export function deskTools({ surroundings: { env }, configFile }: SshOptions): DeskTools {
  return {
    // It says so on standard error.
    sshVersion: async () => (await runTool('ssh', ['-V'], env)).stderr.split(/[,\n]/)[0] ?? '',
    wayTo: async (target, by) => {
      const at = await resolve(target, by === 'no-config' ? 'none' : configFile, env);
      const { agentSocket, hostname, port, proxyJump: jump, user } = at;
      const isProxied = jump !== undefined || at.proxyCommand !== undefined;
      return { hostname, user, port, jump, isProxied, agentSocket };
    },
    agentKeys: (socket) => soon(agentKeys(socket).then((keys) => keys.length)),
    addressesOf: async (hostname) => {
      const found = await soon(lookup(hostname, { all: true }));
      return (found ?? []).map(({ address }) => address);
    },
    tailscale: () => tailscaleState(env),
  };
}

/** What comes in time and without an error. */
async function soon<T>(work: Promise<T>): Promise<T | undefined> {
  const late = new AbortController();
  try {
    const { signal } = late;
    return await Promise.race([work, setTimeout(patienceMs, undefined, { signal })]);
  } catch {
    return undefined;
  } finally {
    late.abort();
  }
}

function tailscaleState(env: Surroundings['env']): Promise<string | undefined> {
  return new Promise((resolve) => {
    const args = ['status', '--json', '--peers=false'];
    const options = { env, timeout: patienceMs, maxBuffer: 1024 * 1024 };
    const child = execFile('tailscale', args, options, (_error, stdout) => {
      try {
        const { BackendState } = JSON.parse(stdout) as { BackendState?: unknown };
        const isWord = typeof BackendState === 'string' && /^[A-Za-z]{1,30}$/.test(BackendState);
        resolve(isWord ? BackendState : undefined);
      } catch {
        resolve(undefined);
      }
    });
    child.stdin?.end();
  });
}
