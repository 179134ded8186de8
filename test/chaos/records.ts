import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Results, one JSON document a line: a long run goes on where it was cut off. */
export class Records<T extends object> {
  readonly file: string;
  readonly #keyOf: (record: T) => string;
  readonly #all = new Map<string, T>();

  constructor(file: string, keyOf: (record: T) => string) {
    this.file = file;
    this.#keyOf = keyOf;
    mkdirSync(dirname(file), { recursive: true });
    if (!existsSync(file)) return;
    for (const line of readFileSync(file, 'utf8').split('\n').slice(0, -1)) {
      const record = JSON.parse(line) as T;
      this.#all.set(keyOf(record), record);
    }
  }

  has(key: string): boolean {
    return this.#all.has(key);
  }

  get all(): readonly T[] {
    return [...this.#all.values()];
  }

  add(record: T): void {
    this.#all.set(this.#keyOf(record), record);
    appendFileSync(this.file, `${JSON.stringify(record)}\n`);
  }
}
