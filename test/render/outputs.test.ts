import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { render } from '../../src/render/render.ts';
import { describeWithNix, evaluate, parse, withFiles } from '../nix/instantiate.ts';
import type { Values } from './evaluated.ts';
import { themes } from './themes.ts';

const root = join(import.meta.dirname, '../..');
const nixpkgs = join(import.meta.dirname, 'nixpkgs.nix');
const lab = join(root, 'test/lab/nixpkgs');

/** The flake in a folder, its outputs called as Nix would with a stand-in for nixpkgs. */
function outputsOf(folder: string, expression: string): unknown {
  const inputs = `{ microvm = { }; nixpkgs = import ${nixpkgs}; self = { rev = "abc"; }; }`;
  const call = `let outputs = (import ${folder}/flake.nix).outputs ${inputs}; in ${expression}`;
  return withFiles([['call.nix', call]], (dir) => evaluate(join(dir, 'call.nix')));
}

/** The smallest fleet with this as its outputs file. */
function withOutputs(text: string, expression: string): unknown {
  const files = render({ ...themes.small!, outputs: 'nix/further.nix' });
  return withFiles([...files, ['nix/further.nix', text]], (dir) => outputsOf(dir, expression));
}

describeWithNix('flake.outputs', () => {
  it('stand beside the machines of the fleet', () => {
    const text = '{ nixpkgs, ... }: { lib.answer = 42; nixosConfigurations.laptop = "mine"; }';
    expect(withOutputs(text, 'outputs')).toEqual({
      lib: { answer: 42 },
      nixosConfigurations: {
        hv1: { system: 'aarch64-linux', inputs: ['microvm', 'nixpkgs'] },
        laptop: 'mine',
        vm1: { system: 'aarch64-linux', inputs: ['microvm', 'nixpkgs'] },
      },
    });
  });

  it('may know self, of which the machines still know nothing', () => {
    const text = '{ self, ... }: { revision = self.rev; }';
    expect(withOutputs(text, 'outputs.revision')).toBe('abc');
    expect(withOutputs(text, 'outputs.nixosConfigurations.vm1.inputs')).toEqual([
      'microvm',
      'nixpkgs',
    ]);
  });

  it('never take the place of a machine: the error names it and says what to do', () => {
    const text = '{ ... }: { nixosConfigurations = { vm1 = 1; laptop = 2; }; lib = 3; }';
    expect(() => withOutputs(text, 'outputs.nixosConfigurations')).toThrow(
      'fleet renders nixosConfigurations of vm1: take them out of flake.outputs',
    );
    expect(withOutputs(text, 'outputs.lib')).toBe(3);
  });

  it('that do not evaluate say so, and not that a machine is wrong', () => {
    expect(() => withOutputs('{ ... }: throw "broken"', 'outputs')).toThrow('broken');
  });
});

describeWithNix('the outputs of this repository', () => {
  const hand = readdirSync(join(root, 'nix')).map((file) => join(root, 'nix', file));
  const systems = ['aarch64-darwin', 'aarch64-linux', 'x86_64-darwin', 'x86_64-linux'];

  it('parse', () => {
    parse([...hand, join(root, 'flake.nix')]);
  });

  it('are fleet, a shell and checks for every system, an overlay and a module', () => {
    const names = outputsOf(
      root,
      `builtins.mapAttrs (_: builtins.mapAttrs (_: x: if builtins.isAttrs x then builtins.attrNames x else builtins.typeOf x))
        (removeAttrs outputs [ "nixosConfigurations" ])`,
    );
    const each = (list: string[]) => Object.fromEntries(systems.map((name) => [name, list]));
    const linux = ['example', 'fleet', 'hypervisor'];
    expect(names).toEqual({
      apps: each(['default', 'fleet']),
      checks: {
        ...each(['example', 'fleet']),
        'aarch64-linux': linux,
        'x86_64-linux': linux,
      },
      devShells: each(['default']),
      nixosModules: { default: 'path', hypervisor: 'path' },
      overlays: { default: 'lambda' },
      packages: each(['default', 'fleet']),
    });
  });

  it('have one fleet: as package, as app and in the overlay, which takes no name of nixpkgs', () => {
    const one = outputsOf(
      root,
      `let
        pkgs = (import ${nixpkgs}).legacyPackages.x86_64-linux;
        added = outputs.overlays.default pkgs pkgs;
      in {
        names = builtins.attrNames added;
        same = added.microvm-fleet.npmDeps == outputs.packages.x86_64-linux.fleet.npmDeps;
        inherit (outputs.apps.x86_64-linux.default) program type;
      }`,
    );
    expect(one).toEqual({
      names: ['microvm-fleet'],
      program: '/microvm-fleet/bin/fleet',
      same: true,
      type: 'app',
    });
  });

  it('build fleet from files that are there and packages that have a url and a hash', () => {
    const fleet = outputsOf(root, 'outputs.packages.x86_64-linux.default') as {
      src: string[];
      npmDeps: Record<string, Values>;
      version: string;
      meta: Values;
    };
    expect(fleet.src.filter((path) => !existsSync(path))).toEqual([]);
    const { version, bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect([fleet.version, [fleet.meta.mainProgram]]).toEqual([version, Object.keys(bin)]);
    const { '': _, ...packages } = fleet.npmDeps;
    expect(Object.keys(packages).length).toBeGreaterThan(100);
    for (const [path, { resolved, integrity }] of Object.entries(packages)) {
      expect(integrity, path).toMatch(/^sha512-/);
      expect(resolved, path).toMatch(
        /^https:\/\/registry\.npmjs\.org\/(@[\w.-]+\/)?[\w.-]+\/-\/[\w.-]+-\d+\.\d+\.\d+[\w.+-]*\.tgz$/,
      );
    }
    expect(packages['node_modules/@biomejs/biome']?.resolved).toMatch(
      /\/@biomejs\/biome\/-\/biome-[\d.]+\.tgz$/,
    );
  });

  it('check a whole host with the module', () => {
    const call = `let
      standIn = import ${nixpkgs};
      inherit ((import ${lab}/flake.nix).outputs { self = { }; }) lib;
      nixpkgs = standIn // { lib = standIn.lib // { inherit (lib) nixosSystem; }; };
    in (import ${root}/nix/outputs.nix { inherit nixpkgs; }).checks.x86_64-linux.hypervisor`;
    const { text } = withFiles([['call.nix', call]], (dir) =>
      evaluate(join(dir, 'call.nix')),
    ) as Values;
    expect(text).toMatch(/-nixos-system-.*\.drv$/);
  });

  it('check files that are there', () => {
    const { src } = outputsOf(root, 'outputs.checks.x86_64-linux.example') as { src: string[] };
    expect(src.filter((path) => !existsSync(path))).toEqual([]);
  });
});

const libs = [join(lab, 'lib'), ...(process.env.FLEET_NIXPKGS_LIB ?? '').split(':')].filter(
  Boolean,
);

describeWithNix.each(libs)('the module for hosts, by %s', (lib) => {
  /** What a host is that has nothing but this. */
  const host = (settings: string, more = '{ }'): unknown => {
    const call = `let
      lib = import ${lib};
      nixosSystem = import ${lab}/nixos {
        inherit lib;
        packagesFor = system: import ${lab}/pkgs { inherit lib system; };
      };
      inherit (nixosSystem {
        system = "x86_64-linux";
        modules = [ ${root}/nix/hypervisor.nix { microvm-fleet.hypervisor = ${settings}; } ${more} ];
      }) config;
    in {
      failed = map (one: one.message) (builtins.filter (one: !one.assertion) (config.assertions or [ ]));
      features = config.nix.settings.experimental-features or [ ];
      git = builtins.any (one: builtins.match "git(-[0-9.]+)?" (one.name or "") != null) config.environment.systemPackages;
      keys = config.users.users.root.openssh.authorizedKeys.keys or [ ];
      ssh = { inherit (config.services.openssh) enable; inherit (config.services.openssh.settings) PermitRootLogin PasswordAuthentication; };
    }`;
    return withFiles([['call.nix', call]], (dir) => evaluate(join(dir, 'call.nix')));
  };

  it('makes one ready for a first deployment', () => {
    expect(host('{ enable = true; sshKeys = [ "ssh-ed25519 AAAA ada" ]; }')).toEqual({
      failed: [],
      features: ['flakes', 'nix-command'],
      git: true,
      keys: ['ssh-ed25519 AAAA ada'],
      ssh: { PasswordAuthentication: false, PermitRootLogin: 'prohibit-password', enable: true },
    });
  });

  it('says what would keep fleet out', () => {
    const locked = '{ services.openssh.settings.PermitRootLogin = "no"; }';
    expect(host('{ enable = true; sshKeys = [ ]; }', locked)).toMatchObject({
      failed: [
        'microvm-fleet.hypervisor.sshKeys is empty: fleet could not log in.',
        'services.openssh.settings.PermitRootLogin is no: fleet logs in as root, with a key.',
      ],
    });
  });

  it('does nothing that was not asked for', () => {
    expect(host('{ }')).toMatchObject({
      failed: [],
      features: [],
      git: false,
      keys: [],
      ssh: { enable: false },
    });
  });
});
