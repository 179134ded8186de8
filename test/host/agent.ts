import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Desk } from './sshd.ts';

/** A real ssh-agent. */
export interface Agent {
  readonly socket: string;
  add(file: string, ...options: string[]): void;
  forgetAll(): void;
  stop(): void;
}

let count = 0;

export async function startAgent(desk: Desk, ...options: string[]): Promise<Agent> {
  const socket = desk.path(`agent${++count}.sock`);
  const child = spawn('ssh-agent', ['-D', '-a', socket, ...options], { stdio: 'ignore' });
  while (!existsSync(socket)) await new Promise((done) => setTimeout(done, 10));
  const env = { ...process.env, SSH_AUTH_SOCK: socket };
  return {
    socket,
    add: (file, ...more) => void execFileSync('ssh-add', ['-q', ...more, file], { env }),
    forgetAll: () => void execFileSync('ssh-add', ['-q', '-D'], { env }),
    stop: () => void child.kill(),
  };
}
