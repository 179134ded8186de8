import type { Facts } from './facts.ts';

/** What to tell a person when a hypervisor's state is in a version that this fleet does not know. */
export function unknownState({ unknownState: found }: Facts): string | undefined {
  if (!found) return undefined;
  const { version, reads } = found;
  return version === undefined
    ? '/var/lib/fleet/version holds no version: see who wrote it; if no newer fleet deploys there, delete it'
    : `a newer fleet wrote /var/lib/fleet (version ${version}, this one reads up to ${reads}): update fleet`;
}
