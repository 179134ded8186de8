import { capacityOf } from '../../src/config/capacity.ts';
import { recoveryOf } from '../../src/config/recovery.ts';
import type {
  Fleet,
  Hypervisor,
  Network,
  Nic,
  Share,
  User,
  Vm,
  Volume,
} from '../../src/model/fleet.ts';
import { macAddress, tapName } from '../../src/model/names.ts';
import { shareTag } from '../../src/model/shares.ts';

/** Fleets by hand, as src/config would give them: what a case does not say has a plain value. */
export function fleet(
  parts: Partial<Fleet> & Pick<Fleet, 'hypervisors' | 'networks' | 'vms'>,
): Fleet {
  return {
    name: 'example',
    inputs: [
      {
        name: 'microvm',
        url: 'github:microvm-nix/microvm.nix',
        flake: true,
        follows: { nixpkgs: 'nixpkgs' },
      },
      { name: 'nixpkgs', url: 'github:NixOS/nixpkgs/nixos-25.11', flake: true, follows: {} },
    ],
    git: { remote: 'origin', transport: 'pull', revert: true, timeout: 120_000 },
    rollout: {
      maxParallel: 10,
      maxParallelVms: 1,
      evalJobs: 'auto',
      settle: 15_000,
      deadline: 120_000,
      stopTimeout: 30_000,
      confirm: 90_000,
      limits: { build: 3_600_000, switch: 300_000, guest: 420_000 },
      onFailure: 'revert-fleet',
    },
    ...parts,
  };
}

export function hypervisor(name: string, parts: Partial<Hypervisor> = {}): Hypervisor {
  return {
    name,
    ssh: { host: `${name}.example.org`, user: 'root' },
    system: 'aarch64-linux',
    stateVersion: '25.11',
    checkout: '/var/lib/fleet/repo',
    uplink: 'enP2p4s0',
    tags: [],
    capacity: capacityOf(),
    packages: [],
    users: [],
    config: {},
    modules: [],
    nameservers: ['1.1.1.1'],
    tailscale: { enable: false, advertiseRoutes: false },
    orphans: 'tell',
    alerts: { rules: [] },
    cli: false,
    ...parts,
  };
}

/** `10.<n>.0.0/24` on a bridge of its own. */
export function network(
  name: string,
  n: number,
  on: string | undefined,
  parts: Partial<Network> = {},
): Network {
  return {
    name,
    ...(on !== undefined && { hypervisor: on }),
    bridge: `br-${name}`,
    subnet: `10.${n}.0.0/24`,
    prefix: 24,
    gateway: `10.${n}.0.1`,
    nat: true,
    isolated: true,
    allow: [],
    egress: 'all',
    metadata: false,
    ...parts,
  };
}

/** `fd00:<n>::/64` beside it. */
export const ipv6 = (n: number, nat = true): Pick<Network, 'ipv6'> => ({
  ipv6: { subnet: `fd00:${n}::/64`, prefix: 64, gateway: `fd00:${n}::1`, nat },
});

export function vm(name: string, on: string, nics: readonly Nic[], parts: Partial<Vm> = {}): Vm {
  return {
    name,
    on,
    nics,
    vcpu: 1,
    memoryMiB: 1024,
    hypervisor: 'qemu',
    store: 'shared',
    balloon: false,
    state: 'running',
    autostart: parts.state === 'stopped' ? 'never' : 'always',
    tags: [],
    stateVersion: '25.11',
    packages: [],
    users: [],
    config: {},
    modules: [],
    volumes: [],
    publish: [],
    shares: [],
    credentials: [],
    checks: [],
    exports: [],
    dependsOn: [],
    recovery: recoveryOf(),
    priority: 10,
    agent: false,
    dumps: { guest: false },
    ...parts,
  };
}

/** The NIC of a vm in a network; `further`: it is not its first. */
export const nic = (vmName: string, of: string, address: string, further = false): Nic => ({
  network: of,
  tap: tapName(vmName, further ? of : undefined),
  mac: macAddress(vmName, further ? of : undefined),
  address,
});

export const volume = (mount: string, label: string, sizeMiB: number): Volume => ({
  mount,
  image: `${label}.img`,
  fs: 'ext4',
  sizeMiB,
  label,
});

export const share = (source: string, mount: string, parts: Partial<Share> = {}): Share => ({
  source,
  mount,
  readOnly: false,
  tag: shareTag(mount),
  ...parts,
});

export const ops: User = {
  name: 'ops',
  groups: ['wheel'],
  sshKeys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGV4YW1wbGU ops@example'],
};
