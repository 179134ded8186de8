import { key, pathLiteral } from './escape.ts';

/**
 * A Nix expression: plain data, with code where data does not reach. Objects are attribute sets;
 * their keys are single names and may be any text.
 */
export type Nix =
  | null
  | boolean
  | number
  | string
  | Code
  | Commented
  | Json
  | readonly Nix[]
  | NixSet;

export interface NixSet {
  readonly [name: string]: Nix;
}

/** Text that is Nix already. Only the functions below make some. */
export class Code {
  readonly text: string;
  /** Starts on a line of its own, below the `=`. */
  readonly below: boolean;

  constructor(text: string, below = false) {
    this.text = text;
    this.below = below;
  }
}

/** A value with a comment line above it. */
export class Commented {
  readonly comment: string;
  readonly value: Nix;

  constructor(comment: string, value: Nix) {
    this.comment = comment;
    this.value = value;
  }
}

/** `builtins.toJSON` of a set: data for a program that is no Nix. */
export class Json {
  readonly value: NixSet;

  constructor(value: NixSet) {
    this.value = value;
  }
}

/** `pkgs.python3Packages.requests`; every part may be any text. */
export function select(variable: string, ...names: readonly string[]): Code {
  return new Code([variable, ...names.map(key)].join('.'));
}

/** A path relative to the file it is written in; starts with `./` or `../`. */
export function path(relative: string): Code {
  return new Code(pathLiteral(relative));
}

/**
 * A constant expression of several lines, written below its `=`. Only code fits into its holes: what comes
 * from a user has been escaped by one of the functions above.
 */
export function block(strings: TemplateStringsArray, ...holes: readonly Code[]): Code {
  const [first = '', ...rest] = strings;
  const text = rest.reduce((sum, part, n) => sum + holes[n]!.text + part, first);
  return new Code(text.trim(), true);
}

/** A constant expression within its line. Never made of user's input. */
export function expression(text: string): Code {
  return new Code(text);
}

/** Puts `# comment` above the binding or list item. */
export function commented(comment: string, value: Nix): Commented {
  return new Commented(comment, value);
}
