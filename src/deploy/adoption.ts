import type { Access } from '../host/answers/access.ts';
import { isLike } from '../host/answers/network-files.ts';
import { readRunners } from '../host/hypervisor/look.ts';
import * as steps from '../host/hypervisor/steps.ts';
import { type Loss, losses } from '../host/losses.ts';
import { builtSystem } from '../host/new-system.ts';
import { contains, parseAddress, parseSubnet } from '../model/addresses.ts';
import { FleetError } from '../model/errors.ts';
import type { Facts } from '../model/facts.ts';
import type { Session } from './session.ts';

/** A first switch that is about to happen. */
export interface FirstSwitch {
  /** The host under the lock. */
  readonly before: Facts;
  readonly toplevel: string;
  /** Vms that are fleet's with this deployment. */
  readonly ours: ReadonlySet<string>;
  /** What a person named with --drop: bridges, vms and addresses that may go. */
  readonly dropped: ReadonlySet<string>;
}

/**
 * The first switch replaces all that was in /etc/nixos. It is refused unless fleet could log in again exactly
 * as it did now, and every guest stays on its network.
 * @throws FleetError `adoption.locked-out`, `adoption.cut-off`.
 */
export async function requireAccess(session: Session, first: FirstSwitch): Promise<void> {
  const { hypervisor, host } = session;
  const { before, toplevel } = first;
  const access = await session.step(steps.access(hypervisor.checkout, hypervisor.name, toplevel));
  const reasons = lockedOut(
    access,
    {
      user: host.user,
      publicKey: host.publicKey,
      port: before.sshdPort ?? host.port,
      address: before.clientAddress,
    },
    hypervisor.ssh.sudo,
  );
  if (reasons.length > 0) {
    throw new FleetError(
      'adoption.locked-out',
      `the new system of ${hypervisor.name} would lock you out:\n${listed(reasons)}`,
      {
        blames: 'user',
        hint: `Add it under hypervisors.${hypervisor.name} (users, config) or to one of its modules. Nothing was switched.`,
      },
    );
  }
  const runners = await readRunners(session.host);
  const next = builtSystem(access.network, Object.keys(access.users), access.networkd);
  const lost = losses(before, runners, next, first.ours);
  requireNoCut(hypervisor.name, lost, first.dropped);
  for (const { text } of lost) session.note(`removed by the first switch: ${text}`);
}

/** @throws FleetError `adoption.cut-off` for losses that nobody has named with --drop. */
function requireNoCut(name: string, lost: readonly Loss[], dropped: ReadonlySet<string>): void {
  const cut = lost.filter((loss) => loss.cuts && !dropped.has(loss.name));
  if (cut.length === 0) return;
  const names = [...new Set(cut.map((loss) => loss.name))].join(',');
  throw new FleetError(
    'adoption.cut-off',
    `the first switch of ${name} would cut off the hypervisor or its guests. It removes:\n${listed(cut.map(({ text }) => text))}`,
    {
      blames: 'user',
      hint: `Keep it: put it under hypervisors.${name}, in config or in a module. Or name what may go: --drop ${names}\nNothing was switched.`,
    },
  );
}

const listed = (lines: readonly string[]): string => lines.map((line) => `  - ${line}`).join('\n');

/** How a person logged in. */
export interface Visitor {
  readonly user: string;
  readonly publicKey: string | undefined;
  /** Of sshd. */
  readonly port: number;
  /** Where the person came from, as the hypervisor sees it. */
  readonly address?: string | undefined;
}

/** Why a person who logged in that way could not do so again. */
export function lockedOut(access: Access, visitor: Visitor, sudo?: boolean): string[] {
  const { user, publicKey, port } = visitor;
  const reasons: string[] = [];
  const account = access.users[user];
  if (!access.sshd) reasons.push('sshd is off: services.openssh.enable');
  if (!access.ports.includes(port))
    reasons.push(`sshd does not listen on port ${port}: services.openssh.ports`);
  const open =
    !access.firewall ||
    access.openPorts.includes(port) ||
    access.openRanges.some((r) => r.from <= port && port <= r.to);
  if (!open) reasons.push(`the firewall blocks port ${port}: networking.firewall.allowedTCPPorts`);
  if (!account) reasons.push(`there is no user ${user}`);
  // The first two words identify a key; the comment means nothing.
  const word = (key: string) => key.trim().split(/\s+/).slice(0, 2).join(' ');
  const keys =
    account?.keys
      .flatMap((k) => k.split('\n'))
      .map(withoutOptions)
      .map(word) ?? [];
  if (account && !publicKey)
    reasons.push('fleet does not know which key you logged in with, so it cannot look for it');
  else if (account && publicKey && !keys.includes(word(publicKey))) {
    reasons.push(
      `the key you logged in with (${publicKey.slice(0, 36)}…) is not among the keys of ${user}: users.users.${user}.openssh.authorizedKeys.keys`,
    );
  }
  if (access.publicKeys === false || access.publicKeys === 'no')
    reasons.push('sshd does not accept keys: services.openssh.settings.PubkeyAuthentication');
  if (!access.keysFiles.some((file) => file.endsWith('/ssh/authorized_keys.d/%u')))
    reasons.push(
      'sshd does not read the keys of users: services.openssh.authorizedKeysFiles needs /etc/ssh/authorized_keys.d/%u',
    );
  if (user === 'root' && ['no', 'forced-commands-only'].includes(access.rootLogin ?? ''))
    reasons.push('root may not log in: services.openssh.settings.PermitRootLogin');
  if (account) reasons.push(...notAdmitted(access, visitor, account.groups));
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

/** The four lists of sshd, by its own rules: each that is there has to let the user in. */
function notAdmitted(access: Access, visitor: Visitor, groups: readonly string[]): string[] {
  const { user } = visitor;
  const own = extraLists(access.extraConfig);
  const list = (said: readonly string[] | null, keyword: string) =>
    (said ?? []).flatMap((words) => words.split(/\s+/)).concat(own.get(keyword) ?? []);
  const isUser = (pattern: string) => fitsUser(pattern, visitor);
  const isGroup = (pattern: string) => groups.some((group) => isLike(group, pattern));
  const lists = [
    { keyword: 'DenyUsers', said: access.denyUsers, fits: isUser, lets: false },
    { keyword: 'AllowUsers', said: access.allowUsers, fits: isUser, lets: true },
    { keyword: 'DenyGroups', said: access.denyGroups, fits: isGroup, lets: false },
    { keyword: 'AllowGroups', said: access.allowGroups, fits: isGroup, lets: true },
  ];
  return lists.flatMap(({ keyword, said, fits, lets }) => {
    const patterns = list(said, keyword.toLowerCase());
    if (patterns.length === 0 || patterns.some(fits) === lets) return [];
    return [`sshd does not let ${user} in: services.openssh.settings.${keyword}`];
  });
}

/** `USER` or `USER@HOST`, each a pattern; host names cannot be checked here. */
function fitsUser(pattern: string, { user, address }: Visitor): boolean {
  const [name = '', host] = pattern.split('@');
  if (!isLike(user, name)) return false;
  if (host === undefined) return true;
  const subnet = host.includes('/') ? parseSubnet(host) : undefined;
  const number = parseAddress(address ?? '');
  if (subnet) return number !== undefined && contains(subnet, number);
  return address !== undefined && isLike(address, host);
}

/** Lists in hand-written text of sshd_config that are for everybody, by keyword in lower case. */
function extraLists(text: string): Map<string, string[]> {
  const lists = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [keyword = '', ...words] = line.trim().split(/[\s=]+/);
    if (keyword.toLowerCase() === 'match') break;
    const key = keyword.toLowerCase();
    lists.set(key, [...(lists.get(key) ?? []), ...words]);
  }
  return lists;
}

/** authorized_keys lines may begin with options. */
function withoutOptions(line: string): string {
  return line.replace(/^.*?(?=(?:ssh-|ecdsa-|sk-))/, '');
}
