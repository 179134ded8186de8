import { quotePart } from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { Fleet } from '../model/fleet.ts';
import { type Effective, effective } from './effective.ts';
import { formatPath, type Path, redact } from './finding.ts';
import type { Traced } from './traced.ts';

/** A machine that could not be evaluated or built, and the last of what Nix said about it. */
export interface Failed {
  readonly kind: 'hypervisor' | 'vm';
  readonly name: string;
  readonly said: readonly string[];
}

interface Cause {
  readonly code: string;
  readonly message: string;
  /** What of fleet.yaml it is about. Default: the machine. */
  readonly path?: Path | undefined;
  /** Of a hand-written file instead. */
  readonly in?:
    | { readonly file: string; readonly line: number; readonly column: number }
    | undefined;
  readonly hint?: string | undefined;
}

/**
 * What Nix did not like, and the place in fleet.yaml, or in a hand-written file that it names, where that is written; the
 * machine itself where nobody knows.
 * @param text the fleet.yaml that `fleet` was read from @param file its name
 */
export function explainNix(text: string, fleet: Fleet, failed: Failed, file: string): Diagnostic {
  const found = effective(text, fleet, failed.name).find(({ kind }) => kind === failed.kind);
  const cause = causeOf(failed, found);
  const own: Path = [failed.kind === 'vm' ? 'vms' : 'hypervisors', failed.name];
  const path = cause.path ?? own;
  const at = found?.placeOf(path) ?? { line: 0, column: 0, length: 0 };
  return {
    code: cause.code,
    severity: 'error',
    message: redact(`${failed.name}: ${cause.message}`),
    ...(cause.in ? { ...cause.in, length: 0 } : { file, ...at }),
    path: redact(formatPath(path)),
    ...(cause.hint !== undefined && { hint: cause.hint }),
  };
}

function causeOf({ said }: Failed, found: Effective | undefined): Cause {
  const hint = said.findLast((line) => /^\s*Did you mean /.test(line))?.trim();
  const missing = lastMatch(said, /(?:attribute|undefined variable) '([^']+)'(?: missing|$| at )/);
  if (missing !== undefined) {
    const item = packages(found).find(({ value }) => value.split('.').includes(missing));
    if (item) {
      const message = `nixpkgs has no package ${item.value}`;
      return { code: 'build.no-package', message, path: item.path, hint };
    }
  }
  const message = summary(said);
  const unknown = lastMatch(said, /The option [`']([^`']+)' does not exist/);
  if (unknown !== undefined) {
    const path = optionPath(found, unknown);
    return { code: 'build.no-option', message: `there is no option ${unknown}`, path, hint };
  }
  const derivation = lastMatch(said, /\/nix\/store\/[a-z0-9]{32}-([\w+.?=-]+)\.drv/, 'first');
  const isBuilt = said.some((line) => /builder for '|Cannot build '/.test(line));
  if (isBuilt && derivation !== undefined) {
    const item = packages(found).find(({ value }) => isOf(derivation, value));
    return { code: 'build.failed', message, path: item?.path };
  }
  const option = lastMatch(said, /(?:definition for|evaluating the) option [`']([^`']+)'/);
  const code = 'build.evaluation';
  return { code, message, in: moduleAt(said, found), path: optionPath(found, option), hint };
}

/** The sentence that says most: of a build its end, else the last error. */
function summary(said: readonly string[]): string {
  const errors = said.flatMap((line) => /(?:^|\s)error: (.*\S)/.exec(line)?.[1] ?? []);
  const built = errors.find((error) => /^(builder for|Cannot build) '/.test(error));
  const most =
    built ??
    errors.at(-1) ??
    said.findLast((line) => line.trim() !== '')?.trim() ??
    'no word of why';
  // Of a sentence that goes on with what has lines of its own.
  return most.replace(/[;:,]$/, '');
}

function lastMatch(
  said: readonly string[],
  what: RegExp,
  which: 'first' | 'last' = 'last',
): string | undefined {
  const matches = said.flatMap((line) => what.exec(line)?.[1] ?? []);
  return matches.at(which === 'first' ? 0 : -1);
}

/** `hello-2.12.1` is of hello, and of a.hello. */
function isOf(derivation: string, attribute: string): boolean {
  const name = attribute.slice(attribute.lastIndexOf('.') + 1);
  return derivation === name || derivation.startsWith(`${name}-`);
}

const packages = (found: Effective | undefined) => texts(found?.fields.get('packages'));

function texts(list: Traced | undefined): { value: string; path: Path | undefined }[] {
  const items = list?.kind === 'list' ? list.items : [];
  return items.flatMap((item) =>
    item.kind === 'value' ? [{ value: String(item.value), path: item.from?.path }] : [],
  );
}

/** Where `config` sets the option, something in it, or what it is in. */
function optionPath(found: Effective | undefined, option: string | undefined): Path | undefined {
  const config = found?.fields.get('config');
  if (option === undefined || config?.kind !== 'map') return undefined;
  const within = (key: string, other: string) => key === other || key.startsWith(`${other}.`);
  const plain = (key: string) => key.split('.').map(quotePart).join('.');
  for (const [key, value] of config.fields)
    if (within(key, option) || within(option, key) || within(key, plain(option)))
      return value.from?.path;
  return undefined;
}

/** The place in a file that `modules` names. */
function moduleAt(said: readonly string[], found: Effective | undefined): Cause['in'] {
  const named = texts(found?.fields.get('modules')).map(({ value }) => value.replace(/^\.\//, ''));
  for (const line of said.toReversed()) {
    const [, file = '', at, column] =
      /\/nix\/store\/[a-z0-9]{32}-source\/([^\s:'`]+):(\d{1,7}):(\d{1,7})/.exec(line) ?? [];
    if (named.some((path) => file === path || file.startsWith(`${path}/`)))
      return { file, line: Number(at), column: Number(column) };
  }
  return undefined;
}
