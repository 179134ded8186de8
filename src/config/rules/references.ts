import { closest } from '../../model/suggest.ts';
import type { Finding, Path } from '../finding.ts';
import { quote } from '../finding.ts';
import type { Draft } from '../normalise.ts';
import type { Kind } from '../shape.ts';

/** How many wrong names get a suggestion; for more, comparing would take too long. */
const maxComparisons = 200_000;

/** Every name that is used has to exist. */
export function* references(draft: Draft): Iterable<Finding> {
  const check = checker(draft);
  for (const { path, settings } of draft.layers) {
    for (const [i, name] of (settings.dependsOn ?? []).entries()) {
      yield* check('vms', 'vm', name, [...path, 'dependsOn', i]);
    }
  }
  for (const { path, yaml, links } of draft.vms.values()) {
    yield* check('hypervisors', 'hypervisor', yaml.on, [...path, 'on']);
    for (const link of links) yield* check('networks', 'network', link.network, link.path);
    for (const [i, name] of (yaml.profiles ?? []).entries()) {
      yield* check('profiles', 'profile', name, [...path, 'profiles', i]);
    }
  }
  for (const { path, yaml } of draft.networks.values()) {
    for (const [i, name] of (yaml.allow ?? []).entries()) {
      yield* check('networks', 'network', name, [...path, 'allow', i]);
    }
  }
  for (const [name, input] of Object.entries(draft.yaml.inputs ?? {})) {
    if (typeof input === 'string') continue;
    for (const [key, followed] of Object.entries(input.follows ?? {})) {
      const first = followed.split('/')[0]!;
      yield* check('inputs', 'input', first, ['inputs', name, 'follows', key]);
    }
  }
}

function checker(draft: Draft) {
  const inputs = draft.known.inputs && new Set([...draft.known.inputs, 'nixpkgs', 'microvm']);
  const known = { ...draft.known, inputs };
  const asked = new Map<string, string | undefined>();
  return function* (kind: Kind, what: string, name: string, path: Path): Iterable<Finding> {
    const names = known[kind];
    if (names === undefined || names.has(name)) return;
    const key = `${kind} ${name}`;
    if (!asked.has(key)) {
      const affordable = asked.size * names.size < maxComparisons;
      asked.set(key, affordable ? closest(name, names) : undefined);
    }
    const meant = asked.get(key);
    yield {
      code: 'E301',
      path,
      message: `there is no ${what} ${quote(name)}`,
      hint: meant ? `did you mean "${meant}"?` : some(kind, names),
    };
  };
}

function some(kind: Kind, names: ReadonlySet<string>): string {
  if (names.size === 0) return `${kind} has none yet`;
  const few = [...names].slice(0, 5).join(', ');
  return names.size > 5 ? `${kind} has ${few} and ${names.size - 5} more` : `${kind} has ${few}`;
}
