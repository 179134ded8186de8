/**
 * What a scenario needs of the world it runs in. Two worlds implement it: the sandbox (stand-ins,
 * seconds) and the lab (real hypervisors). Where they differ, the sandbox is wrong.
 */
export interface World {
  readonly kind: 'sandbox' | 'lab';
  readonly hosts: readonly WorldHost[];
  /** A HOME for the fleet binary: .ssh with key, config and known_hosts of all hosts. */
  readonly home: string;
  /** Environment for the fleet binary beside HOME and PATH. */
  readonly env: Readonly<Record<string, string>>;
  /** Flake inputs for fleet.yaml. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Makes an empty bare repository; the url is good at the desk and on every hypervisor. */
  createRemote(name: string): Promise<string>;
  /** Shortest sensible times here: for `rollout:` in fleet.yaml. */
  readonly rollout: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export interface WorldHost {
  readonly name: string;
  /** For `hypervisors.NAME.ssh`. */
  readonly ssh: string;
  /** For `hypervisors.NAME.system`. */
  readonly system: string;
  /** Hand-written Nix that this hypervisor needs to keep its uplink and root's key. */
  readonly hardwareModule: string;
  /** Public key that may connect as root. */
  readonly publicKey: string;
  /** Runs a command as root on the hypervisor, not through its sshd. */
  exec(command: string): Promise<{ code: number; stdout: string; stderr: string }>;
  /** A file of the hypervisor's, as this machine sees it: below /var/lib and /etc, not in /run. */
  file(path: string): string;
  /** Shell command that prints the system that a reboot would boot. */
  readonly bootDefault: string;
  /** Pulls the uplink's cable. */
  cutLink(): Promise<void>;
  restoreLink(): Promise<void>;
  /** Cuts the power: everything ends at once, the disk stays. */
  kill(): Promise<void>;
  /** After kill: switches on. Resolves when the boot is over, even with failed units. */
  boot(): Promise<void>;
  /** SIGKILL to every process of a unit. */
  killUnit(unit: string): Promise<void>;
  /** Ends sshd and every session; what they had started lives on. */
  stopSshd(): Promise<void>;
  startSshd(): Promise<void>;
  /** Back to a host that fleet has never touched. */
  reset(): Promise<void>;
}
