import { type Effective, effective } from '../config/effective.ts';
import { exitCodes, FleetError } from '../model/errors.ts';
import { meant } from '../model/meant.ts';
import type { LocalPorts } from './ports.ts';
import { readConfig } from './workspace/read-config.ts';
import type { Where } from './workspace/where.ts';

/**
 * Everything of this name in fleet.yaml (usually one thing), after defaults and profiles.
 * @throws FleetError `show.nothing`; ConfigError
 */
export function show(
  ports: Pick<LocalPorts, 'cwd' | 'surroundings'>,
  { where, name }: { readonly where: Where; readonly name: string },
): [Effective, ...Effective[]] {
  const { index, text } = readConfig(ports, where);
  const { fleet } = index;
  const [shown, ...others] = effective(text, fleet, name);
  if (shown) return [shown, ...others];
  throw new FleetError('show.nothing', `no vm, hypervisor or network is called ${name}`, {
    exitCode: exitCodes.usage,
    hint: meant(name, fleet, ['vms', 'hypervisors', 'networks']),
  });
}
