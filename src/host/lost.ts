import { FleetError } from '../model/errors.ts';

/** The connection went, or cannot be made; what was sent may still be carried out. */
export function isLost(error: unknown): boolean {
  return error instanceof FleetError && error.code.startsWith('ssh.');
}

/** Codes of errors that a retry cannot change. */
const refusals: ReadonlySet<string> = new Set(
  [
    ...['auth-failed', 'unknown-host-key', 'host-key-changed', 'host-key-revoked'],
    ...['config', 'identity-file', 'no-openssh'],
  ].map((code) => `ssh.${code}`),
);

/**
 * A login was refused, for our key, its key or the configuration. A retry is of no use, and does harm: an sshd
 * shuts out addresses whose logins fail (PerSourcePenalties).
 */
export function isRefusal(error: unknown): boolean {
  return error instanceof FleetError && refusals.has(error.code);
}
