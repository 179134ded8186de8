import { readFleet } from '../../config/read-fleet.ts';
import type { Contact } from '../../deploy/connect-all.ts';
import { type FleetIndex, indexFleet } from '../../model/index.ts';
import { systemName } from '../../model/names.ts';
import type { Plan } from '../../plan/plan.ts';
import type { Repo } from '../../repo/repo.ts';
import type { Workspace } from '../workspace/workspace.ts';

/**
 * Commit → its fleet.yaml, for the commits from which the targets of the plan's changes were deployed. One that is not
 * in this clone, or that this version of fleet cannot read, is left out; the plan then says less.
 */
export async function deployedFleets(
  repo: Repo,
  { config, text, index }: Pick<Workspace, 'config' | 'text' | 'index'>,
  contacts: readonly Contact[],
  plan: Plan,
): Promise<Map<string, FleetIndex>> {
  const times = new Map<string, number>();
  const actions = new Map(plan.hypervisors.map((h) => [h.name, h.actions]));
  for (const { hypervisor, facts } of contacts) {
    if (facts instanceof Error) continue;
    for (const { target } of actions.get(hypervisor.name) ?? []) {
      const name = target === hypervisor.name ? systemName : target;
      const commit = facts.deployed.get(name)?.commit;
      if (commit !== undefined) times.set(commit, (times.get(commit) ?? 0) + 1);
    }
  }
  if (times.size === 0) return new Map();
  // The commits that most targets have come first.
  const commits = [...times].sort(([, one], [, other]) => other - one).map(([commit]) => commit);
  const texts = await repo.textsIn(config, commits).catch(() => new Map<string, string>());
  const read = new Map<string, FleetIndex | undefined>([[text, index]]);
  const found = new Map<string, FleetIndex>();
  for (const [commit, then] of texts) {
    if (!read.has(then)) {
      const reading = readFleet(then, config);
      read.set(then, 'fleet' in reading ? indexFleet(reading.fleet) : undefined);
    }
    const fleet = read.get(then);
    if (fleet) found.set(commit, fleet);
  }
  return found;
}
