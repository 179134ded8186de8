import type { GitSettings } from '../model/fleet.ts';

/** A file of the repository, as the commit at HEAD has it. */
export interface TrackedFile {
  /** Relative to the top of the repository, `/` as the separator. */
  readonly path: string;
  /** git's blob id. */
  readonly blob: string;
}

export interface PushedCommit {
  readonly commit: string;
  readonly branch: string;
}

/** What the remote holds now. */
export interface RemoteState {
  /** Commit of the branch; undefined: there is no such branch. */
  readonly head: string | undefined;
  /** Tree → the commit that had it when it was found bad. */
  readonly bad: ReadonlyMap<string, string>;
  /** Hypervisor → the commit that is deployed there. */
  readonly deployed: ReadonlyMap<string, string>;
}

/** Where a commit can be pushed to, and what is there. */
export interface Upstream {
  readonly branch: string;
  /** What hypervisors pull from, without credentials. */
  readonly url: string;
  readonly state: RemoteState;
}

/** What a deployment came to, to be told to the remote. */
export interface Outcome {
  /** Without `branch` in it: the branch that is checked out by then. */
  readonly settings: GitSettings;
  /** A commit for the branch: the revert. */
  readonly branch?: string;
  /** A commit that nobody is to deploy again. */
  readonly bad?: string;
  /** Hypervisor → commit, for those that were deployed to or put back; the remote has the commits. */
  readonly deployed: ReadonlyMap<string, string>;
  /** Trees that are no longer bad. */
  readonly forget?: readonly string[];
}

/** What was told. */
export interface Published {
  /** Refs that are new, changed or deleted at the remote. */
  readonly refs: readonly string[];
  /** Hypervisors left out, because their commit is not in this clone. */
  readonly unknown: readonly string[];
}

/** The git repository that holds fleet.yaml, as the desk has it. */
export interface Repo {
  /** Top of the work tree, absolute. */
  readonly top: string;
  /** Commit of HEAD, or undefined in a repository without commits. */
  head(): Promise<string | undefined>;
  /** Files of HEAD, with their blobs; none in a repository without commits. */
  committed(): Promise<readonly TrackedFile[]>;
  /** What HEAD holds at these paths. */
  textsAtHead(paths: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Paths of tracked files that differ from HEAD, in the index or the work tree. */
  dirty(): Promise<readonly string[]>;
  /** Blob ids that git would give these texts. */
  blobs(texts: readonly string[]): Promise<readonly string[]>;
  /** Asks the remote, once. @throws FleetError `git.no-remote`, `git.remote-unreachable`, … */
  remoteState(settings: GitSettings): Promise<RemoteState>;
  /**
   * Can a commit be made and pushed? Asks the remote once, and looks at branch and shallowness.
   * @throws FleetError `git.*` for each thing that stands in the way.
   */
  ready(settings: GitSettings): Promise<Upstream>;
  /** True when HEAD holds exactly these paths as they are in the work tree (absent = absent). */
  isCommitted(paths: readonly string[]): Promise<boolean>;
  /** The tree that `commit` of these paths would have if no hook changes it; HEAD's for none. */
  treeWith(paths: readonly string[]): Promise<string>;
  /**
   * Commits exactly these paths (created, changed or removed), nothing else that is dirty, with the
   * user's author, signing and hooks. Returns the commit; HEAD's when there was nothing to commit.
   */
  commit(paths: readonly string[], message: string): Promise<string>;
  /** Pushes HEAD to the branch. @throws FleetError `git.moved-on`, `git.no-permission`, … */
  push(settings: GitSettings): Promise<PushedCommit>;
  /**
   * Makes a commit on top of `on` (HEAD unless given) that holds exactly the files of `good`, with
   * the user's author and signing. No branch, index or file changes. Returns the commit.
   * @throws FleetError `git.cannot-revert`, `git.signing-failed`, `git.no-identity`.
   */
  revertTo(good: string, message: string, on?: string): Promise<string>;
  /** Commits that `head` has and `good` has not: short id and subject, the newest 20 first. */
  commitsBetween(good: string, head: string): Promise<readonly string[]>;
  /**
   * Tells the remote, all or nothing; the branch never by force. When only the branch is refused,
   * the rest is told without it, and the error says so.
   * @throws FleetError `git.moved-on`, `git.no-permission`, `git.no-atomic`, `git.hook-failed`, …
   */
  publishOutcome(outcome: Outcome): Promise<Published>;
  /**
   * Moves the checked-out branch and the work tree forward to this commit.
   * @throws FleetError `git.local-changes`, `git.diverged`; nothing has changed then.
   */
  takeIn(commit: string): Promise<void>;
  /** A bundle that carries `commit` as refs/heads/fleet; complete unless `have` is an ancestor. */
  bundle(commit: string, have: string | undefined): Promise<Buffer>;
}
