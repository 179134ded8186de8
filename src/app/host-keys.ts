import { readHostKeys } from '../host/hypervisor/look.ts';
import { FleetError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import type { HostKey } from '../model/host-key.ts';
import { looking } from './looking.ts';
import type { Ports } from './ports.ts';
import { guestOf } from './reach/machines.ts';
import { knownConfig } from './workspace/known-config.ts';
import type { Where } from './workspace/where.ts';

/** How a guest is known. */
export interface KnownGuest {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly keys: readonly HostKey[];
}

/**
 * The ssh host keys that a guest was given by its hypervisor.
 * @throws FleetError `guest.no-host-key`, `select.nothing`, `reach.no-vm`; as `knownConfig` and `connect`; Interrupted
 */
export async function hostKeys(
  ports: Ports,
  { where, name }: { readonly where: Where; readonly name: string },
  emit: Emit,
  signal: AbortSignal,
): Promise<KnownGuest> {
  return looking(ports, signal, async (ports) => {
    const { index } = await knownConfig(ports, where, emit);
    const { hypervisor, vm } = guestOf(index, name);
    const host = await ports.connector.connect(hypervisor);
    const keys = (await readHostKeys(host, [name])).get(name) ?? [];
    const addresses = vm.nics.flatMap(({ address, address6 }) => [
      address,
      ...(address6 === undefined ? [] : [address6]),
    ]);
    if (keys.length > 0) return { name, addresses, keys };
    throw new FleetError('guest.no-host-key', `${hypervisor.name} has given ${name} no host key`, {
      hint: vm.sshHostKey
        ? `It gets one at its next start, once that is deployed: fleet restart ${name}`
        : 'Add `sshHostKey: true` to it in fleet.yaml, then `fleet apply`.',
    });
  });
}
