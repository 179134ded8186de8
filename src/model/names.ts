import { hash } from 'node:crypto';

/** Linux holds interface names in 16 bytes with a NUL at the end. */
export const maxInterfaceName = 15;

const digest = (name: string): string => hash('sha256', name, 'hex');

/** TAP interface of a vm: `vm-NAME`, or seven characters of it and five of its hash when too long. */
export function tapName(vm: string): string {
  const plain = `vm-${vm}`;
  return plain.length <= maxInterfaceName ? plain : `vm-${vm.slice(0, 7)}${digest(vm).slice(0, 5)}`;
}

/** MAC of a vm: from its name alone, so that no other vm can change it. 02: locally administered. */
export function macAddress(vm: string): string {
  return `02:${digest(vm).slice(0, 10).match(/../g)!.join(':')}`;
}

/** Bridge of a network that does not name one; may be too long to be an interface. */
export function bridgeName(network: string): string {
  return `br-${network}`;
}

/** Order of names everywhere: by code unit, the same on every machine. */
export function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
