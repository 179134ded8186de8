import { documentText } from '../report/documents.ts';

/** Says what `fleet init` has written: for people at once, for programs in one document when it is done. */
export class InitTold {
  readonly #json: boolean;
  readonly #wrote: string[] = [];
  readonly #kept: string[] = [];

  constructor(json = false) {
    this.#json = json;
  }

  /** At once: should a later one not be written, it is known which are there. */
  readonly file = (path: string, isKept: boolean): void => {
    (isKept ? this.#kept : this.#wrote).push(path);
    this.#say(`${isKept ? 'kept' : 'wrote'} ${path}\n`);
  };

  get hasWritten(): boolean {
    return this.#wrote.length > 0;
  }

  /** @param commit id of the commit, where that was wanted */
  end(commit: string | undefined, notes: readonly string[] = []): void {
    if (commit !== undefined) this.#say(`committed ${commit.slice(0, 8)}\n`);
    if (!this.#json) return;
    const [wrote, kept] = [this.#wrote, this.#kept];
    const made = commit !== undefined && { commit };
    process.stdout.write(documentText({ kind: 'init', version: 1, wrote, kept, notes, ...made }));
  }

  #say(text: string): void {
    process[this.#json ? 'stderr' : 'stdout'].write(text);
  }
}
