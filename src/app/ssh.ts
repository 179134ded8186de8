import type { SshCommand } from '../host/host.ts';
import { readHealth, readHostKeys } from '../host/hypervisor/look.ts';
import type { Emit } from '../model/events.ts';
import { looking } from './looking.ts';
import type { Ports } from './ports.ts';
import { guestLogin, userIn } from './reach/guest-login.ts';
import { machineOf } from './reach/machines.ts';
import { notRunning } from './reach/running.ts';
import { knownConfig } from './workspace/known-config.ts';
import type { Where } from './workspace/where.ts';

export interface SshInput {
  readonly where: Where;
  /** Of a hypervisor or a vm. */
  readonly name: string;
  /** Default: that of fleet.yaml; in a vm the first with a key. */
  readonly user?: string | undefined;
}

/**
 * How ssh is started that goes to a hypervisor, or to a guest through its own; whoever starts it closes it then.
 * @throws FleetError `select.nothing`, `guest.no-user`, `guest.not-running`; as `knownConfig` and `connect`; Interrupted
 */
export async function ssh(
  ports: Ports,
  { where, name, user }: SshInput,
  emit: Emit,
  signal: AbortSignal,
): Promise<SshCommand> {
  return looking(ports, signal, async (ports) => {
    const { index } = await knownConfig(ports, where, emit);
    const { hypervisor, vm } = machineOf(index, name);
    if (!vm) return ports.sshCommand({ hypervisor, ...(user !== undefined && { user }) });
    userIn(vm, user);
    const host = await ports.connector.connect(hypervisor);
    const [known, { vms }] = await Promise.all([readHostKeys(host, [name]), readHealth(host)]);
    // ssh would only say that nobody answers.
    const reason = notRunning(name, vms);
    if (reason) throw reason;
    const keys = known.get(name) ?? [];
    if (keys.length === 0)
      emit({
        type: 'note',
        text: `${name} has no host key of fleet's, so your known_hosts decides. \`sshHostKey: true\` in fleet.yaml gives it one.`,
      });
    return ports.sshCommand({ hypervisor, guest: guestLogin(vm, user, keys) });
  });
}
