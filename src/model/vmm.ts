import type { Vmm } from './fleet.ts';

/** What a VMM can be asked for by microvm.nix; what it cannot makes its evaluation fail. */
export interface Abilities {
  /** Directories of the hypervisor, its store among them. */
  readonly virtiofs: boolean;
  readonly balloon: boolean;
  /** A vsock that `microvm -s` reaches. */
  readonly vsock: boolean;
  readonly credentials: boolean;
}

/** As lib/runners of microvm.nix has them. */
export const abilities: Readonly<Record<Vmm, Abilities>> = {
  qemu: { virtiofs: true, balloon: true, vsock: true, credentials: true },
  'cloud-hypervisor': { virtiofs: true, balloon: true, vsock: true, credentials: false },
  crosvm: { virtiofs: true, balloon: true, vsock: true, credentials: false },
  // Its vsock is a socket file of its own kind, and `microvm -s` dials a cid.
  firecracker: { virtiofs: false, balloon: false, vsock: false, credentials: false },
};

/** VMMs without a command to shut a guest down: every stop would be a power cut and a failed unit. */
export const unstoppable: readonly string[] = ['kvmtool', 'stratovirt', 'alioth'];

export const isVmm = (name: string): name is Vmm => Object.hasOwn(abilities, name);
