import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { actions } from './agent.ts';

type Actions = typeof actions;
type Answer = { readonly id: number; readonly value?: unknown; readonly error?: string };

/** A machine of the packets test: a network namespace with a process in it. */
export class Namespace {
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #ready: Promise<unknown>;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #calls = 0;

  constructor(name: string) {
    this.name = name;
    this.#process = spawn(
      'unshare',
      ['--net', process.execPath, join(import.meta.dirname, 'agent.ts')],
      { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
    );
    this.#process.on('message', (answer: Answer) => this.#waiting.get(answer.id)?.(answer));
    this.#ready = this.must('true');
    this.#ready.catch(() => {});
  }

  /** Process id, by which other namespaces know this one: once it answers, for until then it is still in its parent's. */
  async pid(): Promise<string> {
    await this.#ready;
    return String(this.#process.pid);
  }

  /** Has the namespace do something. */
  ask<A extends keyof Actions>(
    action: A,
    ...args: Parameters<Actions[A]>
  ): Promise<Awaited<ReturnType<Actions[A]>>> {
    const id = this.#calls++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ value, error }) => {
        this.#waiting.delete(id);
        if (error === undefined) resolve(value as Awaited<ReturnType<Actions[A]>>);
        else reject(new Error(`${this.name}: ${action} ${args.join(' ')}: ${error}`));
      });
      this.#process.send({ id, action, args });
    });
  }

  /** Runs a program that has to succeed. */
  async must(program: string, ...args: string[]): Promise<string> {
    const { code, text } = await this.ask('run', program, ...args);
    if (code !== 0) throw new Error(`${this.name}: ${program} ${args.join(' ')}: ${text}`);
    return text;
  }

  async end(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.disconnect();
    await ended;
  }
}
