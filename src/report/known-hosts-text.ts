import type { HostKey } from '../model/host-key.ts';

/** Lines of known_hosts: a machine under its name and its addresses. */
export function knownHostsText(machine: {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly keys: readonly HostKey[];
}): string {
  const names = [machine.name, ...machine.addresses].join(',');
  return machine.keys.map(({ type, base64 }) => `${names} ${type} ${base64}\n`).join('');
}
