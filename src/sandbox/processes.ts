import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import type { Surroundings } from '../model/surroundings.ts';

/** What a command did. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * The processes of one pretend hypervisor. Each command has a process group of its own; sessions
 * that outlive their command (transient units, things that happen later) are on record in a folder.
 */
export class Processes {
  readonly #env: Readonly<Record<string, string>>;
  readonly #cwd: string;
  readonly #sessions: string;
  readonly #signal: Surroundings['signalGroup'];
  readonly #groups = new Set<number>();

  constructor(
    env: Readonly<Record<string, string>>,
    cwd: string,
    sessions: string,
    signal: Surroundings['signalGroup'],
  ) {
    this.#env = env;
    this.#cwd = cwd;
    this.#sessions = sessions;
    this.#signal = signal;
  }

  /** Starts a command as sshd does for root: `sh -c`. */
  start(command: string, env: Readonly<Record<string, string>> = {}): ChildProcess {
    const child = spawn('/bin/sh', ['-c', command], {
      cwd: this.#cwd,
      env: { ...this.#env, ...env },
      detached: true,
    });
    const group = child.pid;
    if (group !== undefined) {
      this.#groups.add(group);
      // Where nothing is left of the group its number may soon be another's.
      child.once('close', () => this.#signal(group, 0) || this.#groups.delete(group));
    }
    return child;
  }

  /** Runs a command to its end. */
  run(command: string): Promise<CommandResult> {
    const child = this.start(command);
    child.stdin?.end();
    const text = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
        text[name] += chunk;
      });
    }
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code: code ?? 255, ...text }));
    });
  }

  /** Ends everything at once, as a power cut does. */
  endAll(): void {
    // Twice: one may just have been starting another.
    for (let round = 0; round < 2; round++) {
      for (const group of [...this.#groups, ...this.#recorded()])
        if (this.#isOurs(group)) this.#signal(group, 'SIGKILL');
    }
    this.#groups.clear();
  }

  /**
   * The number of a group that ended unnoticed may be somebody else's by now; not while one of the group lives.
   * Only Linux tells of whom a leader is.
   */
  #isOurs(group: number): boolean {
    try {
      const env = readFileSync(`/proc/${group}/environ`, 'utf8').split('\0');
      return env.includes(`FLEET_ROOT=${this.#env.FLEET_ROOT}`);
    } catch {
      return true;
    }
  }

  #recorded(): number[] {
    try {
      return readdirSync(this.#sessions)
        .map(Number)
        .filter((group) => group > 1);
    } catch {
      return [];
    }
  }
}
