import { FleetError } from '../model/errors.ts';
import type { Event } from '../model/events.ts';
import { childEnvironment, run, type Signals } from './child.ts';
import { object } from './event.ts';
import type { Runner } from './runner.ts';

export type Document = Readonly<Record<string, unknown>> & { readonly kind: string };

/** What a run of fleet gave. */
export interface Gave {
  readonly code: number;
  /** As --json prints it: of kind `error` where it failed. */
  readonly document: Document;
}

/** fleet itself, as a child that gets no token and no key. */
export class Fleet {
  readonly #runner: Runner;
  readonly #words: readonly string[];
  readonly #cwd: string;
  readonly #signals: Signals;
  readonly #git: Readonly<Record<string, string>>;

  /** @param words Node, the program, and options of every command; @param git variables for git */
  constructor(
    runner: Runner,
    words: readonly string[],
    cwd: string,
    signals: Signals,
    git: Readonly<Record<string, string>> = {},
  ) {
    this.#runner = runner;
    this.#words = words;
    this.#cwd = cwd;
    this.#signals = signals;
    this.#git = git;
  }

  /** Somebody cancelled the job. */
  get isCancelled(): boolean {
    return this.#signals.isSent;
  }

  /** Runs a command with --json; what it says beside that goes to the log. @throws FleetError `action.document` */
  async json(...args: readonly string[]): Promise<Gave> {
    const { code, stdout } = await run({
      ...this.#child([...args, '--json']),
      onError: (line) => this.#runner.say(line),
    });
    return { code, document: this.#documentOf(parse(stdout), code) };
  }

  /** Runs one with --json-stream. `onEvent` is told each event but the last, which is the result. */
  async stream(args: readonly string[], onEvent: (event: Event) => void): Promise<Gave> {
    let last: unknown;
    const said: string[] = [];
    const { code } = await run({
      ...this.#child([...args, '--json-stream']),
      onLine: (line) => {
        const event = object(parse(line));
        if (event.type === 'result') last = event.result;
        else if (typeof event.type === 'string') onEvent(event as unknown as Event);
      },
      // The same in words, and errors that are no event.
      onError: (line) => {
        said.push(line);
        if (said.length > 100) said.shift();
      },
    });
    if (last === undefined) for (const line of said) this.#runner.say(line);
    return { code, document: this.#documentOf(last, code) };
  }

  #documentOf(value: unknown, code: number): Document {
    const document = object(value);
    if (typeof document.kind === 'string') return document as Document;
    if (this.isCancelled)
      throw new FleetError('action.cancelled', 'the job was cancelled, and fleet ended', {
        hint: 'If it had begun to deploy, the log says so; what became of it: fleet status',
      });
    throw new FleetError('action.document', `fleet ended with ${code}, and gave no result`, {
      hint: 'What it said is above. If it deployed, hypervisors that were not confirmed roll back by themselves.',
    });
  }

  #child(args: readonly string[]) {
    const [command = '', ...first] = this.#words;
    return {
      command,
      args: [...first, ...args],
      cwd: this.#cwd,
      env: { ...this.#git, ...childEnvironment(this.#runner.env) },
      signals: this.#signals,
    };
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
