import type { SshTarget } from '../../model/fleet.ts';
import { parseSshTarget } from '../../model/ssh-target.ts';
import { type Finding, quote } from '../finding.ts';
import type { Draft } from '../normalise.ts';

/** Where nobody has a ~/.ssh/config every destination has to say who logs in, and so has every jump host. */
export function* sshUsers({ hypervisors }: Draft): Iterable<Finding> {
  for (const { name, path, yaml } of hypervisors.values()) {
    const target = typeof yaml.ssh === 'string' ? parseSshTarget(yaml.ssh) : yaml.ssh;
    if ('problem' in target) continue;
    const { host, jump, user } = target as SshTarget;
    const at = [...path, 'ssh'];
    const hint = (is: string, name: string) =>
      `a runner has no ~/.ssh/config: write ${is}, with the address if ${quote(name)} is a Host of yours`;
    if (user === undefined)
      yield {
        code: 'E510',
        path: at,
        message: `${name}: ${quote(host)} does not say who logs in`,
        hint: hint(`root@${host}`, host),
      };
    const unnamed = jump?.split(',').find((hop) => !hop.includes('@'));
    if (unnamed !== undefined)
      yield {
        code: 'E510',
        path: [...at, 'jump'],
        message: `${name}: jump host ${quote(unnamed)} does not say who logs in`,
        hint: hint(`jump: user@${unnamed}`, unnamed),
      };
  }
}
