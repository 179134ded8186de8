import type { Network, Vm } from '../model/fleet.ts';

/**
 * Where a guest is reached, remembered beside each generation: a roll-back years later has to know
 * what that generation looked like, and a changed TAP or bridge has to be seen before a switch.
 */
export interface Expected {
  readonly tap: string;
  readonly bridge: string;
  readonly address: string;
}

export function expectedOf(vm: Vm, networks: ReadonlyMap<string, Network>): Expected {
  const nic = vm.nics[0];
  const network = nic && networks.get(nic.network);
  if (!nic || !network) throw new Error(`${vm.name} has no network`);
  return { tap: nic.tap, bridge: network.bridge, address: nic.address };
}

/** One word for a record on the hypervisor. */
export function formatExpected(expected: Expected): string {
  return `${expected.tap},${expected.bridge},${expected.address}`;
}

/** Undefined for records that are not about a vm. */
export function parseExpected(text: string | undefined): Expected | undefined {
  const [tap, bridge, address] = (text ?? '').split(',');
  return tap && bridge && address ? { tap, bridge, address } : undefined;
}
