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
  /**
   * Can a commit be made and pushed? Fetches, and looks at branch, upstream and shallowness.
   * @throws FleetError `git.*` for each thing that stands in the way.
   */
  ready(
    settings: import('../model/fleet.ts').GitSettings,
  ): Promise<{ branch: string; url: string }>;
  /** True when HEAD holds exactly these paths as they are in the work tree (absent = absent). */
  isCommitted(paths: readonly string[]): Promise<boolean>;
  /**
   * Commits exactly these paths (created, changed or removed), nothing else that is dirty, with the
   * user's author, signing and hooks. Returns the commit; HEAD's when there was nothing to commit.
   */
  commit(paths: readonly string[], message: string): Promise<string>;
  /** Pushes HEAD to the branch. @throws FleetError `git.moved-on`, `git.no-permission`, … */
  push(settings: import('../model/fleet.ts').GitSettings): Promise<PushedCommit>;
  /** A bundle that carries `commit` as refs/heads/fleet; complete unless `have` is an ancestor. */
  bundle(commit: string, have: string | undefined): Promise<Buffer>;
}
