import { stringify } from 'yaml';
import { readFleet } from '../../config/read-fleet.ts';

/** What `init` has to know about the first hypervisor. */
export type Wanted = 'ssh' | 'name' | 'uplink' | 'system' | 'stateVersion';

/** Why fleet.yaml's rules would refuse an answer, and what to write instead; undefined: it is fine. */
export function objection(key: Wanted, answer: string): string | undefined {
  const fields = { ssh: 'host', system: 'x86_64-linux', stateVersion: '25.11', uplink: 'eth0' };
  const { name, ...said } = { name: 'host', ...fields, [key]: answer };
  const read = readFleet(
    stringify({ version: 1, name: 'init', hypervisors: { [name]: said } }),
    'fleet.yaml',
  );
  const found = 'diagnostics' in read ? read.diagnostics : [];
  const [first] = found.filter(({ severity }) => severity === 'error');
  return first && [first.message, first.hint].filter(Boolean).join(': ');
}
