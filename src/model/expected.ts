import type { Network, Vm } from './fleet.ts';
import { isLookedInto } from './guest-keys.ts';

/**
 * How a generation of a vm is reached and what it keeps its data in. Remembered beside each runner: a
 * roll-back years later has to know what that generation looked like, a changed TAP or bridge has to
 * be seen before a switch, and a volume must not be mistaken for another.
 */
export interface Expected {
  readonly tap: string;
  readonly bridge: string;
  readonly address: string;
  readonly volumes: readonly ExpectedVolume[];
  /** Said only of guests without a share, which have no virtiofsd. */
  readonly virtiofs?: false;
}

export interface ExpectedVolume {
  readonly image: string;
  readonly label: string;
  readonly mount: string;
  readonly sizeMiB: number;
}

export function expectedOf(vm: Vm, networks: ReadonlyMap<string, Network>): Expected {
  const nic = vm.nics[0];
  const network = nic && networks.get(nic.network);
  if (!nic || !network) throw new Error(`${vm.name} has no network`);
  return {
    tap: nic.tap,
    bridge: network.bridge,
    address: nic.address,
    volumes: vm.volumes.map(({ image, label, mount, sizeMiB }) => ({
      image,
      label,
      mount,
      sizeMiB,
    })),
    ...(!hasShares(vm) && { virtiofs: false }),
  };
}

const hasShares = (vm: Vm): boolean =>
  vm.store === 'shared' || vm.shares.length > 0 || isLookedInto(vm);

/** One field of a record on the hypervisor: JSON has neither tabs nor line ends of its own. */
export function formatExpected(expected: Expected): string {
  return JSON.stringify(expected);
}

/** Undefined for records that are not about a vm, and for what somebody else wrote there. */
export function parseExpected(text: string | undefined): Expected | undefined {
  try {
    const value = JSON.parse(text ?? '') as Partial<Expected>;
    const { tap, bridge, address, volumes = [], virtiofs } = value;
    if (!tap || !bridge || !address) return undefined;
    return { tap, bridge, address, volumes, ...(virtiofs === false && { virtiofs }) };
  } catch {
    return undefined;
  }
}
