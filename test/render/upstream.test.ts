import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readFleet } from '../../src/config/read-fleet.ts';
import type { Fleet, Vm } from '../../src/model/fleet.ts';
import { nixFile } from '../../src/nix/print.ts';
import { render } from '../../src/render/render.ts';
import { describeWithNix, evaluate, withFiles } from '../nix/instantiate.ts';
import { share } from './build.ts';
import { evaluated, type Values } from './evaluated.ts';
import { themes, themeTexts } from './themes.ts';

// Folders of nixpkgs' lib and of a checkout of microvm.nix. Neither is part of this repository:
// without them only the last case below is part of the suite.
const nixpkgsLib = process.env.FLEET_NIXPKGS_LIB;
const microvm = process.env.FLEET_MICROVM;

const { full, guests, networking, several } = themes as {
  full: Fleet;
  guests: Fleet;
  networking: Fleet;
  several: Fleet;
};

function upstream(
  theme: Fleet,
  kind: 'guest' | 'hypervisor',
  name: string,
  system: string,
): Values {
  const handWritten = [...theme.hypervisors, ...theme.vms].flatMap((machine) => machine.modules);
  const files = [...render(theme), ...handWritten.map((path) => [path, nixFile({})] as const)];
  return withFiles(files, (dir) => {
    const file = join(import.meta.dirname, 'upstream.nix');
    const args = `{ nixpkgsLib = ${nixpkgsLib}; microvm = ${microvm}; root = ${dir}; }`;
    const call = `(import ${file} ${args}).${kind} "${name}" "${system}"`;
    return withFiles([['call.nix', call]], (other) => evaluate(join(other, 'call.nix'))) as Values;
  });
}

const whenThere = nixpkgsLib && microvm ? describe : undefined;
if (!whenThere) {
  process.stderr.write(
    '\n*** FLEET_NIXPKGS_LIB and FLEET_MICROVM are not set: nothing is checked against microvm.nix itself ***\n\n',
  );
}

whenThere?.('microvm.nix takes a guest', () => {
  it('with everything', () => {
    const value = upstream(full, 'guest', 'vm1', 'aarch64-linux');
    expect(value).toMatchObject({
      failed: [],
      fileSystems: {
        '/nix/store': { device: '/nix/.ro-store', options: ['ro', 'bind'] },
        '/srv': { device: '/dev/disk/by-label/srv', fsType: 'ext4' },
        '/var': { device: '/dev/disk/by-label/var', fsType: 'ext4' },
      },
      microvm: {
        hypervisor: 'qemu',
        interfaces: [
          { bridge: null, id: 'vm-vm1', type: 'tap' },
          { bridge: null, id: 'vm-vm10a1b2', type: 'tap' },
        ],
        mem: 3072,
        shares: [
          {
            mountPoint: '/nix/.ro-store',
            proto: 'virtiofs',
            readOnly: true,
            socket: 'vm1-virtiofs-ro-store.sock',
            source: '/nix/store',
            tag: 'ro-store',
          },
        ],
        storeOnDisk: false,
        vcpu: 2,
        volumes: [
          { autoCreate: true, image: 'var.img', label: 'var', mountPoint: '/var', size: 20_480 },
          { autoCreate: true, image: 'srv.img', label: 'srv', mountPoint: '/srv', size: 1024 },
        ],
      },
      networking: { hostName: 'vm1', useDHCP: false, useNetworkd: true },
      networks: { '10-vm1': { address: ['10.1.0.2/24'] } },
      openssh: { enable: true },
      waitsOnline: false,
      warnings: [],
    });
    expect(value['tap-up']).toContain("tuntap add name 'vm-vm1' mode tap");
    expect(value['tap-up']).toContain("tuntap add name 'vm-vm10a1b2' mode tap");
  });

  it('of cloud-hypervisor, and one with a long name', () => {
    expect(upstream(full, 'guest', 'vm2', 'aarch64-linux')).toMatchObject({
      failed: [],
      microvm: { hypervisor: 'cloud-hypervisor' },
    });
    expect(upstream(several, 'guest', 'a-name-that-is-too-long', 'aarch64-linux')).toMatchObject({
      failed: [],
      microvm: { interfaces: [{ id: 'vm-a-name-c8400' }] },
    });
  });

  it('with two NICs, of which one leads out', () => {
    const value = upstream(networking, 'guest', 'www', 'aarch64-linux');
    expect(value).toMatchObject({
      failed: [],
      networks: {
        '10-backend': { address: ['10.9.0.5/24', 'fd00:9::5/64'] },
        '10-front': { dns: ['10.1.0.1'], gateway: ['10.1.0.1', 'fd00:1::1'] },
      },
      warnings: [],
    });
    expect(value['tap-up']).toContain("tuntap add name 'vm-www44daf' mode tap");
  });

  // Why fleet renders no list of virtio modules.
  it.each(['aarch64-linux', 'x86_64-linux'])('and puts virtio into its initrd on %s', (system) => {
    const needed = ['virtio_blk', 'virtio_mmio', 'virtio_pci', 'virtiofs'];
    const { initrd } = upstream(full, 'guest', 'vm1', system);
    expect(initrd).toEqual(expect.arrayContaining(needed));
  });
});

whenThere?.('microvm.nix starts', () => {
  const guest = (name: string) => {
    const value = upstream(guests, 'guest', name, 'x86_64-linux');
    expect(value).toMatchObject({ failed: [], warnings: [] });
    return value as Values & { command: string };
  };

  it('qemu with shares, balloon, vsock and credentials', () => {
    const { command, fileSystems } = guest('qemu');
    expect(fileSystems).toMatchObject({
      '/media': { device: 'media', fsType: 'virtiofs' },
      '/var': { device: '/dev/disk/by-label/var' },
    });
    for (const option of [
      'name=opt/io.systemd.credentials/api.token,file=/run/keys/api token',
      'name=opt/io.systemd.credentials/db-password,file=/run/keys/db-password',
      'virtio-balloon-pci,free-page-reporting=on',
      'vhost-vsock-pci,guest-cid=4',
      'path=qemu-virtiofs-media.sock',
    ]) {
      expect(command).toContain(option);
    }
  });

  it('qemu with a store of its own, and no daemon for shares', () => {
    const { command, fileSystems, microvm } = guest('kept');
    expect(fileSystems).toMatchObject({ '/nix/store': { device: '/dev/disk/by-label/nix-store' } });
    expect(microvm).toMatchObject({ shares: [], storeOnDisk: true });
    expect(command).toContain('id=store,format=raw,read-only=on');
  });

  it('cloud-hypervisor with shares, balloon and vsock', () => {
    const { command } = guest('chv');
    expect(command).toContain("'socket=chv-virtiofs-upload.sock,tag=upload'");
    expect(command).toContain('--balloon');
    expect(command).toContain("--vsock 'cid=3,socket=notify.vsock'");
  });

  it.each(['chv', 'look'])('%s with the ssh host key that its hypervisor made', (name) => {
    const { fileSystems, microvm, openssh, users } = guest(name);
    expect(fileSystems).toMatchObject({ '/run/fleet': { device: 'fleet-keys' } });
    expect((microvm as { shares: unknown[] }).shares).toContainEqual(
      expect.objectContaining({
        readOnly: true,
        socket: `${name}-virtiofs-fleet-keys.sock`,
        source: `/var/lib/fleet/guest-keys/${name}`,
      }),
    );
    const exports = name === 'look' ? ['/run/fleet/exports/%u'] : [];
    expect(openssh).toMatchObject({
      authorizedKeysFiles: [...exports, '/run/fleet/%u'],
      hostKeys: [{ bits: 521, path: '/run/fleet/ssh_host_ecdsa_key', type: 'ecdsa' }],
    });
    expect(users).toEqual({ users: { 'fleet-check': { isNormalUser: true, uid: 29_999 } } });
  });

  it('crosvm with a balloon', () => {
    expect(guest('cros').command).toContain('--balloon-page-reporting');
  });

  it('firecracker with a store of its own and volumes that are found by label', () => {
    const { command, fileSystems } = guest('fire');
    expect(command).toContain('"is_root_device":false');
    expect(command).toContain('"path_on_host":"var.img"');
    expect(fileSystems).toMatchObject({
      '/nix/store': { device: '/dev/disk/by-label/nix-store' },
      '/var': { device: '/dev/disk/by-label/var' },
    });
  });
});

whenThere?.('a guest of layers is to microvm.nix what it was with everything in its file', () => {
  const example = readFileSync(join(import.meta.dirname, '../../fleet.yaml'), 'utf8');
  const fleets = {
    example,
    shop: themeTexts.shop!,
    'escape-hatches': themeTexts['escape-hatches']!,
  };
  const cases = Object.entries(fleets).flatMap(([theme, text]) => {
    const read = readFleet(text, 'fleet.yaml');
    if ('diagnostics' in read) throw new Error(JSON.stringify(read.diagnostics));
    return read.fleet.vms.map(({ name }) => [theme, name, read.fleet] as const);
  });
  it.each(cases)('in %s: %s', (_, name, fleet) => {
    const { layers, ...whole } = fleet;
    expect(layers).toBeDefined();
    const system = fleet.hypervisors.find(
      (h) => h.name === fleet.vms.find((v) => v.name === name)?.on,
    )!.system;
    const seen = upstream(fleet, 'guest', name, system);
    expect(seen).toEqual(upstream(whole, 'guest', name, system));
    expect(seen.failed).toEqual([]);
  });
});

// What the rules of fleet.yaml refuse, with a line and a hint, is what would fail here.
whenThere?.('microvm.nix refuses', () => {
  it.each<[string, Partial<Vm>, RegExp]>([
    ['shares', { shares: [share('/srv', '/srv')] }, /shares not implemented for Firecracker/],
    ['the store', { store: 'shared' }, /shares not implemented for Firecracker/],
    ['a balloon', { balloon: true }, /balloon not implemented for Firecracker/],
    [
      'credentials',
      { credentials: [{ name: 'a', path: '/run/a' }] },
      /credentialFiles are not implemented for Firecracker/,
    ],
    [
      'credentials',
      { hypervisor: 'cloud-hypervisor', credentials: [{ name: 'a', path: '/run/a' }] },
      /cloud-hypervisor does not support credentialFiles/,
    ],
    [
      'credentials',
      { hypervisor: 'crosvm', credentials: [{ name: 'a', path: '/run/a' }] },
      /crosvm does not support credentialFiles/,
    ],
  ])('%s', (_, parts, message) => {
    const vms = guests.vms.map((vm) => (vm.name === 'fire' ? { ...vm, ...parts } : vm));
    const run = () => upstream({ ...guests, vms }, 'guest', 'fire', 'x86_64-linux');
    expect(run).toThrow(message);
  });
});

whenThere?.('microvm.nix takes a hypervisor', () => {
  it('and starts nothing by itself', () => {
    expect(upstream(full, 'hypervisor', 'hv1', 'aarch64-linux')).toMatchObject({
      autostart: [],
      failed: [],
      netdevs: ['10-br-backend', '10-br-vm1', '10-br-vm2'],
      networking: { nftables: { enable: true, flushRuleset: false } },
      networks: { '20-br-backend': { matchConfig: { Name: ['vm-vm10a1b2', 'vm-vm3'] } } },
      services: expect.arrayContaining(['fleet-autostart', 'microvm@', 'microvm-set-booted@']),
      start: {
        restartIfChanged: false,
        path: expect.arrayContaining([expect.stringContaining('iputils')]),
        script: expect.stringContaining('"$R/var/lib/microvms/$vm/current"'),
        serviceConfig: { NotifyAccess: 'all', RemainAfterExit: true, Type: 'notify' },
        unitConfig: { ConditionPathExists: ['!/run/fleet/seen', '!/run/fleet/autostarted'] },
      },
      keys: {
        scriptArgs: '%i',
        serviceConfig: { Type: 'oneshot' },
        unitConfig: {
          ConditionPathExists: '/var/lib/microvms/%i/current/share/microvm/virtiofs/fleet-keys',
        },
      },
      virtiofsd: {
        after: expect.arrayContaining(['fleet-guest-keys@%i.service', 'local-fs.target']),
        requires: ['fleet-guest-keys@%i.service'],
        restartIfChanged: false,
      },
      target: { wants: [] },
      waitsOnline: false,
    });
  });

  it('with everything about networks', () => {
    expect(upstream(networking, 'hypervisor', 'hv1', 'aarch64-linux')).toMatchObject({
      failed: [],
      networking: {
        firewall: { extraInputRules: expect.stringContaining('th dport 53 accept') },
        nftables: {
          flushRuleset: false,
          tables: { fleet: { family: 'inet', content: expect.stringContaining('@allowed') } },
        },
      },
      networks: { '20-br-front': { matchConfig: { Name: ['vm-www44daf'] } } },
      services: expect.arrayContaining(['fleet-autostart', 'tailscaled-set']),
    });
  });
});

describeWithNix('no guest sets', () => {
  it('an option of microvm.nix that is not looked at above', () => {
    const files = Object.values(themes).flatMap((theme) => Object.entries(evaluated(theme).files));
    const sets = files.map(([, value]) => value.microvm as Values | undefined);
    expect(new Set(sets.flatMap((set) => Object.keys(set ?? {})))).toEqual(
      new Set([
        'balloon',
        'credentialFiles',
        'hypervisor',
        'interfaces',
        'mem',
        'qemu',
        'shares',
        'storeOnDisk',
        'vcpu',
        'volumes',
        'vsock',
      ]),
    );
  });
});
