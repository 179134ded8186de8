import type { Hypervisor } from '../../model/fleet.ts';

/** A forge that runs workflows. */
export type Forge = 'github' | 'forgejo';

/** What the workflows of a fleet depend on. */
export interface Pipeline {
  readonly forge: Forge;
  /** The branch that is deployed. */
  readonly branch: string;
  /** fleet's own Action, pinned: `owner/name@commit`. */
  readonly action: string;
  /** What is built, and for which system. */
  readonly hypervisors: readonly Pick<Hypervisor, 'name' | 'system'>[];
  /** A revert is proposed (`git.revert: pull-request`), and the Action opens the pull request. */
  readonly proposesReverts: boolean;
}
