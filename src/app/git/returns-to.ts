import type { Facts } from '../../model/facts.ts';
import { systemName } from '../../model/names.ts';
import type { RemoteState, Repo } from '../../repo/repo.ts';

/** The commit that the branch returns to after a roll-back; or why there is none, and whether to quarantine all the same. */
export type Return =
  | { readonly good: string; readonly note?: string }
  | { readonly good: undefined; readonly why: string; readonly isBad: boolean };

/**
 * The commit that was last deployed and confirmed, according to the remote's refs. The commit of a checkout proves
 * nothing: after a power cut it is still the one that failed. Of several hypervisors the newest commit counts, and
 * it must have the others' in its history, so that the branch never goes behind what runs somewhere. What a hypervisor
 * itself says can only prevent a revert.
 * @param hypervisors those of the fleet; refs of others are ignored
 * @param before facts of those that were deployed to
 */
export async function returnsTo(
  repo: Repo,
  state: RemoteState,
  commit: string,
  hypervisors: readonly string[],
  before: ReadonlyMap<string, Facts>,
): Promise<Return> {
  const nothing = (why: string, isBad = true): Return => ({ good: undefined, why, isBad });
  const deployed = hypervisors.flatMap((name): [string, string][] => {
    const id = state.deployed.get(name);
    return id === undefined ? [] : [[name, id]];
  });
  let newest: readonly [string, string] | undefined;
  for (const [name, id] of deployed) {
    if ((await repo.isAncestor(id, commit)) !== true)
      return nothing(
        `Nothing is reverted: ${name} has ${short(id)}, which is not in the history of ${short(commit)}.`,
      );
    if (newest === undefined || (await repo.isAncestor(newest[1], id))) newest = [name, id];
    else if (!(await repo.isAncestor(id, newest[1])))
      return nothing(
        `Nothing is reverted: ${newest[0]} has ${short(newest[1])} and ${name} has ${short(id)}, and neither is in the history of the other.`,
      );
  }
  for (const [name, facts] of before) {
    const theirs = lastRecord(facts);
    const ours = state.deployed.get(name);
    if (theirs === undefined || theirs === ours) continue;
    if (ours === undefined || !(await repo.isAncestor(theirs, ours)))
      return nothing(
        `Nothing is reverted: ${name} reports ${short(theirs)} as deployed, the remote has ${ours === undefined ? 'no record of it' : short(ours)}.`,
      );
  }
  if (newest === undefined)
    return nothing('Nothing is reverted: no commit was deployed and confirmed before.');
  const [name, good] = newest;
  if (good === commit)
    return nothing(
      `${short(commit)} is neither quarantined nor reverted: it is deployed on ${name}.`,
      false,
    );
  const tree = await repo.treeOf(good);
  if (tree !== undefined && tree !== (await repo.treeOf(commit)) && state.bad.has(tree))
    return nothing(`Nothing is reverted: ${short(good)}, deployed on ${name}, is quarantined.`);
  const behind = deployed.filter(([, id]) => id !== good);
  return {
    good,
    ...(behind.length > 0 && {
      note: `${short(good)} is deployed on ${name}; ${behind.map(([of, id]) => `${of} has ${short(id)}`).join(', ')}.`,
    }),
  };
}

/** The commit that a hypervisor recorded last, of its system or of a vm; a roll-back records none. */
export function lastRecord(facts: Facts): string | undefined {
  const records = [...facts.deployed].filter(([, { commit }]) => commit !== '' && commit !== '-');
  records.sort(([a, { since: one }], [b, { since: other }]) =>
    one === other ? Number(a === systemName) - Number(b === systemName) : one - other,
  );
  return records.at(-1)?.[1].commit;
}

const short = (commit: string): string => commit.slice(0, 8);
