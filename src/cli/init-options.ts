export interface InitOptions {
  readonly from?: string;
  readonly name?: string;
  readonly hypervisor?: string;
  readonly ssh?: string;
  readonly system?: string;
  readonly stateVersion?: string;
  readonly uplink?: string;
  readonly sshKey?: string;
  readonly hardware?: string;
  readonly ci?: 'github' | 'forgejo' | 'none';
  readonly action?: string;
  readonly commit?: boolean;
  readonly json?: boolean;
}

/** What only a first fleet.yaml needs. */
export const onlyFirst = [
  ...['--from', '--name', '--hypervisor', '--ssh', '--system', '--state-version', '--uplink'],
  ...['--ssh-key', '--hardware'],
];
