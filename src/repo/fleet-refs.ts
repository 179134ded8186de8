import type { RemoteState } from './repo.ts';

/** The pattern for all refs of fleet at the remote. A normal clone fetches none of them. */
export const fleetRefs = 'refs/fleet/*';

/** Named after the tree, so that a commit with the same content is recognised without fetching anything. */
export function badRef(tree: string): string {
  return `refs/fleet/bad/${tree}`;
}

/** The branches that a revert may be proposed as: the first that nobody else has. A person merges and deletes it. */
export function revertBranches(commit: string): readonly string[] {
  const name = `fleet/revert-${commit.slice(0, 8)}`;
  return [name, ...[2, 3, 4, 5].map((number) => `${name}-${number}`)];
}

/** The pattern for these at the remote. */
export const revertRefs = 'refs/heads/fleet/revert-*';

/** A hypervisor's name needs no escaping: letters, digits and inner hyphens are allowed in refs. */
export function deployedRef(hypervisor: string): string {
  return `refs/fleet/deployed/${hypervisor}`;
}

/**
 * Reads what `git ls-remote` printed. Its patterns match the end of a name, so other refs may be listed; and everyone who
 * may push can create refs. So only names that fleet itself gives are accepted.
 */
export function parseRemoteState(text: string, branch: string): RemoteState {
  const refs = new Map(
    text.split('\n').map((line) => {
      const [commit = '', name = ''] = line.split('\t');
      return [name, commit] as const;
    }),
  );
  const below = (folder: string, name: RegExp) =>
    new Map(
      [...refs]
        .filter(([ref]) => ref.startsWith(folder) && name.test(ref.slice(folder.length)))
        .map(([ref, commit]) => [ref.slice(folder.length), commit] as const),
    );
  return {
    head: refs.get(`refs/heads/${branch}`),
    bad: below(badRef(''), /^([0-9a-f]{40}|[0-9a-f]{64})$/),
    reverts: below('refs/heads/', /^fleet\/revert-[0-9a-f]{8}(-[2-5])?$/),
    deployed: below(deployedRef(''), /^[a-z0-9-]+$/),
  };
}
