import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabHost } from './host.ts';
import type { Layers } from './layers.ts';

const gitconfig = `[user]
	name = Lab
	email = lab@example.net
[init]
	defaultBranch = main
`;

const nixConf = `experimental-features = nix-command flakes
flake-registry =
substituters =
`;

/** Writes a HOME for whoever works at the desk: keys, known hosts, git and Nix settings. */
export async function makeHome(
  home: string,
  layers: Layers,
  hosts: readonly LabHost[],
): Promise<void> {
  const ssh = join(home, '.ssh');
  await mkdir(ssh, { recursive: true, mode: 0o700 });
  await mkdir(join(home, '.config/nix'), { recursive: true });
  await copyFile(layers.key, join(ssh, 'id_ed25519'));
  await copyFile(`${layers.key}.pub`, join(ssh, 'id_ed25519.pub'));
  const stanza = (host: LabHost) => `Host ${host.name}
  HostName ${host.address}
  User root
  HostKeyAlias ${host.address}
`;
  const common = `Host *
  IdentityFile ${join(ssh, 'id_ed25519')}
  IdentitiesOnly yes
  UserKnownHostsFile ${join(ssh, 'known_hosts')}
  StrictHostKeyChecking yes
  BatchMode yes
`;
  await writeFile(join(ssh, 'config'), hosts.map(stanza).join('') + common);
  await writeFile(
    join(ssh, 'known_hosts'),
    hosts.map((host) => `${host.address},${host.name} ${host.hostKey}\n`).join(''),
  );
  await writeFile(join(home, '.gitconfig'), gitconfig);
  await writeFile(join(home, '.config/nix/nix.conf'), nixConf);
}
