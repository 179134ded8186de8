import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Program → Debian package that has it. */
const tools: Readonly<Record<string, string>> = {
  git: 'git',
  ip: 'iproute2',
  mmdebstrap: 'mmdebstrap',
  nsenter: 'util-linux',
  'ssh-keygen': 'openssh-client',
  'systemd-nspawn': 'systemd-container',
};

/** Why the lab cannot run on this machine, or undefined when it can. */
export function labMissing(): string | undefined {
  if (process.platform !== 'linux') return 'the lab needs Linux';
  if (process.getuid?.() !== 0) return 'the lab needs root';
  const path = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  const packages = Object.entries(tools)
    .filter(([program]) => !path.some((dir) => existsSync(join(dir, program))))
    .map(([, name]) => name);
  // Without it mmdebstrap trusts no Debian mirror; Ubuntu does not bring it.
  if (!existsSync('/usr/share/keyrings/debian-archive-keyring.gpg'))
    packages.push('debian-archive-keyring');
  if (packages.length > 0) return `the lab needs the packages ${packages.join(', ')}`;
  if (!existsSync('/dev/net/tun')) return 'the lab needs /dev/net/tun';
  if (!/\boverlay$/m.test(readFileSync('/proc/filesystems', 'utf8')))
    return 'the lab needs overlayfs in the kernel';
  return undefined;
}
