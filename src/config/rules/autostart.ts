import { splitKey } from '../../model/config.ts';
import type { Data } from '../../model/fleet.ts';
import type { Finding, Path } from '../finding.ts';
import type { Draft } from '../normalise.ts';

/** fleet's guests must not be in microvm.autostart: microvm.nix would start stopped ones at every switch. */
export function* startedOnce({ hypervisors }: Draft): Iterable<Finding> {
  for (const { path, yaml, vms } of hypervisors.values()) {
    const here = new Set<Data>(vms.map(({ name }) => name));
    for (const { at, value } of settings(yaml.config, ['microvm', 'autostart'])) {
      for (const [i, name] of (Array.isArray(value) ? value : []).entries()) {
        if (!here.has(name)) continue;
        yield {
          code: 'E527',
          path: [...path, 'config', ...at, i],
          message: `fleet starts guests itself: ${name} cannot be in microvm.autostart`,
          hint: 'take it out; autostart: on the vm says whether it starts',
        };
      }
    }
  }
}

/** The values that `config` gives an option, however its keys are split, and where. */
function* settings(
  config: Data | undefined,
  option: readonly string[],
): Iterable<{ at: Path; value: Data }> {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) return;
  for (const [key, value] of Object.entries(config)) {
    const parts = splitKey(key);
    if (parts === undefined || parts.some((part, i) => part !== option[i])) continue;
    const rest = option.slice(parts.length);
    if (rest.length === 0) yield { at: [key], value };
    else for (const found of settings(value, rest)) yield { ...found, at: [key, ...found.at] };
  }
}
