import { bundle } from './bundle.ts';
import type { Git } from './git.ts';
import type { ObjectFormat } from './object-id.ts';
import type { Contents } from './repo.ts';
import { treeWith } from './tree-with.ts';

/** The same files are the same commit, whoever makes it and when, so that Nix knows it again. */
const nobody = Object.fromEntries(
  ['AUTHOR', 'COMMITTER'].flatMap((who) => [
    [`GIT_${who}_NAME`, 'fleet'],
    [`GIT_${who}_EMAIL`, 'fleet@localhost'],
    [`GIT_${who}_DATE`, '946684800 +0000'],
  ]),
);

/**
 * The files that a `commit` of these contents would have, without what was before: a bundle with one commit, which no
 * branch has. So a clone may be shallow.
 */
export async function snapshot(
  git: Git,
  format: ObjectFormat,
  contents: Contents,
): Promise<Buffer> {
  const tree = await treeWith(git, format, contents);
  const made = await git.read(['commit-tree', '--no-gpg-sign', '-m', 'fleet build', tree], {
    env: nobody,
  });
  return bundle(git, format, made.toString().trim(), undefined);
}
