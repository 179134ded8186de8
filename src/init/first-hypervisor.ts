/** What a fleet.yaml says of the hypervisor that it begins with. */
export interface FirstHypervisor {
  readonly fleet: string;
  readonly name: string;
  readonly ssh: string;
  readonly system: string;
  readonly stateVersion: string;
  readonly uplink: string;
  /** Public key that may log in as root. */
  readonly key: string | undefined;
  /** Of its hardware configuration in the repository. */
  readonly hardware: string | undefined;
}

/** Its entry under `hypervisors`. */
export function hypervisorEntry(first: FirstHypervisor): Record<string, unknown> {
  const { ssh, system, stateVersion, uplink, key, hardware } = first;
  return {
    ssh,
    system,
    stateVersion,
    uplink,
    ...(key !== undefined && { users: { root: { sshKeys: [key] } } }),
    ...(hardware !== undefined && { modules: [`./${hardware}`] }),
  };
}
