import type { GitSettings } from '../model/fleet.ts';
import type { PastText } from './past.ts';

/** Path → what a commit is to hold there; undefined: nothing. */
export type Contents = ReadonlyMap<string, string | undefined>;

/** A file of the repository, as a commit has it. */
export interface TrackedFile {
  /** Relative to the top of the repository, `/` as the separator. */
  readonly path: string;
  /** What git keeps of it besides its name: `100644`, `100755`, `120000` (a link), `160000` (a submodule). */
  readonly mode: string;
  /** git's id of its content: of the text, of where a link points, of a submodule's commit. */
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
  /** Quarantined tree → the commit that had it when it failed. */
  readonly bad: ReadonlyMap<string, string>;
  /** Hypervisor → the commit that is deployed there. */
  readonly deployed: ReadonlyMap<string, string>;
}

/** How a person recognises a commit; text of others, as git has it. */
export interface About {
  readonly subject: string;
  /** Name and age, as in `Grace, 2 hours ago`. */
  readonly author: string;
  /** Those of this clone and of its remotes that have it. */
  readonly branches: readonly string[];
}

/** Where a commit can be pushed to, and what is there. */
export interface Upstream {
  readonly branch: string;
  /** What hypervisors pull from, without credentials. */
  readonly url: string;
  readonly state: RemoteState;
}

/** The outcome of a deployment, to record at the remote. */
export interface Outcome {
  /** Without `branch` in it: the branch that is checked out by then. */
  readonly settings: GitSettings;
  /** A commit for the branch: the revert. */
  readonly branch?: string;
  /** A commit to quarantine. */
  readonly bad?: string;
  /** Hypervisor → commit, for those that were deployed to or rolled back; the remote has the commits. */
  readonly deployed: ReadonlyMap<string, string>;
  /** Trees to release from quarantine. */
  readonly forget?: readonly string[];
}

/** What was recorded. */
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
  /** Everything that a commit holds. */
  filesAt(commit: string): Promise<readonly TrackedFile[]>;
  /** What a commit holds at these paths; those it does not hold are left out. */
  textsAt(commit: string, paths: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** What a file held before, the newest first; nothing where there are no commits. */
  past(path: string): Promise<readonly PastText[]>;
  /** Commit → what a file holds there, as far as it is in this clone; of many commits, the first. */
  textsIn(path: string, commits: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Paths of tracked files that differ from HEAD, in the index or the work tree. */
  dirty(): Promise<readonly string[]>;
  /** Path → blob id that git would give the text there. */
  idsOf(texts: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, string>>;
  /** Asks the remote, once. @throws FleetError `git.no-remote`, `git.remote-unreachable`, … */
  remoteState(settings: GitSettings): Promise<RemoteState>;
  /**
   * Can a commit be made and pushed? Asks the remote once, and looks at branch and shallowness.
   * @throws FleetError `git.*` for each thing that stands in the way.
   */
  ready(settings: GitSettings): Promise<Upstream>;
  /** Was the branch at the remote when somebody last fetched or pushed it here? */
  hasSeen(remote: string, branch: string): Promise<boolean>;
  /** The tree that `commit` of these contents would have; HEAD's for none. */
  treeWith(contents: Contents): Promise<string>;
  /**
   * Commits exactly these contents on top of `on`, which has to be HEAD; what the work tree holds by
   * then, or the index, does not matter, and the work tree stays as it is. The author, signing and
   * hooks are the user's. Returns the commit; `on` when it holds all of that already.
   * @throws FleetError `git.head-moved`, `git.hook-failed`, `git.hook-changed`, `git.signing-failed`, …
   */
  commit(contents: Contents, message: string, on: string | undefined): Promise<string>;
  /** Pushes HEAD to the branch. @throws FleetError `git.moved-on`, `git.no-permission`, … */
  push(settings: GitSettings): Promise<PushedCommit>;
  /**
   * Makes a commit on top of `on` (HEAD unless given) that holds exactly the files of `good`, with
   * the user's author and signing. No branch, index or file changes. Returns the commit.
   * @throws FleetError `git.cannot-revert`, `git.signing-failed`, `git.no-identity`.
   */
  revertTo(good: string, message: string, on?: string): Promise<string>;
  /** Is `one` in the history of `other`, or the same? Undefined: not both are in this clone. */
  isAncestor(one: string, other: string): Promise<boolean | undefined>;
  /** The tree of a commit; undefined when it is not in this clone. */
  treeOf(commit: string): Promise<string | undefined>;
  /** Tells of a commit that is deployed on a hypervisor; undefined when it is neither here nor to be fetched. */
  about(settings: GitSettings, hypervisor: string, commit: string): Promise<About | undefined>;
  /** Paths in which two commits differ. */
  pathsBetween(one: string, other: string): Promise<readonly string[]>;
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
  fastForward(commit: string): Promise<void>;
  /** A bundle that carries `commit` as refs/heads/fleet; complete unless `have` is an ancestor. */
  bundle(commit: string, have: string | undefined): Promise<Buffer>;
}
