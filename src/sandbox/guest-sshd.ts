import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { makeKeyPair } from './keys.ts';
import { answerSsh } from './sshd.ts';

/** Host keys that guests made themselves, by guest and start. */
const own = new Map<string, string>();

/**
 * The sshd of a pretend guest: the users and keys of its configuration are real, and so is its host key. Commands run
 * here, by sh, in an empty folder.
 */
export function guestSshd(
  root: string,
  guest: string,
  start: (command: string, env: Readonly<Record<string, string>>) => ChildProcess,
): Duplex {
  const folder = join(root, 'sandbox/guests', guest);
  mkdirSync(folder, { recursive: true });
  return answerSsh({
    hostKey: hostKeyOf(root, guest),
    keysOf: (user) => keysOf(root, guest, user),
    start: (command, user) =>
      start(`cd "$HOME" && unset FLEET_ROOT && ${shell(command)}`, {
        HOME: folder,
        HOSTNAME: guest,
        LOGNAME: user,
        USER: user,
      }),
  });
}

/** Its words are read by a shell of its own. */
const shell = (command: string): string => `exec sh -c '${command.replaceAll("'", "'\\''")}'`;

/** The one that its hypervisor gave it, where it runs with that share; or one that it makes at each start. */
function hostKeyOf(root: string, guest: string): string {
  const share = join(root, 'var/lib/microvms', guest, 'booted/share/microvm/virtiofs/fleet-keys');
  const given = join(root, 'var/lib/fleet/guest-keys', guest, 'ssh_host_ecdsa_key');
  if (existsSync(share)) return readFileSync(given, 'utf8');
  const started = statSync(join(root, 'sandbox/up', guest)).mtimeMs;
  const name = `${root} ${guest} ${started}`;
  const key = own.get(name) ?? makeKeyPair().private;
  own.set(name, key);
  return key;
}

/** As its configuration has them. */
function keysOf(root: string, guest: string, user: string): readonly string[] {
  const file = join(root, 'var/lib/microvms', guest, 'booted/sandbox/access');
  const { users } = JSON.parse(readFileSync(file, 'utf8')) as {
    users: Readonly<Record<string, { readonly keys: readonly string[] }>>;
  };
  return users[user]?.keys ?? [];
}
