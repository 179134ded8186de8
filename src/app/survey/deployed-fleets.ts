import { readFleet } from '../../config/read-fleet.ts';
import type { Contact } from '../../deploy/connect-all.ts';
import { type FleetIndex, indexFleet } from '../../model/index.ts';
import { systemName } from '../../model/names.ts';
import type { Plan } from '../../plan/plan.ts';
import type { Repo } from '../../repo/repo.ts';
import type { Workspace } from '../workspace/workspace.ts';

/**
 * Commit → its fleet.yaml, for the commits from which the targets of the plan's changes were deployed, and those of the
 * checkouts there. One that is not
 * in this clone, or that this version of fleet cannot read, is left out; the plan then says less.
 */
export async function deployedFleets(
  repo: Repo,
  { config, text, index }: Pick<Workspace, 'config' | 'text' | 'index'>,
  contacts: readonly Contact[],
  plan: Plan,
): Promise<Map<string, FleetIndex>> {
  const times = new Map<string, number>();
  const count = (commit: string | undefined) => {
    if (commit !== undefined) times.set(commit, (times.get(commit) ?? 0) + 1);
  };
  const actions = new Map(plan.hypervisors.map((h) => [h.name, h.actions]));
  for (const { hypervisor, facts } of contacts) {
    if (facts instanceof Error) continue;
    const targets = (actions.get(hypervisor.name) ?? []).map(({ target }) => target);
    if (targets.length === 0) continue;
    for (const name of new Set([...targets, systemName])) count(facts.deployed.get(name)?.commit);
    count(facts.checkout?.commit);
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
