import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expandConfig } from '../../src/model/config.ts';
import type { User } from '../../src/model/fleet.ts';
import { render } from '../../src/render/render.ts';
import { describeWithNix, parse, withFiles } from '../nix/instantiate.ts';
import { configOf, evaluated, type Values } from './evaluated.ts';
import { themes } from './themes.ts';

const usersOf = (users: readonly User[]): object =>
  Object.fromEntries(
    users.map((user) => [
      user.name,
      {
        ...(user.groups.length > 0 && { extraGroups: user.groups }),
        ...(user.name !== 'root' && { isNormalUser: true }),
        ...(user.sshKeys.length > 0 && { openssh: { authorizedKeys: { keys: user.sshKeys } } }),
      },
    ]),
  );

describeWithNix('rendered files', () => {
  it('parse', () => {
    const files = Object.entries(themes).flatMap(([theme, fleet]) =>
      [...render(fleet)]
        .filter(([path]) => path.endsWith('.nix'))
        .map(([path, text]) => [`${theme}/${path}`, text] as const),
    );
    withFiles(files, (dir) => parse(files.map(([path]) => join(dir, path))));
  });

  describe.each(Object.entries(themes))('of %s', (_, theme) => {
    it.each(theme.vms.map((vm) => [vm.name, vm] as const))('hold vm %s as declared', (name, vm) => {
      const value = evaluated(theme).files[`hosts/${name}/default.nix`]!;
      expect(value).toMatchObject({
        microvm: {
          hypervisor: vm.hypervisor,
          interfaces: vm.nics.map((nic) => ({ id: nic.tap, mac: nic.mac, type: 'tap' })),
          mem: vm.memoryMiB,
          vcpu: vm.vcpu,
        },
        networking: { hostName: name },
        system: { stateVersion: vm.stateVersion },
        time: { timeZone: vm.timezone ?? 'UTC' },
      });
      expect((value.microvm as Values).volumes ?? []).toEqual(
        vm.volumes.map(({ fs, image, label, mount, sizeMiB }) => ({
          fsType: fs,
          image,
          label,
          mountPoint: mount,
          size: sizeMiB,
        })),
      );
      const { balloon, credentialFiles, shares, vsock } = value.microvm as Values;
      expect({ balloon, credentialFiles, shares, vsock }).toEqual({
        balloon: vm.balloon || undefined,
        credentialFiles:
          vm.credentials.length > 0
            ? Object.fromEntries(vm.credentials.map((c) => [c.name, c.path]))
            : undefined,
        shares:
          vm.shares.length > 0
            ? vm.shares.map(({ mount, readOnly, source, tag }) => ({
                mountPoint: mount,
                proto: 'virtiofs',
                readOnly,
                source,
                tag,
              }))
            : undefined,
        vsock: vm.vsock === undefined ? undefined : { cid: vm.vsock, ssh: { enable: true } },
      });
    });

    it.each([...theme.hypervisors, ...theme.vms].map((m) => [m.name, m] as const))(
      'hold users, packages, config and modules of %s as data',
      (name, machine) => {
        const { files } = evaluated(theme);
        const value = files[`hosts/${name}/default.nix`] as {
          environment?: { systemPackages?: string[] };
          imports: string[];
          users?: { users: object };
        };
        expect(value.users?.users ?? {}).toEqual(usersOf(machine.users));
        expect(value.environment?.systemPackages ?? []).toEqual([...machine.packages].sort());
        expect(configOf(evaluated(theme), name)).toEqual(expandConfig(machine.config));
        expect(value.imports).toEqual(expect.arrayContaining([...machine.modules]));
        const own = value.imports.filter(
          (path) => path !== 'inline' && !machine.modules.includes(path),
        );
        for (const path of own) {
          expect(files).toHaveProperty([path]);
        }
      },
    );

    it('make a configuration of every machine, and none knows the revision', () => {
      const { files, flake } = evaluated(theme);
      const names = [...theme.hypervisors, ...theme.vms].map((machine) => machine.name);
      const { nixosConfigurations } = flake.outputs as { nixosConfigurations: Values };
      expect(new Set(Object.keys(nixosConfigurations))).toEqual(new Set(names));
      for (const [name, value] of Object.entries(nixosConfigurations)) {
        expect(value).toEqual({
          inputs: ['microvm', 'nixpkgs'],
          modules: [`hosts/${name}`],
          system: (files['hosts/default.nix'] as Values)[name],
        });
      }
      expect(flake.description).toBe(theme.name);
      expect(new Set(Object.keys(flake.inputs as Values))).toEqual(
        new Set(theme.inputs.map((input) => input.name)),
      );
    });
  });

  it('list what starts after a reboot behind what it depends on, and nothing else', () => {
    const { files } = evaluated(themes.several!);
    expect(files['hosts/arm/default.nix']).toMatchObject({
      environment: {
        etc: {
          'fleet/autostart': {
            text: [
              'b always 10.1.0.4 vm-b=br-lan -\n',
              'a always 10.1.0.2 vm-a=br-lan b\n',
              'a-name-that-is-too-long healthy 10.1.0.3 vm-a-name-c8400=br-lan -\n',
            ].join(''),
          },
        },
      },
    });
    expect(files['hosts/empty/default.nix']).toMatchObject({
      environment: { etc: { 'fleet/autostart': { text: '' } } },
    });
  });

  it('give a guest one default route and the name server beside it', () => {
    const { files } = evaluated(themes.networking!);
    const { systemd } = files['hosts/www/default.nix'] as {
      systemd: { network: { networks: Record<string, Values> } };
    };
    const { '10-backend': backend, '10-front': front } = systemd.network.networks;
    expect(front).toMatchObject({ dns: ['10.1.0.1'], gateway: ['10.1.0.1', 'fd00:1::1'] });
    expect(backend).not.toHaveProperty('gateway');
    expect(backend).not.toHaveProperty('dns');
  });

  it('let only networks with nat out', () => {
    const { files } = evaluated(themes.several!);
    const { networking } = files['hosts/x86/firewall.nix'] as {
      networking: { nftables: { tables: { fleet: { content: string; family: string } } } };
    };
    const { content, family } = networking.nftables.tables.fleet;
    expect(family).toBe('inet');
    expect(content).toContain('ip saddr 10.2.0.0/24 oifname "eno1" masquerade');
    expect(content).not.toContain('ip saddr 10.3.0.0');
  });
});
