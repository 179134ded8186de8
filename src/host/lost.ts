import { FleetError } from '../model/errors.ts';

/**
 * The connection was lost, or cannot be made. A script that was sent may still run. One that opens no other session is
 * there, and others may work over it.
 */
export function isLost(error: unknown): boolean {
  if (!(error instanceof FleetError) || error.code === 'ssh.no-session') return false;
  return error.code.startsWith('ssh.');
}

/** Codes of errors for which a retry is of no use. */
const refusals: ReadonlySet<string> = new Set(
  [
    ...['auth-failed', 'unknown-host-key', 'host-key-changed', 'host-key-revoked'],
    ...['config', 'identity-file', 'no-openssh'],
  ].map((code) => `ssh.${code}`),
);

/**
 * The login failed because of our key, the host key or the configuration. A retry is of no use, and does harm: sshd
 * blocks addresses after failed logins (PerSourcePenalties).
 */
export function isRefusal(error: unknown): boolean {
  return error instanceof FleetError && refusals.has(error.code);
}
