/** A generation that nobody needs any more. */
export interface OldGeneration {
  /** The vm, or `systemName`. */
  readonly name: string;
  readonly number: number;
  /** When it was made; seconds since the epoch. */
  readonly since: number;
  readonly path: string;
}

/** What a hypervisor has that may go, or what went. */
export interface Collected {
  readonly old: readonly OldGeneration[];
  /** As Nix counts it. */
  readonly freedKiB: number;
  /** Store paths that were deleted. */
  readonly paths: number;
}

/** The same of one of several, or why nothing is known of it. */
export interface GarbageOn {
  readonly hypervisor: string;
  readonly answer: Collected | Error;
}
