import { FleetError } from '../../model/errors.ts';

/** The error for something that a lost connection interrupted. */
export function connectionLost(
  label: string,
  doing: string,
  why: string,
  cause?: Error,
): FleetError {
  return new FleetError('ssh.lost', `${label}: connection lost while ${doing}: ${why}`, {
    hint: 'What ran there may still be running, or half done. Look before trying again.',
    cause,
  });
}

/** The error if the server refuses to start a command. */
export function noSession(label: string, why: string, cause?: Error): FleetError {
  return new FleetError('ssh.no-session', `${label}: no command can be run: ${why}`, {
    hint: 'Does sshd allow sessions for this user and key (MaxSessions, ForceCommand, "restrict")?',
    cause,
  });
}
