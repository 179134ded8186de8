import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Layer } from '../../src/model/fleet.ts';
import { Stage } from './stage.ts';

describe('what the stand-in for Nix makes of rendered files', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.start();
    stage.vms = { a: {}, b: {} };
    await stage.begin();
  }, 180_000);
  afterAll(() => stage.stop());

  it('is the same for another commit, and for a change of another vm', async () => {
    const first = await stage.build('hv1', 'a', 'b');
    expect(await stage.build('hv1', 'a', 'b')).toEqual(first);
    stage.vms.b = { memoryMiB: 512 };
    const second = await stage.build('hv1', 'a', 'b');
    expect(second.get('a')).toBe(first.get('a'));
    expect(second.get('hv1')).toBe(first.get('hv1'));
    expect(second.get('b')).not.toBe(first.get('b'));
  });

  it('counts what hand-written modules say, but not how', async () => {
    stage.vms.a = { modules: ['modules/own.nix'] };
    const build = async (text: string) => {
      stage.extra = {
        'modules/own.nix': '{ imports = [ ./deeper ]; }',
        'modules/deeper/default.nix': text,
      };
      return (await stage.build('a')).get('a');
    };
    const first = await build('{ lib, ... }: { services.x.enable = lib.mkForce true; }');
    expect(await build('# why\n{ lib, ... }:\n{ services.x.enable = lib.mkForce true; }')).toBe(
      first,
    );
    expect(await build('{ lib, ... }: { services.x.enable = lib.mkForce false; }')).not.toBe(first);
    stage.extra = {};
    await expect(stage.build('a')).rejects.toThrow('modules/own.nix');
    stage.vms.a = {};
  });

  it('is of all layers of a vm, of which the last says most and its own file more than all', async () => {
    const layer = (parts: Partial<Layer>): Layer => ({
      ...{ packages: [], users: [], config: {}, modules: [], volumes: [], shares: [] },
      ...{ credentials: [], ...parts },
    });
    const build = async (one: Partial<Layer>, two: Partial<Layer>, own: Partial<Layer> = {}) => {
      stage.layers = {
        defaults: layer({ hypervisor: 'crosvm' }),
        profiles: new Map([
          ['one', layer(one)],
          ['two', layer(two)],
        ]),
        vms: new Map([
          ['a', { profiles: ['one', 'two'], own: layer(own) }],
          ['b', { profiles: [], own: layer({}) }],
        ]),
      };
      return stage.build('a', 'b');
    };
    const first = await build({ hypervisor: 'qemu' }, {});
    expect(first.get('a')).toMatch(/-microvm-qemu-a$/);
    expect(first.get('b')).toMatch(/-microvm-crosvm-b$/);
    const second = await build({ hypervisor: 'qemu' }, { hypervisor: 'firecracker' });
    expect(second.get('a')).toMatch(/-microvm-firecracker-a$/);
    expect(second.get('b')).toBe(first.get('b'));
    const third = await build({ hypervisor: 'firecracker' }, {}, { hypervisor: 'qemu' });
    expect(third.get('a')).toMatch(/-microvm-qemu-a$/);
    await expect(build({}, { packages: ['no-such-thing'] })).rejects.toThrow(
      "'no-such-thing' missing",
    );
    await expect(build({}, { modules: ['modules/none.nix'] })).rejects.toThrow('modules/none.nix');
    const config = { 'systemd.services.x.script': 'false' };
    expect((await build({}, { config })).get('a')).not.toBe((await build({}, {})).get('a'));
    stage.layers = undefined;
  });

  it('fails to evaluate for a package that is not there, and to build for one that is broken', async () => {
    stage.vms.a = { packages: ['nope'] };
    await expect(stage.build('a', 'b')).rejects.toThrow("error: attribute 'nope' missing");
    stage.vms.a = { packages: ['does-not-build'] };
    await expect(stage.build('a', 'b')).rejects.toThrow('fatal error: missing.h');
    stage.vms.a = {};
  });

  it('says who can still get in', async () => {
    stage.hypervisor = {
      users: [{ name: 'ops', groups: ['wheel'], sshKeys: ['ssh-ed25519 AAAA ops'] }],
    };
    await stage.build('hv1');
    const { stdout } = await stage.call('access', '/var/lib/fleet/repo', 'hv1', '/nowhere');
    expect(JSON.parse(stdout.replace(/^access\t/, ''))).toEqual({
      publicKeys: null,
      allowUsers: null,
      allowGroups: null,
      denyUsers: null,
      denyGroups: null,
      keysFiles: ['/etc/ssh/authorized_keys.d/%u'],
      extraConfig: '',
      network: {
        dhcp: true,
        makes: [],
        bridges: {},
        interfaces: {},
        firewall: true,
        open: [`tcp ${stage.host.port}`],
        ranges: [],
        forwards: [],
        autostart: [],
      },
      sshd: true,
      ports: [stage.host.port],
      rootLogin: 'prohibit-password',
      firewall: true,
      openPorts: [stage.host.port],
      openRanges: [],
      wheelNeedsPassword: false,
      sudoers: [],
      users: {
        ops: { groups: ['wheel'], keys: ['ssh-ed25519 AAAA ops'] },
        root: { groups: [], keys: [stage.host.publicKey] },
      },
    });
  });

  it('locks inputs, keeps what is locked, and renews what it is told to', async () => {
    const flake = `{
      inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-25.11";
      inputs.microvm = { url = "github:microvm-nix/microvm.nix"; inputs.nixpkgs.follows = "nixpkgs"; };
    }`;
    const lock = async (before: string, ...renew: string[]) => {
      const args = [String(flake.length), ...renew];
      return (await stage.callWith(flake + before, 'lock-inputs', ...args)).stdout;
    };
    const first = await lock('');
    const nodes = JSON.parse(first).nodes;
    expect(nodes.microvm).toMatchObject({
      inputs: { nixpkgs: ['nixpkgs'] },
      original: { type: 'github', owner: 'microvm-nix', repo: 'microvm.nix' },
    });
    expect(nodes.nixpkgs.locked.rev).toMatch(/^[0-9a-f]{40}$/);
    expect(await lock(first)).toBe(first);
    const renewed = JSON.parse(await lock(first, 'nixpkgs')).nodes;
    expect(renewed.nixpkgs.locked.rev).not.toBe(nodes.nixpkgs.locked.rev);
    expect(renewed.microvm).toEqual(nodes.microvm);
  });
});
