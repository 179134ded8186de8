import { fields, type Git } from './git.ts';
import type { TrackedFile } from './repo.ts';

/** The mode of a submodule, whose content is in another repository. */
export const submodule = '160000';

/** Commit of HEAD, or undefined in a repository without commits. */
export async function currentHead(git: Git): Promise<string | undefined> {
  const { code, out } = await git.run(['rev-parse', '--verify', '--quiet', 'HEAD^{commit}']);
  return code === 0 ? out.toString().trim() : undefined;
}

/** The commit that a name stands for in this clone; undefined: none. Nothing is fetched. */
export async function commitOf(git: Git, name: string): Promise<string | undefined> {
  const words = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`];
  const { code, out } = await git.run(words, { env: { GIT_NO_LAZY_FETCH: '1' } });
  return code === 0 ? out.toString().trim() : undefined;
}

/** Files of a commit, including links and submodules, sorted by path. */
export async function filesAt(git: Git, commit: string): Promise<TrackedFile[]> {
  const out = await git.read(['ls-tree', '-r', '-z', '--full-tree', commit]);
  const files = fields(out).flatMap((entry) => {
    const tab = entry.indexOf('\t');
    const [mode = '', , blob = ''] = entry.slice(0, tab).split(' ');
    return [{ path: entry.slice(tab + 1), mode, blob }];
  });
  return files.sort((a, b) => byText(a.path, b.path));
}

/** The contents of these paths in a commit; paths that it does not have are left out. */
export async function textsAt(
  git: Git,
  commit: string,
  paths: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const wanted = new Set(paths);
  const isText = ({ mode, path }: TrackedFile) => wanted.has(path) && mode !== submodule;
  const files = (await filesAt(git, commit)).filter(isText);
  // By id and not by COMMIT:path, because a path may contain a line feed, which ends a request.
  const stdin = files.map((file) => `${file.blob}\n`).join('');
  const out = await git.read(['cat-file', '--batch'], { stdin });
  const texts = new Map<string, string>();
  let at = 0;
  for (const { path } of files) {
    const lineEnd = out.indexOf('\n', at);
    const size = Number(out.toString('latin1', at, lineEnd).split(' ')[2]);
    texts.set(path, out.toString('utf8', lineEnd + 1, lineEnd + 1 + size));
    at = lineEnd + 1 + size + 1;
  }
  return texts;
}

/** Tracked files that differ from HEAD, in the index or the work tree. */
export async function dirtyFiles(git: Git): Promise<string[]> {
  const options = ['--porcelain=v1', '-z', '--no-renames', '--untracked-files=no'];
  const out = await git.read(['status', ...options]);
  return fields(out)
    .map((entry) => entry.slice('XY '.length))
    .sort(byText);
}

function byText(a: string, b: string): number {
  return a < b ? -1 : 1;
}
