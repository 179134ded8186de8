import type { Contact } from '../deploy/connect-all.ts';
import type { GitSettings } from '../model/fleet.ts';
import type { RemoteState, Repo } from '../repo/repo.ts';
import { lastRecord } from './returns-to.ts';

/**
 * Hypervisors that have what is not in the history of HEAD, from a branch, or from before a history was
 * rewritten: an apply would take it away without a word. What holds the same files is no loss.
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
  for (const { hypervisor, facts } of contacts) {
    const recorded = facts instanceof Error ? undefined : lastRecord(facts);
    for (const commit of new Set([remote.deployed.get(hypervisor.name), recorded])) {
      if (commit === undefined || !/^[0-9a-f]{40,64}$/.test(commit)) continue;
      if ((await repo.isAncestor(commit, head)) === true) continue;
      const about = await repo.about(settings, hypervisor.name, commit);
      if ((await repo.isAncestor(commit, head)) === true) continue;
      if (tree !== undefined && (await repo.treeOf(commit)) === tree) continue;
      found.push(
        `${hypervisor.name} has ${commit.slice(0, 8)}, ${about}: it is not in the history of what would be deployed, and apply would undo it`,
      );
    }
  }
  return found;
}
