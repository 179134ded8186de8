import { fields, type Git, literal } from './git.ts';

/** The content of a file in a commit. */
export interface PastText {
  readonly commit: string;
  /** When it was committed, in seconds since the epoch. */
  readonly at: number;
  readonly text: string;
}

/** How many commits to look back. */
const limit = 20;

/**
 * Earlier contents of `path` (relative to the top), the newest first: at HEAD, in commits that are deployed on hypervisors,
 * as far as this clone has them, and in earlier commits that changed it.
 */
export async function pastTexts(git: Git, path: string): Promise<PastText[]> {
  const { code, out } = await git.run([
    ...['log', '-z', `--max-count=${limit}`, '--format=%H %ct', 'HEAD'],
    ...['--glob=refs/fleet/deployed/*', '--', literal(path)],
  ]);
  if (code !== 0) return [];
  const found: PastText[] = [];
  for (const entry of fields(Buffer.concat([out, Buffer.from('\0')]))) {
    const [commit = '', at] = entry.split(' ');
    if (commit === '') continue;
    const blob = await git.run(['cat-file', 'blob', `${commit}:${path}`]);
    if (blob.code === 0) found.push({ commit, at: Number(at), text: blob.out.toString() });
  }
  return found;
}

/** Most bytes that are read of one file, in all commits together. */
const room = 8 * 1024 * 1024;

/**
 * Contents of `path` (relative to the top) in these commits. Commits that are not in this clone or do not have the path are
 * left out, and so are all that come after the size limit. Nothing is fetched.
 */
export async function textsIn(
  git: Git,
  path: string,
  commits: readonly string[],
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  let left = room;
  // The id of a commit may come from a hypervisor.
  for (const commit of commits.filter((id) => /^[0-9a-f]{40,64}$/.test(id)).slice(0, limit)) {
    const env = { GIT_NO_LAZY_FETCH: '1' };
    const blob = await git.run(['cat-file', 'blob', `${commit}:${path}`], { env });
    if (blob.code !== 0) continue;
    left -= blob.out.length;
    if (left < 0) break;
    found.set(commit, blob.out.toString());
  }
  return found;
}

/** Commits whose subjects are read at a time: as many as hypervisors can be on, and a command line takes. */
const most = 1000;

/** Commit → its subject, as far as it is in this clone. Nothing is fetched. */
export const subjects = (git: Git, commits: readonly string[]): Promise<Map<string, string>> =>
  logged(git, commits, '%s');

/** Commit → its tree, as far as it is in this clone. Nothing is fetched. */
export const treesOf = (git: Git, commits: readonly string[]): Promise<Map<string, string>> =>
  logged(git, commits, '%T');

async function logged(
  git: Git,
  commits: readonly string[],
  format: string,
): Promise<Map<string, string>> {
  // A commit's name may be a stranger's word.
  const ids = [...new Set(commits)].filter((id) => /^[0-9a-f]{40,64}$/.test(id)).slice(0, most);
  if (ids.length === 0) return new Map();
  const env = { GIT_NO_LAZY_FETCH: '1' };
  const options = ['--no-walk', '--ignore-missing', '--no-show-signature', '--encoding=UTF-8'];
  const { code, out } = await git.run(
    ['log', '-z', ...options, `--format=%H ${format}`, ...ids, '--'],
    {
      env,
    },
  );
  if (code !== 0) return new Map();
  const entries = fields(Buffer.concat([out, Buffer.from('\0')])).map((entry) => {
    const at = entry.indexOf(' ');
    return [entry.slice(0, at), entry.slice(at + 1)] as const;
  });
  return new Map(entries.filter(([id]) => id !== ''));
}
