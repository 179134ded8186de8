import { spawnSync } from 'node:child_process';

/** Program → Debian package that has it. */
const tools: Readonly<Record<string, string>> = {
  dnsmasq: 'dnsmasq-base',
  ip: 'iproute2',
  nft: 'nftables',
  'nix-instantiate': 'nix-bin',
  ping: 'iputils-ping',
  sysctl: 'procps',
  unshare: 'util-linux',
};

/** Why packets cannot be sent on this machine, or undefined when they can. */
export function packetsMissing(): string | undefined {
  if (process.platform !== 'linux') return 'the packets test needs Linux';
  if (process.getuid?.() !== 0) return 'the packets test needs root';
  const packages = Object.entries(tools)
    .filter(([program]) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0)
    .map(([, name]) => name);
  return packages.length > 0
    ? `the packets test needs the packages ${packages.join(', ')}`
    : undefined;
}
