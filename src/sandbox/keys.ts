import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ssh2 from 'ssh2';

/** An ed25519 key pair in OpenSSH's formats. */
export interface KeyPair {
  readonly private: string;
  /** "type base64", without a comment. */
  readonly public: string;
}

/** Makes a new key pair. */
export function makeKeyPair(): KeyPair {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519');
    // One in 256 comes out too short (ssh2 1.17 drops a leading zero).
    if (ssh2.utils.parseKey(pair.private) instanceof Error) continue;
    return { private: pair.private, public: pair.public.split(' ').slice(0, 2).join(' ') };
  }
}

/** A hypervisor as ssh knows it. */
export interface KnownHost {
  readonly name: string;
  readonly port: number;
  readonly key: KeyPair;
}

/**
 * Writes HOME/.ssh: the key, known_hosts, and a config that names every hypervisor. ssh itself
 * looks for `~` in the password database, not in $HOME: give the config by `ssh -F`.
 */
export function writeSshHome(home: string, client: KeyPair, hosts: readonly KnownHost[]): void {
  const folder = join(home, '.ssh');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const write = (name: string, text: string, mode = 0o600) =>
    writeFileSync(join(folder, name), text, { mode });
  write('id_ed25519', client.private);
  write('id_ed25519.pub', `${client.public} sandbox\n`);
  write('known_hosts', hosts.map((h) => `[127.0.0.1]:${h.port} ${h.key.public}\n`).join(''));
  // Guests are reached through them, and with the same key.
  const all = [...hosts.map(configOf), everywhere(folder)];
  write('config', all.join('\n'));
}

function configOf({ name, port }: KnownHost): string {
  return [`Host ${name}`, '  HostName 127.0.0.1', `  Port ${port}`, '  User root', ''].join('\n');
}

function everywhere(folder: string): string {
  return [
    'Host *',
    `  IdentityFile "${join(folder, 'id_ed25519')}"`,
    '  IdentitiesOnly yes',
    '  IdentityAgent none',
    `  UserKnownHostsFile "${join(folder, 'known_hosts')}"`,
    '  GlobalKnownHostsFile none',
    '',
  ].join('\n');
}
