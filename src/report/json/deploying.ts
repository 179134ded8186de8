import type { ExportResult } from '../../model/export-result.ts';
import type { Failure } from '../../model/failure.ts';
import type { OperationKind, OperationResult } from '../../model/operation-result.ts';
import type { HypervisorResult } from '../../model/result.ts';
import type { Plan } from '../../plan/plan.ts';
import type { Envelope } from './document.ts';

// Documents of commands that change what runs.

/** A result as it leaves the program: what failed is data. */
export type Told<Result extends { readonly failure?: unknown }> = Omit<Result, 'failure'> & {
  readonly failure?: Failure;
};

/** How one hypervisor came out of a deployment. */
export interface DeployedOn extends Told<HypervisorResult> {}

/** What became of one export. It never has anything of the file's. */
export interface Exported extends Told<ExportResult> {}

/** What became of one vm. */
export interface Operated extends Told<OperationResult> {}

/** What the documents of commands that deploy have in common. */
export interface Deployed {
  /** Id of the deployment, as `fleet history` has it; absent: there was nothing to do, or somebody said no. */
  readonly id?: string;
  /** What was committed and pushed. */
  readonly commit?: string;
  /** The commit that reverts what was rolled back. */
  readonly revertedBy?: string;
  /** The branch that has it and waits for somebody to merge it; absent: the branch of the fleet has it. */
  readonly revertBranch?: string;
  /** The branch of the fleet, which that is to be merged into. */
  readonly revertBase?: string;
  /** Somebody was asked and said no: nothing was changed. */
  readonly declined?: boolean;
  /** Of each hypervisor that had a part in it; empty: nothing was to be done. */
  readonly results: readonly DeployedOn[];
}

/** `fleet apply` */
export interface ApplyDocument extends Envelope<'apply'>, Deployed {
  readonly plan?: Plan;
  /** What was fetched when it was done; absent: nothing. */
  readonly exports?: readonly Exported[];
}

/** `fleet apply --resume` */
export interface ResumeDocument extends Envelope<'resume'>, Deployed {
  /** What was fetched when it was finished; absent: nothing. */
  readonly exports?: readonly Exported[];
}

/** `fleet rollback` */
export interface RollbackDocument extends Envelope<'rollback'>, Deployed {}

/** `fleet start`, `fleet stop`, `fleet restart` */
export interface OperationDocument extends Envelope<OperationKind> {
  /** Somebody was asked and said no: nothing was changed. */
  readonly declined?: boolean;
  /** Of each vm, in their order. */
  readonly results: readonly Operated[];
  /** What was fetched when it was done; absent: nothing. */
  readonly exports?: readonly Exported[];
}

/** `fleet export` */
export interface ExportDocument extends Envelope<'export'> {
  readonly exports: readonly Exported[];
}
