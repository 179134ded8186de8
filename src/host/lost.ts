import { FleetError } from '../model/errors.ts';

/** The connection went, or cannot be made; what was sent may still be carried out. */
export function isLost(error: unknown): boolean {
  return error instanceof FleetError && error.code.startsWith('ssh.');
}

/** Codes of what another try does not change. */
const refusals: ReadonlySet<string> = new Set(
  [
    ...['auth-failed', 'unknown-host-key', 'host-key-changed', 'host-key-revoked'],
    ...['config', 'identity-file', 'no-openssh'],
  ].map((code) => `ssh.${code}`),
);

/**
 * Somebody said no: our key, its key, the configuration. Trying again is of no use, and counts: an sshd
 * shuts out addresses whose logins fail (PerSourcePenalties).
 */
export function isRefusal(error: unknown): boolean {
  return error instanceof FleetError && refusals.has(error.code);
}
