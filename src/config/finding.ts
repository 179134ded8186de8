import type { Code } from './codes.ts';

/** Keys and list indices from the root of fleet.yaml. */
export type Path = readonly (string | number)[];

/** A diagnostic before its place in the text is looked up. */
export interface Finding {
  readonly code: Code;
  readonly path: Path;
  /** Where the caret goes when `path` leads to a scalar; to a key otherwise. Default: value. */
  readonly on?: 'key' | 'value';
  /** Offsets into the text, for what no path leads to. */
  readonly range?: readonly [start: number, end: number];
  readonly message: string;
  readonly hint?: string | undefined;
}

/** A path as a person writes it: `vms.web1.volumes[0].size`. */
export function formatPath(path: Path): string {
  return path
    .map((step) => {
      if (typeof step === 'number') return `[${step}]`;
      return /^[\w@-]+$/.test(step) ? `.${step}` : `.${JSON.stringify(step)}`;
    })
    .join('')
    .replace(/^\./, '');
}

/** What a private key or another secret in clear text looks like. */
export const secret = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----|AGE-SECRET-KEY-1/;

/** A text that may quote the file, cut where a secret begins. */
export function redact(text: string): string {
  const at = text.search(secret);
  return at < 0 ? text : `${text.slice(0, at)}(secret)`;
}

/** A value of the user's inside a message: short, on one line, and never a secret. */
export function quote(value: string): string {
  if (secret.test(value)) return 'a secret';
  const short = value.length > 40 ? `${value.slice(0, 39)}…` : value;
  return JSON.stringify(short.toWellFormed());
}
