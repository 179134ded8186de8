/** What decides, besides the facts, whether a hypervisor can be deployed to. */
export interface Condition {
  /** Whom commands run as, where that is not root. */
  readonly user: string | undefined;
  /** As `nixos-version` says it; undefined: it is no NixOS. */
  readonly nixos: string | undefined;
  /** Of Nix, as numbers; undefined: it is not there, or does not say. */
  readonly nix: readonly number[] | undefined;
  readonly flakes: boolean;
  /** Tools that facts do not ask for. */
  readonly missingTools: readonly string[];
  /** Others than root may write in the checkout. */
  readonly isShared: boolean;
  /** git takes the checkout for none. */
  readonly isUnusable: boolean;
  /** What the kernel has of kvm, tun, vhost-net, vhost-vsock. */
  readonly kernel: ReadonlySet<string>;
  /** Of file systems that count inodes. */
  readonly inodes: readonly Inodes[];
}

export interface Inodes {
  /** Where it is mounted. */
  readonly mount: string;
  readonly total: number;
  readonly free: number;
}
