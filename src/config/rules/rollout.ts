import { matches } from '../../model/selector.ts';
import { type Finding, quote } from '../finding.ts';
import type { Draft } from '../normalise.ts';

/** A canary has to exist, because a misspelt one would have no effect. */
export function* canary({ yaml, hypervisors }: Draft): Iterable<Finding> {
  const wanted = yaml.rollout?.canary;
  if (wanted === undefined) return;
  const all = [...hypervisors.values()].map((h) => ({ name: h.name, tags: h.yaml.tags ?? [] }));
  for (const part of wanted.split(',').map((p) => p.trim())) {
    if (all.some(matches(part))) continue;
    yield {
      code: 'E306',
      path: ['rollout', 'canary'],
      message: `no hypervisor is called or tagged ${quote(part)}`,
      hint: 'names, web*, @tag; comma-separated',
    };
  }
}
