import { FleetError } from '../../model/errors.ts';
import type { SaidNetwork } from '../new-system.ts';
import { clip } from './clip.ts';
import { Rows } from './shape.ts';

/** Who can log in, by the new system's configuration. */
export interface Access {
  readonly sshd: boolean;
  readonly ports: readonly number[];
  /** null: sshd's default. */
  readonly publicKeys: boolean | string | null;
  readonly rootLogin: string | null;
  /** Patterns of sshd_config; null: not set. */
  readonly allowUsers: readonly string[] | null;
  readonly allowGroups: readonly string[] | null;
  readonly denyUsers: readonly string[] | null;
  readonly denyGroups: readonly string[] | null;
  /** Where sshd looks for keys. */
  readonly keysFiles: readonly string[];
  /** Text at the end of sshd_config. */
  readonly extraConfig: string;
  readonly firewall: boolean;
  readonly openPorts: readonly number[];
  readonly openRanges: readonly { readonly from: number; readonly to: number }[];
  readonly wheelNeedsPassword: boolean;
  /** Users who may run anything without a password. */
  readonly sudoers: readonly string[];
  readonly users: Readonly<
    Record<string, { readonly groups: readonly string[]; readonly keys: readonly string[] }>
  >;
}

/** What access.sh prints about a new system. */
export interface NewSystemAccess extends Access {
  readonly network: SaidNetwork;
  /** Lines of networkd's files: file, line. */
  readonly networkd: string[][];
}

/** The fields that have to be there, with a test for the type of each. */
const kinds: Readonly<Record<string, (value: unknown) => boolean>> = {
  sshd: (value) => typeof value === 'boolean',
  ports: Array.isArray,
  keysFiles: Array.isArray,
  extraConfig: (value) => typeof value === 'string',
  firewall: (value) => typeof value === 'boolean',
  openPorts: Array.isArray,
  openRanges: Array.isArray,
  wheelNeedsPassword: (value) => typeof value === 'boolean',
  sudoers: Array.isArray,
  users: isObject,
  network: isObject,
};

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads the answer of access.sh. @throws FleetError `adoption.unreadable`: then fleet must not switch */
export function parseAccess(answer: string): NewSystemAccess {
  const rows = Rows.in(answer);
  const said = rows.of('access').map((fields) => fields.join('\t'));
  const read = said.length === 1 ? json(said[0] ?? '') : undefined;
  if (!read || !Object.entries(kinds).every(([key, fits]) => fits(read[key]))) {
    throw new FleetError('adoption.unreadable', 'the new system did not say who may log in', {
      detail: clip(said.join('\n'), 500),
    });
  }
  const networkd = rows.of('networkd').map((fields) => [...fields]);
  return { ...(read as unknown as Omit<NewSystemAccess, 'networkd'>), networkd };
}

function json(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
