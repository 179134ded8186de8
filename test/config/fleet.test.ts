import { describe, expect, test } from 'vitest';
import { readFleet } from '../../src/config/read-fleet.ts';
import { expandConfig } from '../../src/model/config.ts';
import type { Fleet, Vm } from '../../src/model/fleet.ts';
import { fixture } from './fixtures.ts';

function fleetOf(text: string): Fleet {
  const read = readFleet(text, 'fleet.yaml');
  if ('diagnostics' in read) throw new Error(JSON.stringify(read.diagnostics, null, 2));
  return read.fleet;
}

const head = `
version: 1
name: test
hypervisors:
  hv1: { ssh: root@hv1, system: x86_64-linux, stateVersion: "25.11", uplink: eth0 }
networks:
  n1: { subnet: 10.1.0.0/24 }
  n2: { subnet: 10.2.0.0/24 }
`;

const vmOf = (text: string, name = 'a'): Vm => fleetOf(text).vms.find((vm) => vm.name === name)!;

describe('defaults', () => {
  test('a short file is filled in to the last field', () => {
    expect(fleetOf(`${head}vms: { a: { on: hv1, network: n1 } }`)).toEqual({
      name: 'test',
      inputs: [
        {
          name: 'microvm',
          url: 'github:microvm-nix/microvm.nix',
          flake: true,
          follows: { nixpkgs: 'nixpkgs' },
        },
        {
          name: 'nixpkgs',
          url: 'github:NixOS/nixpkgs/nixos-25.11',
          flake: true,
          follows: {},
        },
      ],
      git: { remote: 'origin', transport: 'pull', revert: true, timeout: 120_000 },
      rollout: {
        maxParallel: 10,
        maxParallelVms: 1,
        evalJobs: 'auto',
        settle: 15_000,
        deadline: 120_000,
        stopTimeout: 30_000,
        confirm: 90_000,
        limits: { build: 3_600_000, switch: 300_000, guest: 420_000 },
        onFailure: 'revert-fleet',
      },
      hypervisors: [
        {
          name: 'hv1',
          ssh: { user: 'root', host: 'hv1' },
          system: 'x86_64-linux',
          stateVersion: '25.11',
          checkout: '/var/lib/fleet/repo',
          uplink: 'eth0',
          tags: [],
          capacity: {
            declared: {},
            reserve: { vcpu: 0, memory: 0, disk: 0 },
            overcommit: { vcpu: 4, memory: 1, disk: 1 },
            perVm: 128,
          },
          packages: [],
          users: [],
          config: {},
          modules: [],
          nameservers: ['1.1.1.1', '9.9.9.9'],
          tailscale: { enable: false, advertiseRoutes: false },
          orphans: 'tell',
          alerts: { rules: [] },
          cli: false,
        },
      ],
      networks: [
        {
          name: 'n1',
          hypervisor: 'hv1',
          bridge: 'br-n1',
          subnet: '10.1.0.0/24',
          prefix: 24,
          gateway: '10.1.0.1',
          nat: true,
          isolated: true,
          allow: [],
          egress: 'all',
          metadata: false,
        },
        {
          name: 'n2',
          bridge: 'br-n2',
          subnet: '10.2.0.0/24',
          prefix: 24,
          gateway: '10.2.0.1',
          nat: true,
          isolated: true,
          allow: [],
          egress: 'all',
          metadata: false,
        },
      ],
      vms: [
        {
          name: 'a',
          on: 'hv1',
          nics: [{ network: 'n1', tap: 'vm-a', mac: '02:ca:97:81:12:ca', address: '10.1.0.2' }],
          vcpu: 1,
          memoryMiB: 1024,
          hypervisor: 'qemu',
          store: 'shared',
          balloon: false,
          state: 'running',
          autostart: 'always',
          tags: [],
          stateVersion: '25.11',
          packages: [],
          users: [],
          config: {},
          modules: [],
          volumes: [],
          publish: [],
          shares: [],
          credentials: [],
          checks: [],
          exports: [],
          dependsOn: [],
          recovery: {
            restart: 'always',
            attempts: 5,
            interval: 600_000,
            delay: 5000,
            backoff: 2,
            maxDelay: 300_000,
            maxPerHour: 20,
            giveUp: 'fail',
            unhealthy: { after: 3, every: 15_000, restart: true },
          },
          priority: 10,
          agent: false,
          dumps: { guest: false },
        },
      ],
    });
  });

  test('a fleet of nothing is a fleet', () => {
    const { hypervisors, networks, vms } = fleetOf('version: 1\nname: empty\n');
    expect([hypervisors, networks, vms]).toEqual([[], [], []]);
  });

  test('inputs follow nixpkgs unless they say otherwise', () => {
    const { inputs } = fleetOf(`version: 1
name: test
inputs:
  plain: github:a/b
  own: { url: github:a/c, follows: {} }
  other: { url: github:a/d, follows: { utils: plain/utils } }
  files: { url: github:a/e, flake: false }
`);
    expect(Object.fromEntries(inputs.map(({ name, follows }) => [name, follows]))).toEqual({
      files: {},
      microvm: { nixpkgs: 'nixpkgs' },
      nixpkgs: {},
      other: { utils: 'plain/utils' },
      own: {},
      plain: { nixpkgs: 'nixpkgs' },
    });
  });

  test('a hypervisor has the time zone of the defaults unless its config sets one', () => {
    const text = (config: string) => `version: 1
name: test
defaults: { timezone: Europe/Berlin }
hypervisors:
  hv1: { ssh: hv1, system: x86_64-linux, stateVersion: "25.11", config: ${config} }
`;
    expect(fleetOf(text('{}')).hypervisors[0]!.timezone).toBe('Europe/Berlin');
    expect(fleetOf(text('{ time.timeZone: Asia/Tokyo }')).hypervisors[0]!.timezone).toBe(
      'Asia/Tokyo',
    );
  });
});

describe('defaults, profiles and vm', () => {
  const text = `${head}
defaults:
  vcpu: 2
  memory: 3GiB
  packages: [vim]
  tags: [all]
  users: { ops: { groups: [wheel], sshKeys: [ssh-ed25519 AAAAone] } }
  config: { services.a.enable: true, services.a.list: [1], environment.etc.'"x.conf"'.text: old }
profiles:
  web: { vcpu: 4, packages: [curl, vim], checks: [{ tcp: 22 }] }
  big: { memory: 8GiB }
vms:
  a:
    on: hv1
    network: n1
    vcpu: 6
    profiles: [web, big]
    packages: [htop]
    users: { ops: { groups: [kvm] }, dev: {} }
    checks: [{ http: { port: 22 }, within: 5s }]
    config: { services: { a: { list: [2], enable: false } }, environment.etc."x.conf".mode: "0400" }
  b: { on: hv1, network: n2 }
`
    .replace(`environment.etc.'"x.conf"'.text`, `'environment.etc."x.conf".text'`)
    .replace(`environment.etc."x.conf".mode`, `'environment.etc."x.conf".mode'`);

  test('the last scalar wins', () => {
    expect(vmOf(text)).toMatchObject({ vcpu: 6, memoryMiB: 8192 });
    expect(vmOf(text, 'b')).toMatchObject({ vcpu: 2, memoryMiB: 3072 });
  });

  test('lists and maps are added to, each thing once', () => {
    const { packages, tags, checks, users } = vmOf(text);
    expect({ packages, tags }).toEqual({ packages: ['vim', 'curl', 'htop'], tags: ['all'] });
    expect(checks).toEqual([
      { kind: 'tcp', port: 22 },
      { kind: 'http', port: 22, path: '/', status: 200, withinMs: 5000 },
    ]);
    expect(users).toEqual([
      { name: 'dev', groups: [], sshKeys: [] },
      { name: 'ops', groups: ['wheel', 'kvm'], sshKeys: ['ssh-ed25519 AAAAone'] },
    ]);
  });

  test('shares and credentials, too; the last path of a credential wins', () => {
    const vm = vmOf(`${head}
defaults:
  shares: [{ source: /srv/a, mount: /a }]
  credentials: { one: /run/keys/one, two: /run/keys/two }
vms:
  a:
    on: hv1
    network: n1
    vsock: 3
    balloon: true
    shares: [{ source: /srv/b, mount: /srv/b, readOnly: true }]
    credentials: { two: /run/keys/other }
`);
    expect(vm).toMatchObject({
      balloon: true,
      vsock: 3,
      shares: [
        { source: '/srv/a', mount: '/a', readOnly: false, tag: 'a' },
        { source: '/srv/b', mount: '/srv/b', readOnly: true, tag: 'srv-b' },
      ],
      credentials: [
        { name: 'one', path: '/run/keys/one' },
        { name: 'two', path: '/run/keys/other' },
      ],
    });
  });

  test('configs are merged option by option, however their keys are written', () => {
    expect(expandConfig(vmOf(text).config)).toEqual({
      services: { a: { enable: false, list: [1, 2] } },
      environment: { etc: { 'x.conf': { text: 'old', mode: '0400' } } },
    });
  });

  test('a config from one place stays as it was written', () => {
    expect(vmOf(text, 'b').config).toEqual({
      'services.a.enable': true,
      'services.a.list': [1],
      'environment.etc."x.conf".text': 'old',
    });
  });
});

describe('details', () => {
  test('a network can be named with its address in a list of one', () => {
    const vm = vmOf(`${head}vms: { a: { on: hv1, networks: [{ name: n1, address: 10.1.0.9 }] } }`);
    expect(vm.nics).toMatchObject([{ network: 'n1', address: '10.1.0.9' }]);
  });

  test('writing down the address that a vm has had alone changes nothing', () => {
    const alone = vmOf(`${head}vms: { a: { on: hv1, network: n1 } }`);
    const written = vmOf(`${head}vms:
  a: { on: hv1, network: n1, address: 10.1.0.2 }
  b: { on: hv1, network: n1, address: 10.1.0.3 }`);
    expect(written).toEqual(alone);
  });

  test('a value that says what holds anyway is accepted', () => {
    const text = `version: 1
name: test
git: { revert: false }
rollout: { maxParallelVms: 1, onFailure: revert-hypervisor }
flake: {}
hypervisors:
  hv1: { ssh: hv1, system: x86_64-linux, stateVersion: "25.11", autostart: all }
networks:
  n1: { subnet: 10.1.0.0/24, nat: false }
vms:
  a: { on: hv1, network: n1, store: shared, balloon: false, autostart: always, shares: [], credentials: {}, address: 10.1.0.2 }
  b: { on: hv1, network: n1, state: stopped, autostart: never, address: 10.1.0.3 }
`;
    expect(fleetOf(text).vms.map(({ state }) => state)).toEqual(['running', 'stopped']);
  });

  test('a vm starts after a reboot as it says, else as its hypervisor says; stopped ones never', () => {
    const whole = (autostart: string) =>
      fleetOf(`version: 1
name: test
hypervisors: { hv1: { ssh: h, system: x86_64-linux, stateVersion: "25.11", autostart: ${autostart} } }
networks: { n1: { subnet: 10.1.0.0/24, nat: false } }
profiles: { sure: { autostart: always } }
vms:
  a: { on: hv1, network: n1, address: 10.1.0.2 }
  b: { on: hv1, network: n1, address: 10.1.0.3, profiles: [sure] }
  c: { on: hv1, network: n1, address: 10.1.0.4, profiles: [sure], state: stopped }
`).vms.map((vm) => vm.autostart);
    expect(whole('all')).toEqual(['always', 'always', 'never']);
    expect(whole('healthy')).toEqual(['healthy', 'always', 'never']);
    expect(whole('none')).toEqual(['never', 'always', 'never']);
  });

  describe('a rollout', () => {
    const rollout = (text: string) =>
      fleetOf(`version: 1
name: test
git: { revert: false }
rollout: ${text}
hypervisors:
  hv1: { ssh: hv1, system: x86_64-linux, stateVersion: "25.11", tags: [first, eu] }
  hv2: { ssh: hv2, system: x86_64-linux, stateVersion: "25.11" }
`);

    test.each(['hv1', 'hv*', '@first', 'hv2, @e*'])('may have the canary %j', (canary) => {
      expect(rollout(`{ canary: "${canary}" }`).rollout.canary).toBe(canary);
    });

    test.each(['revert-fleet', 'revert-hypervisor', 'halt'])('may %s on failure', (onFailure) => {
      const fleet = rollout(`{ onFailure: ${onFailure} }`);
      expect(fleet.rollout.onFailure).toBe(onFailure);
      expect(fleet.git.revert).toBe(false);
    });
  });

  test('modules lose what a path does not need', () => {
    const vm = vmOf(
      `${head}vms: { a: { on: hv1, network: n1, modules: [./m/a.nix, m//a.nix, ./m/] } }`,
    );
    expect(vm.modules).toEqual(['m/a.nix', 'm']);
  });

  test('things are sorted by name, whatever the order of the file', () => {
    const text = `${head}vms:
  b: { on: hv1, network: n2 }
  a: { on: hv1, network: n1 }`;
    expect(fleetOf(text).vms.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  test('the example file is a fleet', () => {
    const fleet = fleetOf(fixture('example.yaml'));
    expect(fleet.vms.map(({ name, volumes }) => [name, volumes])).toEqual([
      ['vm1', [{ mount: '/var', image: 'var.img', fs: 'ext4', sizeMiB: 20480, label: 'var' }]],
      ['vm2', []],
    ]);
    expect(fleet.outputs).toBe('nix/outputs.nix');
    expect(fleet.hypervisors[0]!.capacity).toEqual({
      declared: { vcpu: 16, memory: 32_768, disk: 204_800 },
      reserve: { vcpu: 0, memory: 2048, disk: 0 },
      overcommit: { vcpu: 4, memory: 1, disk: 1 },
      perVm: 128,
    });
  });
});

describe('networking', () => {
  const networkOf = (text: string, name: string) =>
    fleetOf(text).networks.find((network) => network.name === name)!;

  test('a further NIC has names of its own, and the first keeps its', () => {
    const text = (vm: string) => `${head}vms: { a: { on: hv1, ${vm} } }`;
    const [first, second] = vmOf(text('networks: [{ name: n1 }, { name: n2 }]')).nics;
    expect([first]).toEqual(vmOf(text('network: n1')).nics);
    expect(second).toEqual({
      network: 'n2',
      tap: 'vm-a235d5',
      mac: '02:23:5d:50:09:44',
      address: '10.2.0.2',
    });
  });

  test('a vm has the same number in the IPv6 subnet as in the IPv4 one', () => {
    const six = `${head}  n6: { subnet: 10.9.0.0/24, subnet6: "FD00:0:0:9::/64" }\n`;
    const text = `${six}vms: { a: { on: hv1, networks: [{ name: n6, address: 10.9.0.200 }] } }`;
    expect(vmOf(text).nics).toMatchObject([{ address6: 'fd00:0:0:9::c8' }]);
    expect(networkOf(text, 'n6').ipv6).toEqual({
      subnet: 'fd00:0:0:9::/64',
      prefix: 64,
      gateway: 'fd00:0:0:9::1',
      nat: true,
    });
  });

  test('addresses that others can answer keep themselves', () => {
    const six = (more: string) => `${head}  n6: { subnet: 10.9.0.0/24, ${more} }\n`;
    expect(networkOf(six('subnet6: "2001:db8::/64"'), 'n6').ipv6).toMatchObject({ nat: false });
    expect(networkOf(six('nat: false, subnet6: "fd00::/64"'), 'n6').ipv6).toMatchObject({
      nat: false,
    });
  });

  test.each([
    ['web', ['tcp/80', 'tcp/443']],
    ['none', []],
    ['[udp/123, tcp/443, udp/123]', ['udp/123', 'tcp/443']],
  ])('egress %s lets out %j', (egress, ports) => {
    const { egress: read } = networkOf(
      `${head}  n3: { subnet: 10.3.0.0/24, egress: ${egress} }`,
      'n3',
    );
    expect(read === 'all' ? read : read.map((p) => `${p.protocol}/${p.port}`)).toEqual(ports);
  });

  test('published ports of profiles and of the vm add up', () => {
    const text = `${head}profiles: { web: { publish: ["443:8443/tcp"] } }
vms: { a: { on: hv1, network: n1, profiles: [web], publish: ["53:53/udp", "443:8443/tcp"] } }`;
    expect(vmOf(text).publish).toEqual([
      { protocol: 'tcp', port: 443, to: 8443 },
      { protocol: 'udp', port: 53, to: 53 },
    ]);
  });

  test.each([['[9.9.9.9]', ['9.9.9.9']] as const, ['[]', []] as const])(
    'names are asked of %s',
    (forwardTo, nameservers) => {
      const [hv1] = fleetOf(
        head.replace('uplink: eth0', `dns: { forwardTo: ${forwardTo} }`),
      ).hypervisors;
      expect(hv1).toMatchObject({ nameservers });
    },
  );
});

describe('YAML in all its forms', () => {
  const plain = `${head}vms: { a: { on: hv1, network: n1, vcpu: 2, tags: [x] } }`;

  test.each([
    ['a byte order mark', `\ufeff${plain}`],
    ['Windows line breaks', plain.replaceAll('\n', '\r\n')],
    [
      'an alias',
      `${head.replace('name:', 'x: 1\nname:').replace('x: 1\n', '')}profiles: { p: &p { vcpu: 2, tags: [x] } }\nvms: { a: { on: hv1, network: n1, <<: *p } }`,
    ],
    [
      'a merge of several',
      `${head}profiles: { p: &p { vcpu: 2 }, q: &q { tags: [x], vcpu: 9 } }\nvms: { a: { <<: [*p, *q], on: hv1, network: n1 } }`,
    ],
    [
      'an own key after a merge',
      `${head}profiles: { p: &p { vcpu: 9, tags: [x] } }\nvms: { a: { <<: *p, vcpu: 2, on: hv1, network: n1 } }`,
    ],
    ['quoted keys', plain.replace('vcpu', '"vcpu"')],
    [
      'a scalar alias',
      `${head}defaults: { vcpu: &n 2 }\nvms: { a: { on: hv1, network: n1, vcpu: *n, tags: [x] } }`,
    ],
  ])('%s reads the same', (_, text) => {
    expect(vmOf(text)).toEqual(vmOf(plain));
  });

  test('number keys in config are names as they are written', () => {
    const vm = vmOf(
      `${head}vms: { a: { on: hv1, network: n1, config: { a.ports: { 8080: x, 010: y } } } }`,
    );
    expect(expandConfig(vm.config)).toEqual({ a: { ports: { '8080': 'x', '010': 'y' } } });
  });
});
