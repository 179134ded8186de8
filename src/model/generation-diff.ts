/** A generation of a vm or hypervisor, and what brought it. */
export interface BroughtGeneration {
  /** Absent: kept by fleet alone. */
  readonly number?: number | undefined;
  readonly path: string;
  /** Seconds since the epoch; 0: unknown. */
  readonly since: number;
  readonly deployment?: string | undefined;
  readonly commit?: string | undefined;
}

/** How two generations differ. */
export interface GenerationDiff {
  readonly name: string;
  readonly from: BroughtGeneration;
  readonly to: BroughtGeneration;
  /** Of fleet.yaml; absent: one of the two commits is unknown, or not in this clone. */
  readonly fields?: readonly FieldDifference[];
  /** What the newer one has and the other has not, the newest first; absent as fields are. */
  readonly commits?: readonly string[];
  /** What the other has and it has not: they are taken back. Absent as fields are. */
  readonly takenBack?: readonly string[];
  readonly closure: {
    /** Bytes with all they need; 0: unknown. */
    readonly sizes: readonly [from: number, to: number];
    /** A package a line, as nix says it. */
    readonly lines: readonly string[];
  };
}

/** A field of fleet.yaml that differs. */
export interface FieldDifference {
  readonly field: string;
  readonly from?: string;
  readonly to?: string;
  /** Whether a running guest restarts for it; perhaps: the build decides. */
  readonly restarts?: 'certainly' | 'perhaps' | 'no';
}
