import type { Fleet } from './fleet.ts';
import { didYouMean } from './suggest.ts';

type Kind = 'hypervisors' | 'vms' | 'networks' | 'tags';

/** More names are not listed. */
const listed = 20;

/** For a name that fleet.yaml does not have: what was most likely meant, or else what there is. */
export function meant(word: string, fleet: Fleet, kinds: readonly Kind[]): string {
  const known = kinds.map((kind) => [kind, namesOf(fleet, kind)] as const);
  const near = didYouMean(
    word,
    known.flatMap(([, names]) => names),
  );
  if (near) return near;
  const lists = known.flatMap(([kind, names]) => {
    if (names.length === 0) return [];
    const more = names.length > listed ? ` and ${names.length - listed} more` : '';
    return [`${kind}: ${names.slice(0, listed).join(', ')}${more}`];
  });
  return lists.join('\n') || 'fleet.yaml has none yet.';
}

function namesOf(fleet: Fleet, kind: Kind): string[] {
  if (kind !== 'tags') return fleet[kind].map(({ name }) => name);
  return [
    ...new Set(
      [...fleet.hypervisors, ...fleet.vms].flatMap(({ tags }) => tags.map((t) => `@${t}`)),
    ),
  ];
}
