/** A public key of a machine, as it stands in known_hosts. */
export interface HostKey {
  /** As `ssh-ed25519`. */
  readonly type: string;
  readonly base64: string;
}
