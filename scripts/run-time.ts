// The packages that fleet has at run time: those that npm installs beside it, and those that are part of dist/.
import { readFileSync } from 'node:fs';

/** A package in package-lock.json. */
export interface Locked {
  readonly version: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  /** To a folder of this repository. */
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
  /** Name → range. */
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** A JSON file of this repository. */
// biome-ignore lint/suspicious/noExplicitAny: whatever is in it
export const read = (path: string): any =>
  JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), 'utf8'));

/** Development's for npm, which need not install them; scripts/build.mjs makes sure that there are no others. */
export const bundled: readonly string[] = ['commander', 'yaml'];

/** Those that are installed beside fleet, by their paths in package-lock.json. */
export const installed = (packages: Readonly<Record<string, Locked>>): [string, Locked][] =>
  Object.entries(packages).filter(([path, { dev, link }]) => path !== '' && !dev && !link);

/** The package that a path below node_modules is of. */
export const packageOf = (path: string): string | undefined =>
  /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];
