import { secret } from '../model/secrets.ts';
import type { Code } from './codes.ts';

/** A path of keys and list indices in fleet.yaml. */
export type Path = readonly (string | number)[];

/** A diagnostic whose line and column are not known yet. */
export interface Finding {
  readonly code: Code;
  readonly path: Path;
  /** Where the caret points if `path` leads to a scalar; otherwise it points to the key. Default: value. */
  readonly on?: 'key' | 'value';
  /** Offsets into the text, where there is no path. */
  readonly range?: readonly [start: number, end: number];
  readonly message: string;
  readonly hint?: string | undefined;
}

/** A path in readable form: `vms.web1.volumes[0].size`. */
export function formatPath(path: Path): string {
  return path
    .map((step) => {
      if (typeof step === 'number') return `[${step}]`;
      return /^[\w@-]+$/.test(step) ? `.${step}` : `.${JSON.stringify(step)}`;
    })
    .join('')
    .replace(/^\./, '');
}

/** Cuts text that may quote the file where a secret begins. */
export function redact(text: string): string {
  const at = text.search(secret);
  return at < 0 ? text : `${text.slice(0, at)}(secret)`;
}

/** A value from fleet.yaml for a message: short, on one line, and never a secret. */
export function quote(value: string): string {
  if (secret.test(value)) return 'a secret';
  const short = value.length > 40 ? `${value.slice(0, 39)}…` : value;
  return JSON.stringify(short.toWellFormed());
}
