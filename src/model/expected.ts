import type { Network, Vm } from './fleet.ts';
import { isGivenKey } from './guest-keys.ts';

/** How one NIC of a vm is wired. */
export interface ExpectedNic {
  readonly tap: string;
  readonly bridge: string;
  readonly address: string;
  readonly address6?: string;
}

/**
 * How a generation of a vm is reached, what it keeps its data in and what it is given. Remembered beside each runner: a
 * roll-back years later has to know what that generation looked like, a changed TAP or bridge has to
 * be seen before a switch, and a volume must not be mistaken for another. What looks after guests between deployments
 * (modules/watch.nix) reads it, too. Its own TAP, bridge and address are those of the first NIC.
 */
export interface Expected extends ExpectedNic {
  readonly further: readonly ExpectedNic[];
  readonly volumes: readonly ExpectedVolume[];
  /** Said only of guests without a share, which have no virtiofsd. */
  readonly virtiofs?: false;
  /** Unknown for generations from before fleet; not in records of earlier versions. */
  readonly machine?: ExpectedMachine;
}

/** What a VMM gives its guest. */
export interface ExpectedMachine {
  readonly vmm: string;
  readonly vcpu: number;
  readonly memoryMiB: number;
  readonly balloon: boolean;
  readonly agent: boolean;
}

export interface ExpectedVolume {
  readonly image: string;
  readonly label: string;
  readonly mount: string;
  readonly sizeMiB: number;
  /** Not in records of earlier versions. */
  readonly fs?: string;
}

export function expectedOf(vm: Vm, networks: ReadonlyMap<string, Network>): Expected {
  const [first, ...further] = vm.nics.map(({ tap, address, address6, network }): ExpectedNic => {
    const bridge = networks.get(network)?.bridge;
    if (bridge === undefined) throw new Error(`${vm.name} is on a network that is not there`);
    return { tap, bridge, address, ...(address6 !== undefined && { address6 }) };
  });
  if (!first) throw new Error(`${vm.name} has no network`);
  return {
    ...first,
    further,
    volumes: vm.volumes.map(({ fs, image, label, mount, sizeMiB }) => ({
      image,
      label,
      mount,
      sizeMiB,
      fs,
    })),
    ...(!hasShares(vm) && { virtiofs: false }),
    machine: {
      vmm: vm.hypervisor,
      vcpu: vm.vcpu,
      memoryMiB: vm.memoryMiB,
      balloon: vm.balloon,
      agent: vm.agent,
    },
  };
}

/** All NICs, the first one first; none of what is not known. */
export function nicsOf(expected: Expected | undefined): ExpectedNic[] {
  if (!expected) return [];
  const { further, volumes: _, virtiofs: __, machine: ___, ...first } = expected;
  return [first, ...further];
}

/** True when every TAP is in the bridge that it is in for the other. */
export function sameWiring(a: Expected, b: Expected): boolean {
  const wires = (expected: Expected) =>
    nicsOf(expected).map(({ tap, bridge }) => `${tap} ${bridge}`);
  const others = new Set(wires(b));
  return a.further.length === b.further.length && wires(a).every((wire) => others.has(wire));
}

const hasShares = (vm: Vm): boolean =>
  vm.store === 'shared' || vm.shares.length > 0 || isGivenKey(vm);

/** One field of a record on the hypervisor: JSON has neither tabs nor line ends of its own. */
export function formatExpected(expected: Expected): string {
  return JSON.stringify(expected);
}

/** Undefined for records that are not about a vm, and for what somebody else wrote there. */
export function parseExpected(text: string | undefined): Expected | undefined {
  try {
    const value = JSON.parse(text ?? '') as Partial<Expected>;
    // Records of earlier versions have neither of those with a default.
    const { further = [], volumes = [], virtiofs, machine } = value;
    return {
      ...readNic(value),
      further: further.map(readNic),
      volumes: volumes.map(readVolume),
      ...(virtiofs === false && { virtiofs }),
      ...(machine && { machine: readMachine(machine) }),
    };
  } catch {
    return undefined;
  }
}

/** @throws for what is no NIC */
function readNic({ tap, bridge, address, address6 }: Partial<ExpectedNic>): ExpectedNic {
  return {
    tap: word(tap),
    bridge: word(bridge),
    address: word(address),
    ...(address6 && { address6: word(address6) }),
  };
}

/** @throws for what is no volume */
function readVolume(volume: Partial<ExpectedVolume>): ExpectedVolume {
  const { image, label, mount, sizeMiB, fs } = volume;
  if (!Number.isSafeInteger(sizeMiB)) throw new TypeError('no size');
  return {
    image: word(image),
    label: word(label),
    mount: word(mount),
    sizeMiB: sizeMiB as number,
    ...(fs !== undefined && { fs: word(fs) }),
  };
}

/** @throws for what is no machine */
function readMachine({ vmm, vcpu, memoryMiB, balloon, agent }: Partial<ExpectedMachine>) {
  if (!Number.isSafeInteger(vcpu) || !Number.isSafeInteger(memoryMiB))
    throw new TypeError('no size');
  return {
    vmm: word(vmm),
    vcpu: vcpu as number,
    memoryMiB: memoryMiB as number,
    balloon: balloon === true,
    agent: agent === true,
  };
}

/** Of a record that anybody may have written: one line, and no longer than a path. */
function word(value: unknown): string {
  if (typeof value === 'string' && /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,1024}$/u.test(value))
    return value;
  throw new TypeError('no word');
}
