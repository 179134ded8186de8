import type { RemoteState } from './repo.ts';

/** All of fleet's own refs at the remote, as a pattern. A default clone fetches none of them. */
export const fleetRefs = 'refs/fleet/*';

/** Named by the tree: a commit with the same content is recognised without fetching anything. */
export function badRef(tree: string): string {
  return `refs/fleet/bad/${tree}`;
}

/** A hypervisor's name needs no escape: letters, digits and inner hyphens break no rule of refs. */
export function deployedRef(hypervisor: string): string {
  return `refs/fleet/deployed/${hypervisor}`;
}

/**
 * Reads what `git ls-remote` prints. Its patterns match at the end of a name, so that others may be
 * there too; and whoever may push can make a ref: only names that fleet gives are believed.
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
    deployed: below(deployedRef(''), /^[a-z0-9-]+$/),
  };
}
