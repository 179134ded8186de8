import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFleet } from '../../src/config/read-fleet.ts';
import type { Fleet } from '../../src/model/fleet.ts';
import { render } from '../../src/render/render.ts';
import { describeWithNix } from '../nix/instantiate.ts';
import { configOf, evaluated, type Values } from './evaluated.ts';
import { fleets } from './random-fleet.ts';
import { themes } from './themes.ts';

const seed = Number(process.env.FLEET_SEED ?? Date.now() % 2 ** 31);

function read(data: object): Fleet {
  const result = readFleet(JSON.stringify(data), 'fleet.yaml');
  if ('diagnostics' in result) throw new Error(JSON.stringify(result.diagnostics, null, 2));
  return result.fleet;
}

/** What NixOS is given for a vm: its file with imports in order, and its config where that is among them. */
function given(fleet: Fleet, name: string): unknown {
  const all = evaluated(fleet);
  const { inline: _, ...file } = all.files[`hosts/${name}/default.nix`] as {
    imports: string[];
  } & Values;
  const config = configOf(all, name) as Values;
  const { environment = { systemPackages: [] } } = file;
  const imports = file.imports.flatMap((path) => {
    if (path !== 'inline' && path !== `hosts/${name}/config.nix`) return [path];
    return Object.keys(config).length > 0 ? ['config'] : [];
  });
  return { ...file, environment, imports, config };
}

/** Every field, said by some of three layers and of the vm; what one says another says otherwise. */
const manifold = read({
  version: 1,
  name: 'manifold',
  hypervisors: {
    hv1: { ssh: 'root@hv1', system: 'x86_64-linux', stateVersion: '25.11', uplink: 'eth0' },
  },
  networks: { lan: { subnet: '10.1.0.0/24' } },
  defaults: {
    vcpu: 2,
    memory: '4GiB',
    stateVersion: '24.11',
    balloon: true,
    packages: ['vim', 'htop', 'vim', 'python3Packages.requests'],
    users: {
      ops: { groups: ['wheel', 'kvm'], sshKeys: ['ssh-ed25519 AAAA a'] },
      root: {},
      plain: {},
    },
    volumes: [{ mount: '/var/lib/data', size: '1GiB' }],
    shares: [{ source: '/srv/home', mount: '/home' }],
    credentials: { token: '/run/keys/token', other: '/run/keys/other' },
    modules: ['./nix/b.nix', 'nix/a.nix'],
    config: {
      'services.nginx.enable': true,
      'services.x': { list: ['a', 'a'], set: { a: 1, b: { c: 2 } }, text: 'old', gone: [1] },
      'networking.firewall.allowedTCPPorts': [22],
    },
  },
  profiles: {
    web: {
      hypervisor: 'cloud-hypervisor',
      timezone: 'Europe/Berlin',
      packages: ['curl'],
      users: { ops: { groups: ['nginx', 'wheel'] } },
      modules: ['nix/web', './nix/a.nix'],
      volumes: [{ mount: '/srv', size: '2GiB' }],
      config: { 'services.x': { list: ['b', 'a'], 'set.b': 3, text: null, gone: {} } },
    },
    qemu: {
      hypervisor: 'qemu',
      balloon: false,
      timezone: 'UTC',
      config: { services: { nginx: { enable: false } } },
    },
    late: { tags: ['late'] },
  },
  vms: {
    a: {
      on: 'hv1',
      network: 'lan',
      address: '10.1.0.2',
      profiles: ['web', 'late', 'qemu'],
      vcpu: 1,
      packages: ['htop', 'acl'],
      users: {
        ops: { sshKeys: ['ssh-ed25519 AAAA b', 'ssh-ed25519 AAAA a'] },
        own: { groups: ['wheel'] },
      },
      volumes: [{ mount: '/home/own', size: '1GiB' }],
      shares: [{ source: '/srv/media', mount: '/media', readOnly: true }],
      credentials: { token: '/run/keys/mine' },
      modules: ['./hosts/a/own.nix', 'nix/web'],
      config: {
        'services.x.set': { b: { d: 4 } },
        'networking.firewall.allowedTCPPorts': [80, 22],
      },
      vsock: 3,
    },
    b: { on: 'hv1', network: 'lan', address: '10.1.0.3', profiles: ['qemu', 'qemu'] },
    c: {
      on: 'hv1',
      network: 'lan',
      address: '10.1.0.4',
      store: 'disk',
      checks: [{ run: 'true' }],
      users: { _c: {} },
    },
  },
});

function expectSame(fleet: Fleet): void {
  const { layers: _, ...whole } = fleet;
  for (const { name } of fleet.vms) {
    expect({ [name]: given(fleet, name) }).toEqual({ [name]: given(whole, name) });
  }
}

describeWithNix('a vm of layers is the vm whose file has everything', () => {
  it.each(Object.keys(themes))('in %s', (theme) => expectSame(themes[theme]!));

  it('with every field said more than once', () => expectSame(manifold));

  it(`in any fleet that is right (FLEET_SEED=${seed})`, () => {
    for (const fleet of fc.sample(fleets, { numRuns: 10, seed }).map(read)) expectSame(fleet);
  }, 360_000);
});

describe('defaults and profiles', () => {
  const layered = (changed: object = {}) =>
    render(
      read({
        version: 1,
        name: 'test',
        hypervisors: {
          hv1: { ssh: 'root@hv1', system: 'x86_64-linux', stateVersion: '25.11', uplink: 'eth0' },
        },
        networks: { lan: { subnet: '10.1.0.0/24' } },
        defaults: { packages: ['vim'], vcpu: 2 },
        profiles: { web: { packages: ['curl'] }, marked: { tags: ['x'] } },
        vms: {
          a: { on: 'hv1', network: 'lan', address: '10.1.0.2', profiles: ['web', 'marked'] },
          b: { on: 'hv1', network: 'lan', address: '10.1.0.3', vcpu: 2 },
        },
        ...changed,
      }),
    );
  const files = layered();
  const changes = (to: object) => {
    const after = layered(to);
    return [...new Set([...files.keys(), ...after.keys()])].filter(
      (path) => files.get(path) !== after.get(path),
    );
  };

  it('are a file each, where they say something of guests', () => {
    expect([...files.keys()].filter((path) => /^modules.*\.nix$/.test(path))).toEqual([
      'modules/defaults.nix',
      'modules/guest.nix',
      'modules/hypervisor.nix',
      'modules/layers.nix',
      'modules/profiles/web.nix',
      'modules/watch.nix',
    ]);
  });

  it('change in that file alone, whatever vms say themselves', () => {
    const more = {
      vcpu: 1,
      memory: '3GiB',
      packages: ['vim', 'jq'],
      config: { 'services.a.enable': true },
    };
    const defaults = { ...more, volumes: [{ mount: '/srv', size: '1GiB' }] };
    expect(changes({ defaults })).toEqual(['modules/defaults.nix']);
    const web = {
      vcpu: 4,
      packages: ['jq'],
      users: { ops: {} },
      config: { 'services.a.enable': true },
    };
    expect(changes({ profiles: { web, marked: { tags: ['x'] } } })).toEqual([
      'modules/profiles/web.nix',
    ]);
  });

  it('go with their files, and with none of them vms hold everything themselves', () => {
    expect(changes({ profiles: { web: {}, marked: {} } })).toEqual([
      'hosts/a/default.nix',
      'modules/profiles/web.nix',
    ]);
    expect(
      layered({ defaults: {}, profiles: { web: {}, marked: {} } }).has('modules/layers.nix'),
    ).toBe(false);
  });
});
