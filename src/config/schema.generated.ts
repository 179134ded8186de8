// Generated from schemas/fleet.schema.json by `npm run generate`. Do not edit.

import type {Data} from '../model/fleet.ts';

/**
 * A flake reference, or an object that also says whether it is a flake and what its own inputs follow.
 */
export type Input =
  | string
  | {
      url: InputUrl;
      /**
       * false: the input is only a source tree and not a flake.
       */
      flake?: boolean;
      /**
       * Inputs of this input and the top-level input each of them follows. Default: nixpkgs follows nixpkgs; write {} for an input that shall keep its own.
       */
      follows?: {
        [k: string]: string;
      };
    };
/**
 * A flake reference as in flake.nix.
 */
export type InputUrl = string;
/**
 * A whole number followed by ms, s, m or h.
 */
export type Duration = string;
/**
 * Virtual CPUs of the guest. Counts against the capacity of its hypervisor while the guest is to run.
 */
export type Vcpu = number;
/**
 * A whole number followed by MiB, GiB or TiB.
 */
export type Size = string;
/**
 * What runs the guest (microvm.hypervisor): qemu, cloud-hypervisor, firecracker or crosvm. kvmtool, stratovirt and alioth cannot shut a guest down and are refused.
 */
export type Hypervisor =
  'qemu' | 'cloud-hypervisor' | 'firecracker' | 'crosvm' | 'kvmtool' | 'stratovirt' | 'alioth';
/**
 * shared: the hypervisor's /nix/store read-only over virtiofs. disk: a read-only image of its own.
 */
export type Store = 'shared' | 'disk';
/**
 * time.timeZone of the guest; under defaults also of the hypervisors.
 */
export type Timezone = string;
/**
 * system.stateVersion: the release this machine was first installed with. It is not the release that runs and is never changed.
 */
export type StateVersion = string;
/**
 * Gives unused memory back to the hypervisor.
 */
export type Balloon = boolean;
/**
 * stopped: the guest is built and kept, but does not run.
 */
export type State = 'running' | 'stopped';
/**
 * Whether the guest starts after a reboot of the hypervisor; healthy: when it was well at the last look, on the runner it has. Default: what the hypervisor's says. A stopped vm never starts.
 */
export type Autostart = 'always' | 'healthy' | 'never';
/**
 * A letter or digit, then letters, digits, dots, underscores and hyphens; at most 63 characters.
 */
export type Tag = string;
/**
 * Names to select by: --on @tag.
 */
export type Tags = Tag[];
/**
 * Attribute names of pkgs for environment.systemPackages; dots are allowed.
 */
export type Packages = string[];
/**
 * Any NixOS option that is plain data. Keys split at dots; quote a part that contains one as in Nix: services.nginx.virtualHosts."example.org". The same option twice is an error, and so is one that a field sets.
 */
export type Config = Readonly<Record<string, Data>>;
/**
 * Hand-written Nix files or folders of this repository, imported as they are. Their argument inputs has what is under inputs, but not self, for a guest that knows the commit restarts at each one: name files of this repository by relative paths.
 */
export type Modules = string[];
/**
 * Disks that keep their data when the guest restarts.
 */
export type Volumes = Volume[];
/**
 * Starts with a slash; no dot or dot-dot parts, no double or trailing slashes, no spaces.
 */
export type Path = string;
/**
 * Directories of the hypervisor inside the guest, over virtiofs.
 */
export type Shares = Share[];
/**
 * Ports of the uplink that lead to ports of the guest: the interface that its default route goes through. The guest's own firewall has to let them in: networking.firewall.allowedTCPPorts in config.
 */
export type Publish = string[];
/**
 * A TCP or UDP port.
 */
export type Port = number;
/**
 * Text without line breaks or control characters, not empty.
 */
export type Text = string;
/**
 * What is looked at after a change, beside what is always looked at. The guest's own firewall has to let in what tcp and http ask for: networking.firewall.allowedTCPPorts in config.
 */
export type Checks = Check[];
/**
 * Lowercase letters, digits and hyphens, at most 63 characters, no hyphen at either end.
 */
export type Name = string;
/**
 * Vms of the same hypervisor that this one is restarted and verified after.
 */
export type DependsOn = Name[];
/**
 * user@host[:port] (an IPv6 address in brackets), a Host of ~/.ssh/config, or an object.
 */
export type SshTarget =
  | string
  | {
      /**
       * A host name, an address or a Host of ~/.ssh/config.
       */
      host: string;
      /**
       * Who to log in as. Default: what ~/.ssh/config says.
       */
      user?: string;
      port?: Port;
      /**
       * A host to go through, as user@host[:port]. Default: what ~/.ssh/config says.
       */
      jump?: string;
      /**
       * The private key to log in with. Default: what ~/.ssh/config says.
       */
      identityFile?: string;
      /**
       * Commands run through sudo -n. Default: when the user is not root.
       */
      sudo?: boolean;
    };
/**
 * The platform of the hypervisor and of its vms.
 */
export type System = 'aarch64-linux' | 'x86_64-linux';
/**
 * Letters, digits, dots, underscores and hyphens.
 */
export type Interface = string;
/**
 * Four numbers from 0 to 255 with dots between.
 */
export type Ipv4 = string;

/**
 * NixOS hypervisors and the microVMs on them. Sizes are written 512MiB or 1GiB, durations 10s or 5m. Only version and name are required.
 */
export interface FleetYaml {
  /**
   * Version of this format; there is one.
   */
  version: 1;
  /**
   * The name of the fleet. A hypervisor remembers which fleet deployed it, and refuses another.
   */
  name: string;
  inputs?: Inputs;
  git?: Git;
  rollout?: Rollout;
  defaults?: Settings;
  /**
   * Named bundles of vm fields, applied between defaults and the vm.
   */
  profiles?: {
    [k: string]: Settings;
  };
  /**
   * The machines that run vms. Their names are host names and nixosConfigurations.
   */
  hypervisors?: {
    [k: string]: HypervisorMachine;
  };
  /**
   * Bridges with subnets, each on the one hypervisor whose vms use it.
   */
  networks?: {
    [k: string]: Network;
  };
  /**
   * The guests. Their names are host names, nixosConfigurations and folders in /var/lib/microvms, and make TAP and MAC.
   */
  vms?: {
    [k: string]: Vm;
  };
  /**
   * What the rendered flake.nix has beside the machines. Extra inputs stand under inputs.
   */
  flake?: {
    /**
     * A Nix file of this repository: a function of the inputs, self among them, to more outputs such as packages and devShells. Its nixosConfigurations stand beside those that fleet renders; one of the same name is an error. Default: none.
     */
    outputs?: string;
  };
}
/**
 * Inputs of the rendered flake.nix. All but nixpkgs follow its nixpkgs. Others may be added.
 */
export interface Inputs {
  [k: string]: Input;
}
/**
 * Where rendered files are committed to and how they reach the hypervisors.
 */
export interface Git {
  /**
   * The remote that fleet pushes to.
   */
  remote?: string;
  /**
   * The branch that fleet commits to and pushes. Default: the checked-out branch.
   */
  branch?: string;
  /**
   * What hypervisors pull from. Default: the remote's url.
   */
  url?: string;
  /**
   * pull: hypervisors fetch the commit from the url. send: the commit travels over the ssh connection.
   */
  transport?: 'pull' | 'send';
  /**
   * After a fleet was rolled back, a commit that takes back what failed is made and pushed.
   */
  revert?: boolean;
  timeout?: Duration;
}
/**
 * How a deployment proceeds from hypervisor to hypervisor and from guest to guest.
 */
export interface Rollout {
  /**
   * The hypervisors that go first, alone: a name or @tag. Default: no canary.
   */
  canary?: string;
  /**
   * Hypervisors deployed to at a time.
   */
  maxParallel?: number;
  /**
   * Guests restarting at a time on one hypervisor.
   */
  maxParallelVms?: number;
  /**
   * Evaluations at a time on one hypervisor, each a process of its own. auto: one a processor, as far as free memory less 1GiB has 512MiB for each.
   */
  evalJobs?: string | number;
  settle?: Duration;
  deadline?: Duration;
  stopTimeout?: Duration;
  confirm?: Duration;
  limits?: StepLimits;
  /**
   * revert-fleet: all hypervisors roll back when one fails, also those that had succeeded; revert-hypervisor: only the one that failed, the others go on; halt: only the one that failed, and no further one begins.
   */
  onFailure?: 'revert-fleet' | 'revert-hypervisor' | 'halt';
}
/**
 * What a step may take before it is ended. One that took longer says nothing against the commit. Default: those of its fields.
 */
export interface StepLimits {
  build?: Duration;
  switch?: Duration;
  guest?: Duration;
}
/**
 * Fields for many vms at once.
 */
export interface Settings {
  vcpu?: Vcpu;
  memory?: Size;
  hypervisor?: Hypervisor;
  store?: Store;
  timezone?: Timezone;
  stateVersion?: StateVersion;
  balloon?: Balloon;
  state?: State;
  autostart?: Autostart;
  tags?: Tags;
  packages?: Packages;
  users?: Users;
  config?: Config;
  modules?: Modules;
  volumes?: Volumes;
  shares?: Shares;
  publish?: Publish;
  credentials?: Credentials;
  checks?: Checks;
  dependsOn?: DependsOn;
}
/**
 * User accounts by name.
 */
export interface Users {
  [k: string]: User;
}
/**
 * A user account with public ssh keys.
 */
export interface User {
  /**
   * Further groups of the user, such as wheel.
   */
  groups?: string[];
  /**
   * Public keys that may log in as this user, one line of a .pub file each.
   */
  sshKeys?: string[];
}
/**
 * A disk image in the vm's state directory, created at the first start.
 */
export interface Volume {
  /**
   * Where the guest mounts it, by a label that is derived from this path.
   */
  mount: string;
  size: Size;
  /**
   * File in the state directory of the vm. Default: the mount with hyphens for slashes, such as var-lib.img.
   */
  image?: string;
  /**
   * The file system that the image is formatted with when it is created. xfs needs 300MiB, btrfs 109MiB.
   */
  fs?: 'ext4' | 'xfs' | 'btrfs' | 'vfat';
}
/**
 * A directory of the hypervisor inside the guest.
 */
export interface Share {
  source: Path;
  /**
   * Where the guest mounts it, by a tag that is derived from this path.
   */
  mount: string;
  /**
   * The guest cannot write to it.
   */
  readOnly?: boolean;
}
/**
 * Files on the hypervisor that the guest is given as systemd credentials (qemu only; QEMU opens them as user microvm). Names have at most 28 characters. fleet never reads the files.
 */
export interface Credentials {
  [k: string]: Path;
}
/**
 * One of tcp, http and run, and how long it may take.
 */
export interface Check {
  tcp?: Port;
  http?: HttpCheck;
  run?: Text;
  within?: Duration;
}
/**
 * A request to the guest and the status it must answer with.
 */
export interface HttpCheck {
  port: Port;
  /**
   * The path that is asked for.
   */
  path?: string;
  /**
   * The status that must be answered with.
   */
  status?: number;
}
/**
 * A NixOS machine that runs vms. fleet deploys its own configuration, too: what is in its /etc/nixos has to be under modules or config.
 */
export interface HypervisorMachine {
  ssh: SshTarget;
  system: System;
  /**
   * system.stateVersion of the hypervisor itself: the release it was installed with.
   */
  stateVersion: string;
  checkout?: Path;
  uplink?: Interface;
  tags?: Tags;
  capacity?: Capacity;
  /**
   * Which vms start after a reboot: all, those that were well at the last look, or none. A vm's own autostart wins.
   */
  autostart?: 'all' | 'healthy' | 'none';
  /**
   * Tailscale on the hypervisor; who logs it in is a person, once.
   */
  tailscale?: {
    /**
     * Whether tailscale runs.
     */
    enable?: boolean;
    /**
     * Whether the tailnet reaches the subnets of its networks. Guests open no connection into it, whatever their egress.
     */
    advertiseRoutes?: boolean;
  };
  /**
   * Names: every guest asks its gateway.
   */
  dns?: {
    /**
     * The forwarder on every gateway address, whom guests ask, asks these. None ([]): fleet runs no forwarder, and what answers on the gateways, if anything, is yours.
     */
    forwardTo?: string[];
  };
  packages?: Packages;
  users?: Users;
  config?: Config;
  modules?: Modules;
}
/**
 * What the hypervisor has to give to its vms. All vms of the file count: running ones with vcpus, memory and the size of their volumes, stopped ones with their volumes. What is declared is checked by validate; what is not is asked of the hypervisor and checked by plan and apply.
 */
export interface Capacity {
  /**
   * CPU threads of the hypervisor. Default: those it has.
   */
  vcpu?: number;
  memory?: Size;
  disk?: Size;
  /**
   * What is kept for the hypervisor itself: taken off before anything is given away.
   */
  reserve?: {
    /**
     * CPU threads kept for the hypervisor.
     */
    vcpu?: number;
    memory?: Size;
    disk?: Size;
  };
  /**
   * How many times over the rest after the reserve may be given away.
   */
  overcommit?: {
    /**
     * How often each CPU thread may be given away: guests are rarely busy all at once.
     */
    vcpu?: number;
    /**
     * How often memory may be given away. Above 1 the kernel may have to kill guests.
     */
    memory?: number;
    /**
     * How often disk may be given away. Images are sparse: above 1 they may fill the disk before they are full.
     */
    disk?: number;
  };
}
/**
 * A bridge on the hypervisor of its vms; the hypervisor holds the first address of the subnet.
 */
export interface Network {
  /**
   * The addresses of this network, from /8 to /30. The first is the gateway and belongs to the hypervisor; the next is that of a vm that is alone here.
   */
  subnet: string;
  /**
   * IPv6 addresses of this network; a vm has the same number in it as in subnet. With nat, a unique local one (fd00::/8) goes out by the uplink's address, another one as it is. Default: none.
   */
  subnet6?: string;
  bridge?: Interface;
  /**
   * Guests reach the outside through the uplink of the hypervisor.
   */
  nat?: boolean;
  /**
   * No traffic to or from other networks or from outside, and of the hypervisor itself guests reach ping and DNS alone. false: open to all networks that are not isolated.
   */
  isolated?: boolean;
  /**
   * Networks of the same hypervisor that may reach this one all the same; it does not reach them.
   */
  allow?: Name[];
  /**
   * What guests may reach outside of the hypervisor's networks: all, web (tcp 80 and 443), none, or a list. The tailnet is never among it. Names are asked of the gateway whatever is listed, but with none there are none.
   */
  egress?: string | string[];
  /**
   * Guests can reach the metadata service of a cloud, such as 169.254.169.254, whatever egress says.
   */
  metadata?: boolean;
}
/**
 * A guest of microvm.nix.
 */
export interface Vm {
  on: Name;
  network?: Name;
  /**
   * Instead of network and address, an interface each. Default route and name server are those of the first one with nat. Default: the one under network.
   *
   * @minItems 1
   *
   * Items: An interface of the guest.
   */
  networks?: {
    name: Name;
    address?: Ipv4;
  }[];
  address?: Ipv4;
  /**
   * The cid of its vsock, for microvm -s; each vm of a hypervisor has its own. Default: none.
   */
  vsock?: number;
  /**
   * Profiles to apply between defaults and this vm, in this order.
   */
  profiles?: Tag[];
  vcpu?: Vcpu;
  memory?: Size;
  hypervisor?: Hypervisor;
  store?: Store;
  timezone?: Timezone;
  stateVersion?: StateVersion;
  balloon?: Balloon;
  state?: State;
  autostart?: Autostart;
  tags?: Tags;
  packages?: Packages;
  users?: Users;
  config?: Config;
  modules?: Modules;
  volumes?: Volumes;
  shares?: Shares;
  publish?: Publish;
  credentials?: Credentials;
  checks?: Checks;
  dependsOn?: DependsOn;
}
