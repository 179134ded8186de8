import { matches } from '../../model/selector.ts';
import type { Finding, Path } from '../finding.ts';
import { quote } from '../finding.ts';
import type { Draft, DraftVm } from '../normalise.ts';
import { limits } from '../recovery.ts';
import type { AlertRule } from '../schema.generated.ts';

/** What is about a hypervisor as a whole, whatever vms it has. */
const ofHypervisors: readonly string[] = ['disk', 'memory', 'clock'];

/** The limit of an alert has to fit what it is about, and the vms that it names have to exist. */
export function* alerts({ yaml, vms, hypervisors }: Draft): Iterable<Finding> {
  const rules = yaml.alerts?.rules ?? [];
  for (const [i, rule] of rules.entries()) {
    yield* problems(rule, ['alerts', 'rules', i], [...vms.values()]);
  }
  for (const { path, yaml: machine, vms: own } of hypervisors.values()) {
    for (const [i, rule] of (machine.alerts?.rules ?? []).entries()) {
      yield* problems(rule, [...path, 'alerts', 'rules', i], own);
    }
  }
}

function* problems(rule: AlertRule, path: Path, vms: readonly DraftVm[]): Iterable<Finding> {
  const { above, when } = rule;
  const limit = limits[when];
  if (above !== undefined && limit === undefined) {
    const hint = `${Object.keys(limits).join(', ')} have one`;
    const message = `there is no limit to ${when}`;
    yield { code: 'E548', path: [...path, 'above'], on: 'key', message, hint };
  }
  if (above !== undefined && limit && !limit.form.test(String(above))) {
    const message = `${quote(String(above))} is no limit of ${when}`;
    yield { code: 'E548', path: [...path, 'above'], message, hint: `write ${limit.is}` };
  }
  if (rule.vms === undefined) return;
  if (ofHypervisors.includes(when)) {
    const message = `${when} is about the hypervisor, not about its vms`;
    yield { code: 'E549', path: [...path, 'vms'], on: 'key', message, hint: 'leave vms out' };
    return;
  }
  const all = vms.map(({ name, merged }) => ({ name, tags: merged.tags }));
  for (const part of rule.vms.split(',').map((p) => p.trim())) {
    if (all.some(matches(part))) continue;
    yield {
      code: 'E549',
      path: [...path, 'vms'],
      message: `no vm there is called or tagged ${quote(part)}`,
      hint: 'names, web*, @tag; comma-separated',
    };
  }
}
