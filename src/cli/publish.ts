import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Source } from '../deploy/deployment.ts';
import { FleetError } from '../model/errors.ts';
import { commitMessage } from '../plan/commit-message.ts';
import { nextCommit, readIfThere } from './desk.ts';
import type { Survey } from './survey.ts';
import { type Workspace, writeRendered } from './workspace.ts';

/** What hypervisors pull, and what it evaluates from. */
export interface Published {
  readonly source: Source;
  readonly fingerprints: ReadonlyMap<string, string>;
}

/** Writes, locks, commits and pushes. @throws FleetError `plan.stale` when somebody committed meanwhile. */
export async function publish(
  workspace: Workspace,
  seen: Survey,
  target: { readonly branch: string; readonly url: string },
): Promise<Published> {
  const { fleet } = workspace.index;
  if ((await seen.repo.head()) !== seen.commit.head) {
    throw new FleetError('plan.stale', 'there is a new commit here since this was planned', {
      hint: 'Nothing was done: plan again.',
    });
  }
  writeRendered(workspace);
  let next = seen.commit;
  if (next.needsLock) {
    const { lockInputs } = await import('../repo/flake-lock.ts');
    const file = join(workspace.directory, 'flake.lock');
    const host = seen.contacts.find((c) => c.host)?.host;
    const lock = await lockInputs(
      workspace.rendered.get('flake.nix') ?? '',
      readIfThere(file),
      [],
      host && (async () => host),
    );
    writeFileSync(file, lock);
    next = { ...(await nextCommit(workspace, seen.repo)), needsLock: false };
  }
  const paths = next.files.map((f) => f.path);
  const commit = await seen.repo.commit(paths, commitMessage(next.files));
  await seen.repo.push(fleet.git);
  return {
    // A lock that was made just now is one of the files that every evaluation sees.
    fingerprints:
      next.fingerprints ?? (await nextCommit(workspace, seen.repo)).fingerprints ?? new Map(),
    source: {
      commit,
      branch: target.branch,
      url: target.url,
      ...(fleet.git.transport === 'send' && {
        bundle: (have?: string) => seen.repo.bundle(commit, have),
      }),
    },
  };
}
