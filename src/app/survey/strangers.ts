import type { Contact } from '../../deploy/connect-all.ts';
import { readHistory } from '../../host/hypervisor/look.ts';
import type { GitSettings } from '../../model/fleet.ts';
import type { PastDeployment } from '../../model/past-deployment.ts';
import { plainText } from '../../model/plain-text.ts';
import type { About, RemoteState, Repo } from '../../repo/repo.ts';
import { lastRecord } from '../git/returns-to.ts';

/**
 * Hypervisors with a commit that is not in the history of HEAD, because it came from another branch or history was
 * rewritten: an apply would silently remove it. A commit with the same files is no loss.
 * @returns a sentence for each
 */
export async function strangers(
  repo: Repo,
  settings: GitSettings,
  head: string | undefined,
  contacts: readonly Contact[],
  remote: RemoteState | undefined,
): Promise<string[]> {
  if (head === undefined || remote === undefined) return [];
  const tree = await repo.treeOf(head);
  const found: string[] = [];
  for (const contact of contacts) {
    const { hypervisor, facts } = contact;
    const recorded = facts instanceof Error ? undefined : lastRecord(facts);
    for (const commit of new Set([remote.deployed.get(hypervisor.name), recorded])) {
      if (commit === undefined || !/^[0-9a-f]{40,64}$/.test(commit)) continue;
      if ((await repo.isAncestor(commit, head)) === true) continue;
      const about = await repo.about(settings, hypervisor.name, commit);
      if ((await repo.isAncestor(commit, head)) === true) continue;
      if (tree !== undefined && (await repo.treeOf(commit)) === tree) continue;
      const what = described(commit, about, await deploymentOf(contact, commit));
      found.push(
        `${hypervisor.name} has ${what}: it is not in the history of what would be deployed, and apply would undo it`,
      );
    }
  }
  return found;
}

/**
 * `1234abcd "subject" (deployed by ada@desk from branch feature)`; if no record of that is left,
 * `(written by Ada, 2 hours ago; on origin/feature)`.
 */
function described(
  commit: string,
  about: About | undefined,
  past: PastDeployment | undefined,
): string {
  const branches = about?.branches.slice(0, 3) ?? [];
  const who = past ? `deployed by ${past.operator}` : about && `written by ${about.author}`;
  const where =
    past?.branch !== undefined
      ? ` from branch ${past.branch}`
      : branches.length > 0
        ? `; on ${branches.join(', ')}`
        : `; ${about ? 'on no branch that is known here' : 'not in this clone'}`;
  const subject = about ? ` "${about.subject.slice(0, 80)}"` : '';
  const notes = `${who ?? ''}${where}`.replace(/^; /, '');
  return plainText(`${commit.slice(0, 8)}${subject} (${notes})`);
}

/** The deployment that brought the commit there, as far as that hypervisor remembers. */
async function deploymentOf(
  { host }: Contact,
  commit: string,
): Promise<PastDeployment | undefined> {
  try {
    const past = host ? await readHistory(host, 20) : [];
    return past.findLast((d) => d.commit === commit && d.result === 'done');
  } catch {
    return undefined;
  }
}
