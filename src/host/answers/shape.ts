import { FleetError } from '../../model/errors.ts';
import { clip } from './clip.ts';

// Answers of hypervisors are not trusted. Each field is checked; if one is invalid, the whole answer of that hypervisor,
// and no other, is unreadable.

/** The last second of the year 9999, which is the last that dates are formatted for. */
const lastSecond = 253_402_300_799;

function wrong(field: string, text: unknown): never {
  throw new Error(`${JSON.stringify(clip(String(text), 100))} is not a valid ${field}`);
}

/** Seconds since the epoch; 0 if the field is empty. */
export function time(text: string | undefined, field: string): number {
  return isTime(text) ? Number(text || 0) : wrong(field, text);
}

export function isTime(text: string | undefined): boolean {
  const seconds = Number(text || 0);
  return Number.isSafeInteger(seconds) && seconds >= 0 && seconds <= lastSecond;
}

/** A whole number, possibly negative; 0 if the field is empty. */
export function whole(text: string | undefined, field: string): number {
  const value = Number(text || 0);
  return Number.isSafeInteger(value) ? value : wrong(field, text);
}

/** A name of a vm, hypervisor or deployment: nothing in it can look like something else. */
export function name(text: string | undefined, field: string): string {
  return isName(text) ? text : wrong(field, text);
}

export function isName(text: string | undefined): text is string {
  return text !== undefined && /^[\w][\w.@+-]{0,254}$/.test(text);
}

/** As `name`, but empty for `-` and for an empty field. */
export function nameOrNone(text: string | undefined, field: string): string {
  return text === undefined || text === '' || text === '-' ? (text ?? '') : name(text, field);
}

/** Text by a person, cut to a readable length. */
export function words(text: string | undefined): string {
  return clip((text ?? '').replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' '), 100);
}

/** An absolute path without control characters or blanks that do not show. */
export function path(text: string | undefined, field: string): string {
  return isPath(text) ? text : wrong(field, text);
}

export function isPath(text: string | undefined): text is string {
  return text !== undefined && text.length < 1024 && /^\/[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u.test(text);
}

/** A store path: a runner, a system. */
export function isStorePath(text: string | undefined, root = ''): text is string {
  if (!text?.startsWith(`${root}/nix/store/`)) return false;
  // Nix also allows a question mark, but here `ls -q` prints it for a character that cannot be shown.
  return /^[\w+.=-]{1,255}$/.test(text.slice(`${root}/nix/store/`.length));
}

/** The elements of a JSON list of objects. */
export function objects(value: unknown, field: string): Readonly<Record<string, unknown>>[] {
  if (!Array.isArray(value)) return wrong(field, JSON.stringify(value));
  for (const item of value)
    if (typeof item !== 'object' || item === null || Array.isArray(item)) wrong(field, item);
  return value as Readonly<Record<string, unknown>>[];
}

/** A string in JSON, cut to the length of a name. */
export function textIn(value: unknown, field: string): string {
  return typeof value === 'string' ? clip(value, 255) : wrong(field, JSON.stringify(value));
}

/** The same; undefined if the field is missing. */
export function textOrNone(value: unknown, field: string): string | undefined {
  return value === undefined || value === null ? undefined : textIn(value, field);
}

/** An answer that its script cannot have printed. */
export class Unreadable extends FleetError {
  readonly #why: string;
  readonly #answer: string;
  readonly #more: { readonly who?: string; readonly hint?: string; readonly cause?: unknown };

  constructor(
    code: string,
    answer: string,
    why: string,
    more: { readonly who?: string; readonly hint?: string; readonly cause?: unknown } = {},
  ) {
    const { who = 'the hypervisor', hint, cause } = more;
    super(code, `the answer of ${who} cannot be read: ${clip(why, 300)}`, {
      detail: clip(answer.slice(-500), 500),
      hint:
        hint ??
        'The answer was discarded. Check that machine: its reply is not what this script prints.',
      ...(cause !== undefined && { cause }),
    });
    this.#why = why;
    this.#answer = answer;
    this.#more = more;
  }

  /** The same error with another hint. */
  because(hint: string): Unreadable {
    return new Unreadable(this.code, this.#answer, this.#why, { ...this.#more, hint });
  }

  /** The same error, naming the hypervisor. */
  of(hypervisor: string): Unreadable {
    return new Unreadable(this.code, this.#answer, this.#why, { ...this.#more, who: hypervisor });
  }
}

/**
 * Reads an answer. @throws Unreadable with `code` and the end of the answer, if something in it is invalid.
 */
export function understand<T>(code: string, answer: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof FleetError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new Unreadable(code, answer, why, { cause: error });
  }
}

/** Rows of tab-separated words, found by their first word. */
export class Rows {
  readonly #byWord: ReadonlyMap<string, (readonly string[])[]>;

  constructor(rows: Iterable<readonly string[]>) {
    const byWord = new Map<string, (readonly string[])[]>();
    for (const [word = '', ...rest] of rows) push(byWord, word, rest);
    this.#byWord = byWord;
  }

  /** The rows of an answer, without empty lines. */
  static in(answer: string): Rows {
    const lines = answer.split('\n').filter((line) => line !== '');
    return new Rows(lines.map((line) => line.split('\t')));
  }

  /** The rest of each row that begins with `word`. */
  of(word: string): readonly (readonly string[])[] {
    return this.#byWord.get(word) ?? [];
  }

  /** The second word of each row that begins with `word`. */
  firsts(word: string): string[] {
    return this.of(word).map(([first = '']) => first);
  }

  has(word: string): boolean {
    return this.#byWord.has(word);
  }
}

/** Adds a value to the list under a key. */
export function push<T>(groups: Map<string, T[]>, key: string, value: T): void {
  const group = groups.get(key);
  if (group) group.push(value);
  else groups.set(key, [value]);
}
