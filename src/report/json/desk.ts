import type { Diagnostic } from '../../model/diagnostic.ts';
import type { Data } from '../../model/fleet.ts';
import type { HostKey } from '../../model/host-key.ts';
import type { Envelope } from './document.ts';

// Documents of commands about fleet.yaml and the files around it.

/** `fleet validate` */
export interface ValidateDocument extends Envelope<'validate'> {
  /** Whether it can be used; there may be warnings. */
  readonly valid: boolean;
  readonly diagnostics: readonly Diagnostic[];
}

/** One value of a vm, hypervisor or network, after defaults and profiles. */
export interface ShownValue {
  /** Below the thing: names of fields, and numbers of items from 0. */
  readonly path: readonly (string | number)[];
  readonly value: Data;
  /** The line of fleet.yaml that it comes from. */
  readonly from: 'default' | Written;
}

/** Where a value was written. */
export interface Written {
  readonly file: string;
  readonly line: number;
  /** The part of the file: vm, `profile NAME` and the like. */
  readonly layer: string;
}

/** `fleet show` */
export interface ShowDocument extends Envelope<'show'> {
  readonly about: 'vm' | 'hypervisor' | 'network';
  readonly name: string;
  readonly values: readonly ShownValue[];
}

/** `fleet show --host-key` */
export interface HostKeysDocument extends Envelope<'host-keys'> {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly keys: readonly HostKey[];
}

/** `fleet render` */
export interface RenderDocument extends Envelope<'render'> {
  /** Whether files were only compared. */
  readonly check: boolean;
  /** Paths that were missing, or were not as they are rendered; without `check` they are written now. */
  readonly write: readonly string[];
  /** Paths that were rendered earlier and are not any more; without `check` they are removed now. */
  readonly remove: readonly string[];
  /** How many were up to date. */
  readonly unchanged: number;
}

/** `fleet update` */
export interface UpdateDocument extends Envelope<'update'> {
  /** What became of flake.lock. */
  readonly outcome: 'made' | 'renewed' | 'unchanged';
}

/** `fleet init` */
export interface InitDocument extends Envelope<'init'> {
  /** Paths in the repository. */
  readonly wrote: readonly string[];
  /** Those that were there already. */
  readonly kept: readonly string[];
  /** What a person has to look at, or to add. */
  readonly notes: readonly string[];
  /** Id of the commit, where that was wanted. */
  readonly commit?: string;
}
