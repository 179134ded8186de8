import { spawn } from 'node:child_process';
import { FleetError } from '../../model/errors.ts';
import type { Surroundings } from '../../model/surroundings.ts';
import type { Channel, Link } from '../ssh/link.ts';
import { connectionLost } from '../ssh/lost.ts';
import { dial } from './dial.ts';

/**
 * Commands on this machine, in the form in which ssh has them, so that scripts start, end and are cut off in the one way.
 * Each leads a session of its own: the end of the terminal, or Ctrl-C there, does not reach it, as over ssh.
 * @param shell reads the command
 */
export function localLink(name: string, { env }: Surroundings, shell = 'sh'): Link {
  const label = `${name} (this machine)`;
  const open = new Set<Channel>();
  let isClosed = false;
  const lost = (doing: string) => connectionLost(label, doing, 'it was given up');
  return {
    label,
    at: here(name),
    publicKey: undefined,
    get isClosed() {
      return isClosed;
    },
    exec: async (command, pty) => {
      if (isClosed) throw lost('a command was to start');
      // Node has none to give, and no command of fleet's needs one here.
      if (pty)
        throw new FleetError('local.no-terminal', `${label}: fleet gives no terminals here`, {
          hint: 'Run the command itself: you are on that machine.',
        });
      const channel = start(shell, command, env, label);
      open.add(channel);
      channel.exit.then(
        () => open.delete(channel),
        () => open.delete(channel),
      );
      return channel;
    },
    forward: (address, port, timeoutMs) => dial(label, address, port, timeoutMs),
    lost,
    close: () => {
      isClosed = true;
      for (const channel of open) channel.close();
    },
  };
}

function start(shell: string, command: string, env: Surroundings['env'], label: string): Channel {
  const child = spawn(shell, ['-c', command], { cwd: '/', detached: true, env });
  let giveUp = () => {};
  const exit = new Promise<{ code: number; signal?: string } | undefined>((resolve, reject) => {
    giveUp = () => resolve(undefined);
    child.once('error', (cause) =>
      reject(
        new FleetError('local.no-shell', `${label}: ${shell} could not be started`, { cause }),
      ),
    );
    child.once('close', (code, signal) =>
      resolve(signal ? { code: 255, signal: signal.slice(3) } : { code: code ?? 255 }),
    );
  });
  exit.catch(() => {});
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    exit,
    // As a channel of ssh's: what is under way goes on, and nobody listens any more.
    close: () => {
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
      child.unref();
      giveUp();
    },
  };
}

/** What ssh would know of a destination. Nothing is asked of it but its user and its name. */
function here(name: string): Link['at'] {
  return {
    hostname: 'localhost',
    user: 'root',
    port: 22,
    family: 0,
    identityFiles: [],
    certificateFiles: [],
    identitiesOnly: false,
    agentSocket: undefined,
    proxyJump: undefined,
    proxyCommand: undefined,
    knownHostsFiles: [],
    keyName: name,
    plainKeyName: name,
    hostKeyAlgorithms: [],
    ciphers: [],
    kexAlgorithms: [],
    macs: [],
    connectTimeoutMs: undefined,
    aliveIntervalMs: undefined,
    aliveCountMax: 0,
    isGssapi: false,
    opensshOnly: [],
  };
}
