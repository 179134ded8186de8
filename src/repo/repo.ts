import type { GitSettings } from '../model/fleet.ts';
import type { PastText } from './past.ts';

/** Path → the content that a commit should have there; undefined: no file. */
export type Contents = ReadonlyMap<string, string | undefined>;

/** A file of the repository, as a commit has it. */
export interface TrackedFile {
  /** Relative to the top of the repository, `/` as the separator. */
  readonly path: string;
  /** Its mode: `100644`, `100755`, `120000` (a link), `160000` (a submodule). */
  readonly mode: string;
  /** git's id of its content: the text, the target of a link, or the commit of a submodule. */
  readonly blob: string;
}

export interface PushedCommit {
  readonly commit: string;
  readonly branch: string;
}

/** The state of the remote. */
export interface RemoteState {
  /** Commit of the branch; undefined: there is no such branch. */
  readonly head: string | undefined;
  /** Quarantined tree → the commit that had it when it failed. */
  readonly bad: ReadonlyMap<string, string>;
  /** Branches named as reverts that wait for somebody to merge them → their commits; anybody may have pushed these. */
  readonly reverts: ReadonlyMap<string, string>;
  /** Hypervisor → the commit that is deployed there. */
  readonly deployed: ReadonlyMap<string, string>;
}

/** How a person recognises a commit; text of others, as git prints it. */
export interface About {
  readonly subject: string;
  /** Name and age, as in `Grace, 2 hours ago`. */
  readonly author: string;
  /** Branches of this clone and of its remotes that contain it. */
  readonly branches: readonly string[];
}

/** Where a commit can be pushed to, and the state of that remote. */
export interface Upstream {
  readonly branch: string;
  /** What hypervisors pull from, without credentials. */
  readonly url: string;
  readonly state: RemoteState;
}

/** Where this clone pushes to, as far as it says. */
export interface Outset {
  readonly branch?: string;
  /** What hypervisors pull from, without credentials. */
  readonly url?: string;
  /** Everything that keeps a commit from being made here, the first of it first. */
  readonly obstacles: readonly Error[];
}

/** The outcome of a deployment, to record at the remote. */
export interface Outcome {
  /** If it has no `branch`, the branch that is checked out at that time. */
  readonly settings: GitSettings;
  /** A commit for the branch: the revert. */
  readonly branch?: string;
  /** The branch that it is pushed as, instead. */
  readonly proposed?: string;
  /** A commit to quarantine. */
  readonly bad?: string;
  /** Hypervisor → commit, for those that were deployed to or rolled back. The remote has these commits. */
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
  /** The commit that a branch, a tag or the beginning of an id stands for; undefined: it is not in this clone. */
  commitOf(name: string): Promise<string | undefined>;
  /** All files of a commit. */
  filesAt(commit: string): Promise<readonly TrackedFile[]>;
  /** The contents of these paths in a commit; paths that it does not have are left out. */
  textsAt(commit: string, paths: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Earlier contents of a file, the newest first; none without commits. */
  past(path: string): Promise<readonly PastText[]>;
  /** Commit → the content of a file there, as far as it is in this clone; of many commits, only the first. */
  textsIn(path: string, commits: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Paths of tracked files that differ from HEAD, in the index or the work tree. */
  dirty(): Promise<readonly string[]>;
  /** Path → the blob id that git would give this text. */
  idsOf(texts: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, string>>;
  /** Reads the state of the remote in one round trip. @throws FleetError `git.no-remote`, `git.remote-unreachable`, … */
  remoteState(settings: GitSettings): Promise<RemoteState>;
  /**
   * Checks that a commit can be made and pushed. Reads the state of the remote once.
   * @throws FleetError `git.*` for the first obstacle
   */
  ready(settings: GitSettings): Promise<Upstream>;
  /** The same without the remote; does not end at the first obstacle. */
  outset(settings: GitSettings): Promise<Outset>;
  /**
   * Does the remote let us push HEAD to the branch? Nothing is sent.
   * @throws FleetError `git.no-permission`, `git.remote-unreachable`, …
   */
  mayPush(settings: GitSettings, branch: string): Promise<void>;
  /** @throws FleetError `git.moved-on` where the remote's branch, as it was seen, has commits that HEAD has not */
  refuseMovedOn(settings: GitSettings, branch: string, state: RemoteState): Promise<void>;
  /** Whether the branch was at the remote when it was last fetched or pushed in this clone. */
  hasSeen(remote: string, branch: string): Promise<boolean>;
  /** The tree that a `commit` of these contents would have; without contents that of HEAD. */
  treeWith(contents: Contents): Promise<string>;
  /**
   * Commits exactly these contents on top of `on`, which has to be HEAD. Work tree and index do not matter, and the work
   * tree stays as it is. Author, signing and hooks are the user's. Returns the commit, or `on` if it has these contents
   * already.
   * @throws FleetError `git.head-moved`, `git.hook-failed`, `git.hook-changed`, `git.signing-failed`, …
   */
  commit(contents: Contents, message: string, on: string | undefined): Promise<string>;
  /** Pushes HEAD to the branch. @throws FleetError `git.moved-on`, `git.no-permission`, … */
  push(settings: GitSettings): Promise<PushedCommit>;
  /**
   * Makes a commit on top of `on` (default: HEAD) that has exactly the files of `good`, with the user's author and
   * signing. Changes no branch, index or file. Returns the commit.
   * @throws FleetError `git.cannot-revert`, `git.signing-failed`, `git.no-identity`.
   */
  revertTo(good: string, message: string, on?: string): Promise<string>;
  /** Whether `one` is in the history of `other`, or the same. Undefined: one of them is not in this clone. */
  isAncestor(one: string, other: string): Promise<boolean | undefined>;
  /** The tree of a commit; undefined if it is not in this clone. */
  treeOf(commit: string): Promise<string | undefined>;
  /** What a commit of a branch at the remote is made of; undefined: it cannot be fetched. Changes no ref. */
  madeOf(
    settings: Pick<GitSettings, 'remote'>,
    branch: string,
    commit: string,
  ): Promise<{ readonly tree: string; readonly parents: readonly string[] } | undefined>;
  /** Commit → its tree, as far as it is in this clone; a commit's name may be a stranger's word. Nothing is fetched. */
  treesOf(commits: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Describes a commit that is deployed on a hypervisor; undefined if it is neither in this clone nor can be fetched. */
  about(settings: GitSettings, hypervisor: string, commit: string): Promise<About | undefined>;
  /** Paths in which two commits differ. */
  pathsBetween(one: string, other: string): Promise<readonly string[]>;
  /** Commits that `head` has and `good` does not have: short id and subject, the newest 20. */
  commitsBetween(good: string, head: string): Promise<readonly string[]>;
  /** Commit → its subject, as far as it is in this clone: text of others. Nothing is fetched. */
  subjects(commits: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /**
   * Records an outcome at the remote in one atomic push, the branch never by force. If only the branch is refused, pushes
   * the rest without it, and the error says so.
   * @throws FleetError `git.moved-on`, `git.no-permission`, `git.no-atomic`, `git.hook-failed`, …
   */
  publishOutcome(outcome: Outcome): Promise<Published>;
  /**
   * Fast-forwards the checked-out branch and the work tree to this commit.
   * @throws FleetError `git.local-changes`, `git.diverged`; then nothing has changed
   */
  fastForward(commit: string): Promise<void>;
  /** A bundle with one commit of exactly these files as refs/heads/fleet; no branch here has it. */
  snapshot(contents: Contents): Promise<Buffer>;
  /** A bundle with `commit` as refs/heads/fleet; complete unless `have` is an ancestor of it. */
  bundle(commit: string, have: string | undefined): Promise<Buffer>;
}
