import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { FleetError } from '../model/errors.ts';
import type { Surroundings } from '../model/surroundings.ts';

/** Bytes of a document, or of a line of a stream, that are kept. */
const most = 64 * 1024 * 1024;

/** What a program that the Action starts is run with. */
export interface Child {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Surroundings['env'];
  /** Passed on to it: the runner's, when somebody cancels the job. */
  readonly signals?: Signals;
  /** Each line of its standard error. */
  readonly onError?: (line: string) => void;
  /** Each line of its standard output; absent: it is returned as a whole. */
  readonly onLine?: (line: string) => void;
}

/** Passes signals on to whatever runs. */
export class Signals {
  #kill: ((signal: NodeJS.Signals) => void) | undefined;
  #isSent = false;

  send(signal: NodeJS.Signals): void {
    this.#isSent = true;
    this.#kill?.(signal);
  }

  /** Somebody cancelled the job: nothing new is begun. */
  get isSent(): boolean {
    return this.#isSent;
  }

  /** @returns what forgets it again */
  pass(kill: (signal: NodeJS.Signals) => void): () => void {
    this.#kill = kill;
    return () => {
      this.#kill = undefined;
    };
  }
}

/** Runs a program to its end, without a shell. @throws FleetError `action.child` when it cannot be started */
export async function run(
  child: Child,
): Promise<{ readonly code: number; readonly stdout: string }> {
  const { args, command, cwd, env, onError, onLine, signals } = child;
  if (signals?.isSent)
    throw new FleetError('action.cancelled', 'the job was cancelled before this was begun', {
      hint: 'Nothing was done.',
    });
  const running = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const forget = signals?.pass((signal) => void running.kill(signal));
  const chunks: Buffer[] = [];
  let bytes = 0;
  if (onLine) createInterface({ input: running.stdout }).on('line', onLine);
  else
    running.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= most) chunks.push(chunk);
    });
  createInterface({ input: running.stderr }).on('line', (line) => onError?.(line));
  try {
    const code = await new Promise<number>((resolve, reject) => {
      running.once('error', (error) =>
        reject(new FleetError('action.child', `cannot start ${command}: ${error.message}`)),
      );
      running.once('close', (code) => resolve(code ?? 255));
    });
    return { code, stdout: Buffer.concat(chunks).toString('utf8') };
  } finally {
    forget?.();
  }
}

/**
 * The environment of what the Action starts: without inputs and what else is the Action's own, tokens above all, and
 * without the files by which a step orders something of its runner. What a workflow sets by itself goes on: npm and git's
 * helpers for credentials may need it.
 */
export function childEnvironment(env: Surroundings['env']): Record<string, string> {
  const kept = Object.entries(env).filter(
    ([name]) =>
      name === 'GITHUB_ACTOR' ||
      (!/^(INPUT|STATE|ACTIONS|GITHUB|RUNNER|GITEA|FORGEJO)_/.test(name) &&
        !/^GH_(ENTERPRISE_)?TOKEN$/.test(name)),
  );
  return { ...(Object.fromEntries(kept) as Record<string, string>), CI: 'true' };
}
