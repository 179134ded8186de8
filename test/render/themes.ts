import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readFleet } from '../../src/config/read-fleet.ts';
import type { Fleet } from '../../src/model/fleet.ts';
import { fleet, hypervisor, ipv6, network, nic, ops, share, vm, volume } from './build.ts';

const small = fleet({
  hypervisors: [hypervisor('hv1')],
  networks: [network('vm1', 1, 'hv1')],
  vms: [vm('vm1', 'hv1', [nic('vm1', 'vm1', '10.1.0.2')])],
});

/** Everything at once, on one hypervisor. */
const full = fleet({
  name: 'simple-microvm-infra',
  inputs: [
    ...small.inputs,
    { name: 'impermanence', url: 'github:nix-community/impermanence', flake: true, follows: {} },
    { name: 'site', url: 'git+ssh://git@example.org/site.git?ref=main', flake: false, follows: {} },
  ],
  hypervisors: [
    hypervisor('hv1', {
      packages: ['tmux', 'htop'],
      users: [ops, { name: 'root', groups: [], sshKeys: ops.sshKeys }],
      config: { 'services.fstrim.enable': true },
      modules: ['hosts/hv1/hardware-configuration.nix', 'nix/metrics.nix'],
      timezone: 'Europe/Berlin',
    }),
  ],
  networks: [
    network('backend', 9, 'hv1', { nat: false }),
    network('unused', 3, undefined),
    network('vm1', 1, 'hv1'),
    network('vm2', 2, 'hv1'),
  ],
  vms: [
    vm(
      'vm1',
      'hv1',
      [
        nic('vm1', 'vm1', '10.1.0.2'),
        { ...nic('vm1', 'backend', '10.9.0.5'), tap: 'vm-vm10a1b2', mac: '02:00:00:00:00:99' },
      ],
      {
        vcpu: 2,
        memoryMiB: 3072,
        packages: ['vim', 'postgresql_16', 'python3Packages.requests'],
        users: [ops],
        volumes: [volume('/var', 'var', 20_480), volume('/srv', 'srv', 1024)],
        config: {
          'services.postgresql': { enable: true, settings: { shared_buffers: '512MB' } },
          'services.nginx.virtualHosts."example.org"': {
            root: '/srv',
            extraConfig: 'add_header X-A "$host";\nreturn 200 \'${ok}\';\n',
          },
        },
        modules: ['modules/postgres.nix'],
        dependsOn: ['vm2'],
      },
    ),
    vm('vm2', 'hv1', [nic('vm2', 'vm2', '10.2.0.2')], { hypervisor: 'cloud-hypervisor' }),
    vm('vm3', 'hv1', [nic('vm3', 'backend', '10.9.0.6')], { state: 'stopped' }),
  ],
});

/** Two architectures, one hypervisor without vms, one reached as a user, long names. */
const several = fleet({
  hypervisors: [
    hypervisor('arm'),
    hypervisor('empty'),
    hypervisor('x86', {
      system: 'x86_64-linux',
      uplink: 'eno1',
      nameservers: [],
      ssh: { host: 'x86.example.org', user: 'ops' },
      users: [ops],
    }),
  ],
  networks: [
    network('lan', 1, 'arm'),
    network('office', 2, 'x86', { bridge: 'office0' }),
    network('quiet', 3, 'x86', { nat: false, prefix: 28 }),
  ],
  vms: [
    vm('a', 'arm', [nic('a', 'lan', '10.1.0.2')], { dependsOn: ['b'] }),
    vm('a-name-that-is-too-long', 'arm', [nic('a-name-that-is-too-long', 'lan', '10.1.0.3')], {
      autostart: 'healthy',
    }),
    vm('b', 'arm', [nic('b', 'lan', '10.1.0.4')]),
    vm('c', 'arm', [nic('c', 'lan', '10.1.0.5')], { dependsOn: ['b'], state: 'stopped' }),
    vm('d', 'arm', [nic('d', 'lan', '10.1.0.6')], { autostart: 'never' }),
    vm('desk', 'x86', [nic('desk', 'office', '10.2.0.2')]),
    vm('vault', 'x86', [nic('vault', 'quiet', '10.3.0.2')]),
  ],
});

/** Everything about networks: who reaches whom, IPv6, names, ports, the tailnet. */
const networking = fleet({
  hypervisors: [
    hypervisor('hv1', {
      nameservers: ['1.1.1.1', '2606:4700:4700::1111'],
      tailscale: { enable: true, advertiseRoutes: true },
    }),
    hypervisor('hv2', { tailscale: { enable: true, advertiseRoutes: false } }),
  ],
  networks: [
    network('backend', 9, 'hv1', { ...ipv6(9, false), nat: false, allow: ['elsewhere', 'front'] }),
    network('elsewhere', 8, undefined),
    network('front', 1, 'hv1', ipv6(1)),
    network('lab1', 4, 'hv1', { isolated: false, metadata: true }),
    network('lab2', 5, 'hv1', { isolated: false, egress: [] }),
    network('web', 2, 'hv1', {
      bridge: 'web0',
      egress: [
        { protocol: 'udp', port: 123 },
        { protocol: 'tcp', port: 443 },
        { protocol: 'tcp', port: 80 },
      ],
    }),
  ],
  vms: [
    vm('db', 'hv1', [{ ...nic('db', 'backend', '10.9.0.2'), address6: 'fd00:9::2' }]),
    vm('lab1', 'hv1', [nic('lab1', 'lab1', '10.4.0.2')]),
    vm('lab2', 'hv1', [nic('lab2', 'lab2', '10.5.0.2')]),
    vm('web', 'hv1', [nic('web', 'web', '10.2.0.2')], {
      publish: [{ protocol: 'udp', port: 53, to: 5353 }],
    }),
    vm(
      'www',
      'hv1',
      [
        { ...nic('www', 'backend', '10.9.0.5'), address6: 'fd00:9::5' },
        { ...nic('www', 'front', '10.1.0.2', true), address6: 'fd00:1::2' },
      ],
      { publish: [{ protocol: 'tcp', port: 8443, to: 443 }] },
    ),
  ],
});

/** What guests can have beyond a disk, under every runner that fleet knows. */
const guests = fleet({
  hypervisors: [hypervisor('hv1', { system: 'x86_64-linux', uplink: 'eno1' })],
  networks: [network('lan', 1, 'hv1')],
  vms: [
    vm('chv', 'hv1', [nic('chv', 'lan', '10.1.0.2')], {
      hypervisor: 'cloud-hypervisor',
      balloon: true,
      shares: [share('/srv/media', '/media', { readOnly: true }), share('/srv/upload', '/upload')],
      vsock: 3,
      checks: [{ kind: 'run', command: 'true' }],
    }),
    vm('cros', 'hv1', [nic('cros', 'lan', '10.1.0.3')], { hypervisor: 'crosvm', balloon: true }),
    vm('fire', 'hv1', [nic('fire', 'lan', '10.1.0.4')], {
      hypervisor: 'firecracker',
      store: 'disk',
      volumes: [volume('/var', 'var', 1024)],
    }),
    vm('kept', 'hv1', [nic('kept', 'lan', '10.1.0.5')], { store: 'disk' }),
    vm('keyed', 'hv1', [nic('keyed', 'lan', '10.1.0.8')], { sshHostKey: true }),
    vm('look', 'hv1', [nic('look', 'lan', '10.1.0.7')], {
      store: 'disk',
      checks: [{ kind: 'run', command: 'test -e /run/x' }],
      exports: [{ file: '/run/x', user: 'root', to: '~/x', replace: {} }],
    }),
    vm('qemu', 'hv1', [nic('qemu', 'lan', '10.1.0.6')], {
      agent: true,
      balloon: true,
      credentials: [
        { name: 'api.token', path: '/run/keys/api token' },
        { name: 'db-password', path: '/run/keys/db-password' },
      ],
      shares: [share('/srv/media', '/media', { readOnly: true })],
      volumes: [volume('/var', 'var', 1024)],
      vsock: 4,
    }),
  ],
});

const evil = "a${b}$${c}''${d}\"e\"\\f\n''\n\ttab $";

/** Text that would be code if anything let it. */
const hostile = fleet({
  name: evil,
  hypervisors: [
    hypervisor('hv', {
      packages: ['evil"; abort "pkgs', 'nested.${x}'],
      users: [{ name: 'o"${p}s', groups: [evil], sshKeys: [evil, 'ssh-ed25519 AAAA ${HOME}'] }],
      config: { 'a."${b}.c"': [evil, -1, 1.5, null, { 'if then': evil }], rec: { x: -2 } },
      modules: ['nix/with blank${x}.nix'],
    }),
  ],
  networks: [network('lan', 1, 'hv')],
  vms: [
    vm('vm', 'hv', [nic('vm', 'lan', '10.1.0.2')], {
      timezone: evil,
      packages: ['let.in'],
      users: [{ name: 'x', groups: [], sshKeys: [evil] }],
      config: { services: { 'x.text': evil } },
      volumes: [{ ...volume('/a "b"', 'l${x}', 1), image: evil }],
      shares: [{ source: evil, mount: evil, readOnly: false, tag: evil }],
      credentials: [{ name: evil, path: `/${evil}` }],
    }),
  ],
});

/** A golden folder each. */
export const fixtures = join(import.meta.dirname, '../fixtures/render');

/** The fleet.yaml files of the themes that are written as one, by theme. */
export const themeTexts: Readonly<Record<string, string>> = Object.fromEntries(
  readdirSync(fixtures)
    .map((theme) => [theme, join(fixtures, theme, 'fleet.yaml')] as const)
    .filter(([, file]) => existsSync(file))
    .map(([theme, file]) => [theme, readFileSync(file, 'utf8')]),
);

/** By hand, or as people write them. */
export const themes: Readonly<Record<string, Fleet>> = {
  small,
  full,
  several,
  networking,
  guests,
  hostile,
  ...Object.fromEntries(
    Object.entries(themeTexts).map(([theme, text]) => {
      const read = readFleet(text, `${theme}/fleet.yaml`);
      if ('diagnostics' in read) throw new Error(JSON.stringify(read.diagnostics, null, 2));
      return [theme, read.fleet];
    }),
  ),
};
