import { FleetError } from '../model/errors.ts';
import type { Session } from './session.ts';

/** What access.sh asks of the new system's configuration. */
interface Access {
  readonly sshd: boolean;
  readonly ports: readonly number[];
  readonly rootLogin: string | null;
  readonly firewall: boolean;
  readonly openPorts: readonly number[];
  readonly openRanges: readonly { readonly from: number; readonly to: number }[];
  readonly wheelNeedsPassword: boolean;
  /** Users who may run anything without a password. */
  readonly sudoers: readonly string[];
  readonly users: Readonly<
    Record<string, { readonly groups: readonly string[]; readonly keys: readonly string[] }>
  >;
}

/**
 * The first switch replaces what was in /etc/nixos as a whole (DESIGN, traps, 15): refused unless
 * we could come in again just as we came. @throws FleetError `adoption.locked-out`.
 */
export async function requireAccess(session: Session, sshdPort?: number): Promise<void> {
  const { hypervisor, host } = session;
  const output = await session.step(
    'can we still get in afterwards?',
    'access',
    [hypervisor.checkout, hypervisor.name],
    {
      limit: 'build',
      kind: 'build',
    },
  );
  const json =
    output
      .split('\n')
      .find((line) => line.startsWith('access\t'))
      ?.slice('access\t'.length) ?? '';
  const reasons = lockedOut(
    parseAccess(json),
    host.user,
    host.publicKey,
    sshdPort ?? host.port,
    hypervisor.ssh.sudo,
  );
  if (reasons.length > 0) {
    throw new FleetError(
      'adoption.locked-out',
      `after the first switch of ${hypervisor.name} you could not get in again:\n${reasons.map((r) => `  - ${r}`).join('\n')}`,
      {
        hint: `Put it under hypervisors.${hypervisor.name} (users, config) or into one of its modules. Nothing was switched.`,
      },
    );
  }
}

function parseAccess(json: string): Access {
  try {
    return JSON.parse(json) as Access;
  } catch {
    throw new FleetError('adoption.unreadable', 'the new system did not say who may log in', {
      detail: json,
    });
  }
}

/** Why a person who came as `user` with `publicKey` to `port` of sshd could not come again. */
export function lockedOut(
  access: Access,
  user: string,
  publicKey: string | undefined,
  port: number,
  sudo?: boolean,
): string[] {
  const reasons: string[] = [];
  const account = access.users[user];
  if (!access.sshd) reasons.push('sshd is off: services.openssh.enable');
  if (!access.ports.includes(port))
    reasons.push(`sshd does not listen on port ${port}: services.openssh.ports`);
  const open =
    !access.firewall ||
    access.openPorts.includes(port) ||
    access.openRanges.some((r) => r.from <= port && port <= r.to);
  if (!open)
    reasons.push(`the firewall does not let port ${port} in: networking.firewall.allowedTCPPorts`);
  if (!account) reasons.push(`there is no user ${user}`);
  // A key is told by its first two words; the comment is anybody's.
  const word = (key: string) => key.trim().split(/\s+/).slice(0, 2).join(' ');
  const keys =
    account?.keys
      .flatMap((k) => k.split('\n'))
      .map(withoutOptions)
      .map(word) ?? [];
  if (account && !publicKey)
    reasons.push('the key you came with is not known, so it cannot be looked for');
  else if (account && publicKey && !keys.includes(word(publicKey))) {
    reasons.push(
      `the key you came with (${publicKey.slice(0, 36)}…) is not among the keys of ${user}: users.users.${user}.openssh.authorizedKeys.keys`,
    );
  }
  if (user === 'root' && ['no', 'forced-commands-only'].includes(access.rootLogin ?? ''))
    reasons.push('root may not log in: services.openssh.settings.PermitRootLogin');
  const mayAll =
    access.sudoers.includes(user) ||
    (!access.wheelNeedsPassword && (account?.groups.includes('wheel') ?? false));
  if (user !== 'root' && sudo !== false && account && !mayAll) {
    reasons.push(
      `${user} could not use sudo without a password: security.sudo.extraRules, or group wheel and security.sudo.wheelNeedsPassword = false`,
    );
  }
  return reasons;
}

/** authorized_keys lines may begin with options. */
function withoutOptions(line: string): string {
  return line.replace(/^.*?(?=(?:ssh-|ecdsa-|sk-))/, '');
}
