import { FleetError } from '../model/errors.ts';
import type { Document } from './fleet.ts';
import { type Job, madeBy } from './job.ts';
import { tryOn } from './kept.ts';

/** Opens a pull request for the branch that fleet pushed a revert to, instead of pushing it to the deployed one. */
export async function openRevert(
  job: Job,
  { commit, revertBranch }: Document,
  what: string,
): Promise<void> {
  const { github, runner } = job;
  if (typeof revertBranch !== 'string' || !github) return;
  const pull = {
    title: `Revert ${String(commit).slice(0, 8)}: it was rolled back`,
    head: revertBranch,
    base: runner.get('GITHUB_REF_NAME'),
    body: `${what}\n${madeBy(job)}`,
  };
  await tryOn(runner, `No pull request was opened for the revert on ${revertBranch}`, async () => {
    try {
      const { html_url: page } = await github.send('POST', 'pulls', pull);
      if (typeof page === 'string') runner.summary(`The revert waits to be merged: ${page}\n`);
    } catch (error) {
      // There is one already, of an earlier run.
      if (!(error instanceof FleetError && error.message.includes(' 422 '))) throw error;
    }
  });
}
