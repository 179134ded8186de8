import { fields, type Git, literal } from './git.ts';

/** What a file held in a commit. */
export interface PastText {
  readonly commit: string;
  /** When it was committed, in seconds since the epoch. */
  readonly at: number;
  readonly text: string;
}

/** How far back is looked. */
const limit = 20;

/**
 * What `path`, seen from the top, held at HEAD, where hypervisors were deployed to as far as it is known here, and in the
 * commits before those that changed it: the newest first.
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

/** What is read of one file in all, in bytes. */
const room = 8 * 1024 * 1024;

/**
 * What `path`, seen from the top, holds in these commits; those that are not in this clone, or do not hold it, are left
 * out, and so is what comes after too much of it. Nothing is fetched.
 */
export async function textsIn(
  git: Git,
  path: string,
  commits: readonly string[],
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  let left = room;
  // A commit's name may be a stranger's word.
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
