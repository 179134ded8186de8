import type { Diagnostic } from './diagnostic.ts';
import type { FleetError } from './errors.ts';

/** What became of one machine that was built to see whether it can be. */
export interface BuiltMachine {
  readonly name: string;
  readonly kind: 'hypervisor' | 'vm';
  /** The hypervisor that it is, or that it is on. */
  readonly hypervisor: string;
  /** Where it was built: on the machine that fleet runs on, or on its hypervisor. */
  readonly at: 'here' | 'hypervisor';
  /** Of the flake. */
  readonly attribute: string;
  /** The store path there. */
  readonly path?: string;
  /** Why there is none. */
  readonly failure?: FleetError;
}

export interface BuildResult {
  readonly ok: boolean;
  readonly machines: readonly BuiltMachine[];
  /** What Nix did not like, by the lines where it is written. */
  readonly diagnostics: readonly Diagnostic[];
  /** The text of fleet.yaml, which diagnostics point into, and its name. */
  readonly source: { readonly text: string; readonly file: string };
}
