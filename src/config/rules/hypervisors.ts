import { parseAddress } from '../../model/addresses.ts';
import { isAddress6 } from '../../model/addresses6.ts';
import type { SshTarget } from '../../model/fleet.ts';
import { parseSshTarget } from '../../model/ssh-target.ts';
import type { Finding } from '../finding.ts';
import { quote } from '../finding.ts';
import type { Draft } from '../normalise.ts';

/** Every hypervisor can be reached, and by an ssh destination of its own. */
export function* sshTargets({ hypervisors }: Draft): Iterable<Finding> {
  const taken = new Map<string, string>();
  for (const { name, path, yaml } of hypervisors.values()) {
    const at = [...path, 'ssh'];
    const target = typeof yaml.ssh === 'string' ? parseSshTarget(yaml.ssh) : yaml.ssh;
    if ('problem' in target) {
      yield { code: 'E509', path: at, message: target.problem, hint: target.hint };
      continue;
    }
    const { host, port = 22, jump = '' } = target as SshTarget;
    const key = `${host} ${port} ${jump}`;
    const other = taken.get(key);
    if (other !== undefined) {
      const message = `${name} has the same ssh destination as ${other}`;
      yield { code: 'W501', path: at, message, hint: 'one machine is one hypervisor' };
    }
    taken.set(key, other ?? name);
  }
}

/** Name servers are addresses: a name could not be looked up. */
export function* nameServers({ hypervisors }: Draft): Iterable<Finding> {
  for (const { path, yaml } of hypervisors.values()) {
    for (const [i, address] of (yaml.dns?.forwardTo ?? []).entries()) {
      if (parseAddress(address) !== undefined || isAddress6(address)) continue;
      const message = `${quote(address)} is not an IP address`;
      yield {
        code: 'E412',
        path: [...path, 'dns', 'forwardTo', i],
        message,
        hint: 'for example 1.1.1.1',
      };
    }
  }
}
