import type { Expected } from '../model/expected.ts';

/** What a hypervisor really looks like now. Store paths are absolute; '' never stands for "none". */
export interface Facts {
  readonly bootId: string;
  readonly machine: string;
  /** Address we come from, as the hypervisor sees it. */
  readonly clientAddress: string | undefined;
  readonly currentSystem: string | undefined;
  readonly bootedSystem: string | undefined;
  readonly systemProfile: string | undefined;
  /** Parts of the system that only a reboot would bring into use: kernel, initrd, kernel-modules. */
  readonly rebootFor: readonly string[];
  readonly missingTools: readonly string[];
  /** KiB free, by mount point asked for. */
  readonly freeKiB: ReadonlyMap<string, number>;
  /** CPU threads; absent: not told. */
  readonly processors?: number;
  /** Memory of the machine; absent: not told. */
  readonly memoryKiB?: number;
  /** KiB that the folder of a vm takes in /var/lib/microvms, by vm; absent: not told. */
  readonly takenKiB?: ReadonlyMap<string, number>;
  readonly lock: Lock | undefined;
  /** Name of the fleet that deployed here last. */
  readonly fleet: string | undefined;
  readonly checkout: Checkout | undefined;
  /** By vm name; the hypervisor's own under `systemName`. */
  readonly deployed: ReadonlyMap<string, Deployed>;
  readonly held: ReadonlyMap<string, Held>;
  /** Vm name → folders with state that was set aside. */
  readonly aside: ReadonlyMap<string, readonly string[]>;
  /** Deployments that have no result yet. */
  readonly openDeployments: readonly string[];
  readonly vms: ReadonlyMap<string, VmFacts>;
  /** Only when asked for: facts under a deployment's lock. */
  readonly failedUnits: readonly string[];
  readonly interfaces: ReadonlyMap<string, Interface>;
  readonly routes: readonly Route[];
  /** Addresses that were asked → did they answer. */
  readonly answers: ReadonlyMap<string, boolean>;
}

/** Key of the hypervisor's own system where vms are listed by name: no vm can be called so. */
export const systemName = 'system.';

export interface Lock {
  readonly id: string;
  readonly owner: string;
  readonly operation: string;
  /** Seconds since the epoch. */
  readonly since: number;
}

export interface Checkout {
  readonly commit: string | undefined;
  readonly branch: string | undefined;
  /** Number of files that differ from the commit. */
  readonly dirty: number;
}

export interface Deployed {
  readonly fingerprint: string;
  readonly path: string;
  readonly commit: string;
  readonly since: number;
  /** How that generation is reached; undefined for a hypervisor. */
  readonly expected: Expected | undefined;
}

export interface Held {
  /** The runner or system that was rolled back from. */
  readonly from: string;
  readonly to: string;
  readonly operator: string;
  readonly since: number;
}

export interface UnitFacts {
  readonly active: string;
  readonly sub: string;
  readonly invocation: string;
}

export interface VmFacts {
  readonly name: string;
  readonly current: string | undefined;
  readonly booted: string | undefined;
  /** Managed by the hypervisor's own configuration (`microvm.vms`): `microvm -u` refuses it. */
  readonly declarative: boolean;
  readonly unit: UnitFacts;
  readonly virtiofsd: UnitFacts;
}

export interface Interface {
  readonly name: string;
  readonly up: boolean;
  readonly master: string | undefined;
  /** `address/prefix`, IPv4 and IPv6. */
  readonly addresses: readonly string[];
}

export interface Route {
  readonly destination: string;
  readonly device: string;
  /** Its machines are on the wire of the device, not behind a router. */
  readonly connected: boolean;
}
