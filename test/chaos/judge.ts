import { differences, type Facets, type Seen } from './examine.ts';

/**
 * How a deployment came out, over all its hypervisors. `old` and `new` are well; MIXED is in
 * between, DOWN is one of both with a guest that does not answer, LITTER one of both with a bridge of
 * the other, DATA has another volume, STUCK has something that waits for a person.
 */
export type Outcome = 'old' | 'new' | 'MIXED' | 'DOWN' | 'LITTER' | 'DATA' | 'STUCK';

export interface Verdict<C extends Candidate = Candidate> {
  readonly outcome: Outcome;
  /** Every candidate that all hypervisors are at; more than one when they are alike. */
  readonly at: readonly C[];
  /** What is wrong, a line each. */
  readonly wrong: readonly string[];
}

/** Where a fleet can be: what is so in it, by hypervisor. */
export interface Candidate {
  readonly side: 'old' | 'new';
  readonly hosts: ReadonlyMap<string, Facets>;
}

/** Finds the candidate that all hypervisors are at. */
export function judge<C extends Candidate>(
  seen: readonly Seen[],
  candidates: readonly C[],
  volumes: ReadonlyMap<string, string>,
): Verdict<C> {
  const lost = lostVolumes(seen, volumes);
  if (lost.length > 0) return { outcome: 'DATA', at: [], wrong: lost };
  const markers = seen.flatMap((s) => s.markers);
  const apart = candidates.map((candidate) => ({
    candidate,
    wrong: seen.map((s) => differences(s.is, candidate.hosts.get(s.host) ?? new Map())),
  }));
  const at = apart.filter(({ wrong }) => wrong.flat().length === 0).map((a) => a.candidate);
  if (at[0]) return { outcome: markers.length > 0 ? 'STUCK' : at[0].side, at, wrong: markers };
  const tell = (wrong: readonly string[][]) =>
    seen.flatMap((s, n) => (wrong[n] ?? []).map((line) => `${s.host} ${line}`));
  for (const [outcome, pattern] of nearly) {
    const near = apart.find(({ wrong }) => wrong.flat().every((line) => pattern.test(line)));
    if (near) return { outcome, at, wrong: [...tell(near.wrong), ...markers] };
  }
  const told = apart.flatMap(({ candidate, wrong }) =>
    tell(wrong).map((line) => `for the ${candidate.side} side: ${line}`),
  );
  return { outcome: 'MIXED', at, wrong: [...told, ...markers] };
}

/** Differences that tell of one thing only, with what the outcome is then called. */
const nearly: readonly (readonly [Outcome, RegExp])[] = [
  ['DOWN', / (answers|runs) is |(booted|\bvm-\S+) is absent/],
  ['LITTER', /^br-\S+ is .* not absent$/],
];

function lostVolumes(seen: readonly Seen[], volumes: ReadonlyMap<string, string>): string[] {
  const found = new Map(seen.flatMap((s) => [...s.volumes]));
  return [...volumes].flatMap(([name, hash]) => {
    if (!found.has(name)) return [`${name} has gone`];
    return found.get(name) === hash ? [] : [`${name} has other bytes`];
  });
}
