/** What a fleet.yaml says of the hypervisor that it begins with. */
export interface FirstHypervisor {
  readonly fleet: string;
  readonly name: string;
  readonly ssh: string;
  readonly system: string;
  readonly stateVersion: string;
  readonly uplink: string;
  /** Who fleet connects as. */
  readonly user: string;
  /** Port that its sshd listens on. */
  readonly sshdPort: number;
  /** Public key of that user. */
  readonly key: string | undefined;
  /** Of its hardware configuration in the repository. */
  readonly hardware: string | undefined;
}

/** Its entry under `hypervisors`, but for `config`. */
export function hypervisorEntry(first: FirstHypervisor): Record<string, unknown> {
  const { ssh, user, system, stateVersion, uplink, key, hardware } = first;
  const groups = user === 'root' ? undefined : ['wheel'];
  return {
    ssh,
    system,
    stateVersion,
    uplink,
    ...((key ?? groups) !== undefined && {
      users: {
        [user]: { ...(groups && { groups }), ...(key !== undefined && { sshKeys: [key] }) },
      },
    }),
    ...(hardware !== undefined && { modules: [`./${hardware}`] }),
  };
}

/** Its `config`: without it the first system would be out of reach. */
export function hypervisorConfig({ sshdPort }: FirstHypervisor): Record<string, unknown> {
  return sshdPort === 22 ? {} : { 'services.openssh.ports': [sshdPort] };
}
