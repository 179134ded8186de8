import { object } from './event.ts';
import type { Document } from './fleet.ts';
import type { GitHub } from './github.ts';
import { type Job, madeBy } from './job.ts';
import { tryOn } from './kept.ts';

/** Opens a pull request for the branch that fleet pushed a revert to, instead of pushing it to the deployed one. */
export async function openRevert(
  job: Job,
  { commit, revertBase, revertBranch }: Document,
  what: string,
): Promise<void> {
  const { github, runner } = job;
  if (typeof revertBranch !== 'string' || typeof revertBase !== 'string' || !github) return;
  const pull = {
    title: `Revert ${String(commit).slice(0, 8)}: it was rolled back`,
    head: revertBranch,
    base: revertBase,
    body: `${what}\n${madeBy(job)}`,
  };
  await tryOn(runner, `No pull request was opened for the revert on ${revertBranch}`, async () => {
    const made = await github.send('POST', 'pulls', pull).catch(async (error: unknown) => {
      const known = await openFrom(github, runner.get('GITHUB_REPOSITORY'), revertBranch);
      if (known) return known;
      throw error;
    });
    if (typeof made.html_url === 'string')
      runner.summary(`The revert waits to be merged: ${made.html_url}\n`);
  });
}

/** The open pull request from a branch of this repository: an earlier run may have opened it. */
async function openFrom(github: GitHub, repository: string, branch: string) {
  const [owner] = repository.split('/');
  const open = await github.list(
    `pulls?state=open&head=${encodeURIComponent(`${owner}:${branch}`)}`,
  );
  return open.find(({ head }) => {
    const { ref, repo } = object(head);
    return ref === branch && object(repo).full_name === repository;
  });
}
