/** Kinds of what fleet leaves on a hypervisor, in the order in which they are told. */
export const leftoverKinds = [
  'process',
  'tap',
  'bridge',
  'roots',
  'vm',
  'deployment',
  'aside',
  'unfinished',
  'record',
  'volumes',
] as const;

export type LeftoverKind = (typeof leftoverKinds)[number];

/** Something of fleet's that nobody owns any more. */
export interface Leftover {
  readonly kind: LeftoverKind;
  /** Its exact name there; of a process its number and when it began, of state its deployment and its vm. */
  readonly id: string;
  /** Absent: not known. */
  readonly kib?: number;
  /** Seconds since the epoch; absent: not known. */
  readonly since?: number;
  readonly about: string;
}

/** Whether it holds data: such a thing goes only by the name of its vm. */
export const hasData = ({ kind }: Pick<Leftover, 'kind'>): boolean => kind === 'volumes';

/** The vm whose state it is. */
export const vmOf = ({ id }: Pick<Leftover, 'id'>): string => id.slice(id.indexOf('/') + 1);

/** What a hypervisor has that nobody owns. */
export interface Leftovers {
  readonly things: readonly Leftover[];
  /** What looks like a guest's, and is not fleet's: it is left alone. */
  readonly strangers: readonly { readonly kind: string; readonly id: string }[];
}

/** What became of it. */
export interface Cleaned {
  readonly gone: readonly Pick<Leftover, 'kind' | 'id'>[];
  /** Those that stay, and why: somebody owns them by now, or they could not be deleted. */
  readonly kept: readonly (Pick<Leftover, 'kind' | 'id'> & { readonly why: string })[];
}

/** Of one of several hypervisors, or why nothing is known of it. */
export interface LeftoversOn {
  readonly hypervisor: string;
  readonly answer: Leftovers | Error;
}

export interface CleanedOn {
  readonly hypervisor: string;
  readonly answer: Cleaned | Error;
}
