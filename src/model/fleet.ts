import type { Alerts, Collection, Dumps, Recovery } from './recovery.ts';

/**
 * What one `fleet.yaml` describes, after defaults, profiles and rules: no optional field is left
 * for a reader to guess, every reference resolves, every address is known. Lists are sorted by name.
 */

/** Plain data as YAML and Nix both hold it: what `config` may contain. */
export type Data =
  | null
  | boolean
  | number
  | string
  | readonly Data[]
  | { readonly [key: string]: Data };

/** A flake input of the rendered flake.nix. */
export interface Input {
  readonly name: string;
  readonly url: string;
  /** false: the input is not a flake. */
  readonly flake: boolean;
  /** Input of this input → top-level input it follows. */
  readonly follows: Readonly<Record<string, string>>;
}

/** Where ssh goes. Only `host` is sure; what is absent comes from ~/.ssh/config. */
export interface SshTarget {
  readonly host: string;
  readonly user?: string;
  readonly port?: number;
  readonly jump?: string;
  readonly identityFile?: string;
  /** Commands run through `sudo -n`; default: when the user is not root. */
  readonly sudo?: boolean;
}

export type System = 'aarch64-linux' | 'x86_64-linux';

export interface User {
  readonly name: string;
  readonly groups: readonly string[];
  readonly sshKeys: readonly string[];
}

export type Resource = 'vcpu' | 'memory' | 'disk';

/** CPU threads; memory and disk in MiB. */
export type Amounts = Readonly<Record<Resource, number>>;

/** What a hypervisor has to give; what is not declared is what facts report. */
export interface Capacity {
  readonly declared: Partial<Amounts>;
  /** Kept for the hypervisor itself. */
  readonly reserve: Amounts;
  /** How many times over the rest may be given away. */
  readonly overcommit: Readonly<Record<Resource, number>>;
  /** MiB that what runs a guest takes beside the guest's own memory. */
  readonly perVm: number;
}

export interface Hypervisor {
  readonly name: string;
  readonly ssh: SshTarget;
  readonly system: System;
  readonly stateVersion: string;
  /** Absolute path of the git checkout on the hypervisor. */
  readonly checkout: string;
  /** Interface that NAT goes out of; absent: no network of this hypervisor may ask for nat. */
  readonly uplink?: string;
  readonly tailscale: Tailscale;
  readonly tags: readonly string[];
  readonly capacity: Capacity;
  /** Absent: UTC, unless a module says otherwise. */
  readonly timezone?: string;
  readonly packages: readonly string[];
  readonly users: readonly User[];
  readonly config: Readonly<Record<string, Data>>;
  /** Hand-written Nix files, relative to the repository, without a leading `./`. */
  readonly modules: readonly string[];
  /** Whom the forwarder on the gateways asks; none: fleet runs no forwarder there. */
  readonly nameservers: readonly string[];
  /** `stop`: what runs and belongs to no vm is stopped; never is anything deleted. */
  readonly orphans: 'tell' | 'stop';
  readonly alerts: Alerts;
  /** Absent: nothing is collected by itself. */
  readonly gc?: Collection;
  /** fleet itself is installed there. */
  readonly cli: boolean;
}

export interface Tailscale {
  readonly enable: boolean;
  /** The tailnet reaches the subnets of the hypervisor's networks. */
  readonly advertiseRoutes: boolean;
}

/** A port of TCP or UDP. */
export interface Port {
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
}

/** A port of the uplink that leads to one of a guest. */
export interface Published extends Port {
  /** Port of the guest. */
  readonly to: number;
}

export interface Network {
  readonly name: string;
  /** The hypervisor whose vms use it; absent while no vm does (then it is not rendered). */
  readonly hypervisor?: string;
  readonly bridge: string;
  /** Canonical, e.g. `10.1.0.0/24`. */
  readonly subnet: string;
  /** Bits of the subnet's prefix. */
  readonly prefix: number;
  /** First address of the subnet; the hypervisor's on this bridge. */
  readonly gateway: string;
  /** IPv6 beside IPv4. */
  readonly ipv6?: Ipv6;
  readonly nat: boolean;
  /** Closed to other networks, to what comes in unasked, and to the hypervisor's own services. */
  readonly isolated: boolean;
  /** Networks that may reach this one all the same, sorted. */
  readonly allow: readonly string[];
  /** What guests reach outside of the networks of their hypervisor. */
  readonly egress: 'all' | readonly Port[];
  /** Guests reach the metadata service of a cloud. */
  readonly metadata: boolean;
}

export interface Ipv6 {
  /** Canonical, e.g. `fd00:9::/64`. */
  readonly subnet: string;
  readonly prefix: number;
  readonly gateway: string;
  /** Source addresses become the uplink's: only where nobody outside could answer them. */
  readonly nat: boolean;
}

export interface Nic {
  readonly network: string;
  readonly tap: string;
  readonly mac: string;
  readonly address: string;
  /** Where the network has IPv6. */
  readonly address6?: string;
}

export interface Volume {
  readonly mount: string;
  /** File name in the vm's state directory. */
  readonly image: string;
  readonly fs: string;
  /** MiB; acts when the image is created and never again. */
  readonly sizeMiB: number;
  /** File system label the guest mounts by. */
  readonly label: string;
}

/** A directory of the hypervisor inside the guest, over virtiofs. */
export interface Share {
  /** Absolute path on the hypervisor. */
  readonly source: string;
  readonly mount: string;
  readonly readOnly: boolean;
  /** What the guest mounts it by, and its daemon's socket is named after. */
  readonly tag: string;
}

/** A systemd credential of the guest; fleet knows the path on the hypervisor, never what is in it. */
export interface Credential {
  readonly name: string;
  readonly path: string;
}

/** One thing the user wants looked at after a change, beside what is always looked at. */
export type Check =
  | { readonly kind: 'tcp'; readonly port: number; readonly withinMs?: number }
  | {
      readonly kind: 'http';
      readonly port: number;
      readonly path: string;
      readonly status: number;
      readonly withinMs?: number;
    }
  | {
      readonly kind: 'run';
      /** For the guest's shell. */
      readonly command: string;
      readonly withinMs?: number;
    };

/** A file of the guest that is fetched to where fleet runs. */
export interface Export {
  /** Absolute, in the guest. */
  readonly file: string;
  /** The user of the guest who reads it. */
  readonly user: string;
  /** Where it is written: absolute, or in the home of who runs fleet (`~/…`). */
  readonly to: string;
  /** It is put into the kubeconfig there, under this name; absent: it takes the place of what is there. */
  readonly context?: string;
  /** Text → what replaces it, with placeholders (src/model/export-text.ts). */
  readonly replace: Readonly<Record<string, string>>;
}

export type VmState = 'running' | 'stopped';

/** What starts after a reboot; `healthy`: only if the vm was healthy when a deployment last looked. */
export type Autostart = 'always' | 'healthy' | 'never';

/** Runners of microvm.nix that fleet starts and stops guests with. */
export type Vmm = 'qemu' | 'cloud-hypervisor' | 'firecracker' | 'crosvm';

export interface Vm {
  readonly name: string;
  /** The hypervisor it is on. */
  readonly on: string;
  readonly nics: readonly Nic[];
  readonly vcpu: number;
  readonly memoryMiB: number;
  /** `microvm.hypervisor`: what runs the guest. */
  readonly hypervisor: Vmm;
  /** `disk`: a read-only image of its own instead of the hypervisor's store. */
  readonly store: 'shared' | 'disk';
  /** Memory that the guest does not use goes back to the hypervisor. */
  readonly balloon: boolean;
  /** Its hypervisor gives it an ssh host key, also without `run` checks. */
  readonly sshHostKey?: true;
  /** The cid of its vsock; absent: it has none. */
  readonly vsock?: number;
  readonly state: VmState;
  readonly autostart: Autostart;
  readonly tags: readonly string[];
  /** Absent: UTC, unless a module says otherwise. */
  readonly timezone?: string;
  readonly stateVersion: string;
  readonly packages: readonly string[];
  readonly users: readonly User[];
  readonly config: Readonly<Record<string, Data>>;
  readonly modules: readonly string[];
  readonly volumes: readonly Volume[];
  readonly publish: readonly Published[];
  readonly shares: readonly Share[];
  readonly credentials: readonly Credential[];
  readonly checks: readonly Check[];
  readonly exports: readonly Export[];
  readonly dependsOn: readonly string[];
  readonly recovery: Recovery;
  /** When memory is short, the guest with the lowest is stopped first. */
  readonly priority: number;
  /** A unit in the guest tells its hypervisor how it is. */
  readonly agent: boolean;
  readonly dumps: Dumps;
}

/** What a step of a deployment may take, in ms. */
export interface StepLimits {
  readonly build: number;
  readonly switch: number;
  readonly guest: number;
}

/** Durations in milliseconds. */
export interface Rollout {
  /** Hypervisors at a time. */
  readonly maxParallel: number;
  /** Guests restarting at a time on one hypervisor. */
  readonly maxParallelVms: number;
  /** Evaluations at a time on one hypervisor; auto: as many as fit. */
  readonly evalJobs: number | 'auto';
  readonly settle: number;
  readonly deadline: number;
  readonly stopTimeout: number;
  /** A hypervisor that has not heard from fleet for this long rolls itself back. */
  readonly confirm: number;
  readonly limits: StepLimits;
  readonly onFailure: 'revert-fleet' | 'revert-hypervisor' | 'halt';
  /** Selects the hypervisors that go first, alone (src/plan/selectors.ts). */
  readonly canary?: string;
}

export interface GitSettings {
  readonly remote: string;
  /** Absent: the checked-out branch. */
  readonly branch?: string;
  /** What hypervisors pull from; absent: the remote's url. */
  readonly url?: string;
  readonly transport: 'pull' | 'send';
  /** A fleet that was rolled back also gets its revert commit; pull-request: on a branch of its own, to be merged. */
  readonly revert: boolean | 'pull-request';
  /** How long one git command may take, in ms. */
  readonly timeout: number;
}

export interface Fleet {
  readonly name: string;
  readonly inputs: readonly Input[];
  /** Hand-written Nix file with further outputs of flake.nix, relative to the repository. */
  readonly outputs?: string;
  readonly git: GitSettings;
  readonly rollout: Rollout;
  readonly hypervisors: readonly Hypervisor[];
  readonly networks: readonly Network[];
  readonly vms: readonly Vm[];
  /** Absent: vms share nothing, the file of each has everything. */
  readonly layers?: Layers;
}

/**
 * Vm fields as one place of fleet.yaml says them, as far as files of guests hold them. A scalar that is
 * absent is not said there.
 */
export interface Layer extends Pick<Vm, LayerList>, Partial<Pick<Vm, LayerScalar>> {}

type LayerList = 'packages' | 'users' | 'config' | 'modules' | 'volumes' | 'shares' | 'credentials';

export type LayerScalar = 'vcpu' | 'memoryMiB' | 'hypervisor' | 'timezone' | 'stateVersion';

/** Where vms have their fields from: what is rendered once instead of into the file of each. */
export interface Layers {
  /** Has a value for whatever fleet.yaml does not say; a time zone is for modules to say, then. */
  readonly defaults: Layer;
  readonly profiles: ReadonlyMap<string, Layer>;
  readonly vms: ReadonlyMap<string, OwnLayer>;
}

export interface OwnLayer {
  /** Its profiles, in their order. */
  readonly profiles: readonly string[];
  readonly own: Layer;
}
