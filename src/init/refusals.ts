import { readFleet } from '../config/read-fleet.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { type FirstHypervisor, hypervisorEntry } from './first-hypervisor.ts';
import { type Fields, yaml } from './text.ts';

/** What fleet's own rules have against these networks or vms on that hypervisor. */
export function refusals(
  first: FirstHypervisor,
  kind: 'networks' | 'vms',
  { networks, vms }: { readonly networks: Fields; readonly vms: Fields },
): Diagnostic[] {
  const hypervisors = { [first.name]: hypervisorEntry(first) };
  const text = yaml({ version: 1, name: first.fleet, hypervisors, networks, vms });
  const read = readFleet(text, 'fleet.yaml');
  const found = 'diagnostics' in read ? read.diagnostics : [];
  return found.filter(({ path, severity }) => severity === 'error' && path.split('.')[0] === kind);
}
