import { hash } from 'node:crypto';

/** Linux holds interface names in 16 bytes with a NUL at the end. */
export const maxInterfaceName = 15;

const digest = (name: string): string => hash('sha256', name, 'hex');

/**
 * TAP interface of a vm: `vm-NAME`, or seven characters of it and five of its hash when too long. The
 * first NIC is named after the vm alone, each further one after its network too.
 */
export function tapName(vm: string, further?: string): string {
  const plain = `vm-${vm}`;
  if (further === undefined && plain.length <= maxInterfaceName) return plain;
  return `vm-${vm.slice(0, 7)}${digest(nicName(vm, further)).slice(0, 5)}`;
}

/** MAC of a NIC: from names alone, so that no other vm can change it. 02: locally administered. */
export function macAddress(vm: string, further?: string): string {
  return `02:${digest(nicName(vm, further)).slice(0, 10).match(/../g)!.join(':')}`;
}

/** No name has a slash. */
const nicName = (vm: string, further: string | undefined): string =>
  further === undefined ? vm : `${vm}/${further}`;

/** What tailscale calls its interface. */
export const tailscaleInterface = 'tailscale0';

/** Bridge of a network that does not name one; may be too long to be an interface. */
export function bridgeName(network: string): string {
  return `br-${network}`;
}

/** Order of names everywhere: by code unit, the same on every machine. */
export function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

/** The command that shows what a vm and its helpers said. */
export const logsOf = (vm: string): string => `fleet logs ${vm}`;

/** Key of the hypervisor's own system where vms are listed by name: no vm can be called so. */
export const systemName = 'system.';

/** The name of a target for people: the hypervisor's, if it is `systemName`. */
export const targetName = (name: string, hypervisor: string): string =>
  name === systemName ? hypervisor : name;
