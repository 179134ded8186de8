import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { WorldHost } from '../scenario/world.ts';

/** A line of a deployment's journal that says that a step begins or ends. */
export interface Line {
  /** Of its unit; `-` for what has none, such as the confirmation. */
  readonly number: string;
  readonly name: string;
  readonly when: 'begin' | 'end';
}

/** One deployment as its files on the hypervisor tell it, at one moment. */
export interface Progress {
  readonly id: string;
  readonly lines: readonly Line[];
  readonly locked: boolean;
  readonly decided: string | undefined;
  readonly result: string | undefined;
}

const pauseMs = 10;

/** Follows the first deployment on a hypervisor that begins after this was made. */
export class Watch {
  readonly #host: WorldHost;
  readonly #known: ReadonlySet<string>;
  #id: string | undefined;

  constructor(host: WorldHost) {
    this.#host = host;
    this.#known = new Set(this.#ids());
  }

  /** What there is to see now; undefined before it began. */
  look(): Progress | undefined {
    this.#id ??= this.#ids().find((id) => !this.#known.has(id));
    if (this.#id === undefined) return undefined;
    const folder = this.#host.file(`/var/lib/fleet/deployments/${this.#id}`);
    return {
      id: this.#id,
      lines: parseJournal(read(`${folder}/journal`) ?? ''),
      locked: exists(this.#host.file('/var/lib/fleet/lock')),
      decided: target(`${folder}/decided`),
      result: read(`${folder}/result`)?.trim(),
    };
  }

  /** What the deployment wrote down about itself, for a person who has to find a fault. */
  account(): string[] {
    const progress = this.look();
    if (!progress) return [];
    const folder = this.#host.file(`/var/lib/fleet/deployments/${progress.id}`);
    return ['journal', 'put-back', 'not-back', 'back.rc', 'result'].flatMap((name) => {
      const text = read(`${folder}/${name}`);
      return text === undefined ? [] : [`${name} of ${progress.id}:\n${text.trim()}`];
    });
  }

  /** Waits for something; gives undefined when `signal` says that it will not come any more. */
  async until<T>(
    ask: (progress: Progress) => T | undefined,
    signal: AbortSignal,
  ): Promise<T | undefined> {
    for (;;) {
      const hasEnded = signal.aborted;
      const progress = this.look();
      const answer = progress && ask(progress);
      if (answer !== undefined || hasEnded) return answer;
      await new Promise((done) => setTimeout(done, pauseMs));
    }
  }

  #ids(): string[] {
    try {
      return readdirSync(this.#host.file('/var/lib/fleet/deployments'));
    } catch {
      return [];
    }
  }
}

/** Lines that are there as a whole; those of other kinds are left out. */
function parseJournal(text: string): Line[] {
  return text
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => {
      const [, number, name, when] = line.split('\t');
      return number && name && name !== 'end' && (when === 'begin' || when === 'end')
        ? [{ number, name, when } as const]
        : [];
    });
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function target(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}

function exists(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
}

/** Is no deployment at work here, as far as files tell? Cheap, unlike `examine`. */
export function isQuiet(host: WorldHost): boolean {
  if (exists(host.file('/var/lib/fleet/lock'))) return false;
  const folder = host.file('/var/lib/fleet/deployments');
  return !exists(folder) || readdirSync(folder).every((id) => exists(`${folder}/${id}/result`));
}
