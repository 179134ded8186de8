import { describe, expect, it } from 'vitest';
import { nixFile, toNix } from '../../src/nix/print.ts';
import { block, commented, path, select } from '../../src/nix/tree.ts';

/** Nix as written in a test: without the margin. */
const nix = (text: string): string => `${text.replace(/^ {6}/gm, '').trim()}\n`;

describe('a file', () => {
  it('is laid out as nixfmt does it', () => {
    expect(
      nixFile(
        {
          networking: { hostName: 'vm1' },
          imports: [path('./config.nix'), path('../../modules/guest.nix')],
          environment: { systemPackages: [select('pkgs', 'python3Packages', 'requests')] },
          services: { nginx: { enable: true, virtualHosts: { 'example.org': { root: '/srv' } } } },
          nothing: { list: [], set: {} },
        },
        ['pkgs'],
      ),
    ).toBe(
      nix(`
      { pkgs, ... }:
      {
        imports = [
          ./config.nix
          ../../modules/guest.nix
        ];

        environment.systemPackages = [ pkgs.python3Packages.requests ];
        networking.hostName = "vm1";

        nothing = {
          list = [ ];
          set = { };
        };

        services.nginx = {
          enable = true;
          virtualHosts."example.org".root = "/srv";
        };
      }`),
    );
  });

  it('gives arguments their lines from the third on', () => {
    expect(nixFile({}, ['lib', 'config'])).toBe('{ config, lib, ... }:\n{ }\n');
    expect(nixFile({}, ['lib', 'config', 'pkgs'])).toBe(
      '{\n  config,\n  lib,\n  pkgs,\n  ...\n}:\n{ }\n',
    );
  });

  it('holds comments, blocks and texts of several lines', () => {
    expect(
      nixFile({
        etc: { motd: { text: commented('Shown at log-in.', 'one\n\n  two ${x}\n') } },
        list: [commented('First.', 1), 2],
        f: block`x:
x + 1`,
        open: 'a\nb',
      }),
    ).toBe(
      nix(`
      {
        # Shown at log-in.
        etc.motd.text = ''
          one

            two ''\${x}
        '';

        f =
          x:
          x + 1;

        list = [
          # First.
          1
          2
        ];

        open = ''
          a
          b'';
      }`),
    );
  });

  it('breaks a list of one where the line would get too long', () => {
    const long = 'x'.repeat(90);
    expect(nixFile({ keys: [long] })).toBe(`{\n  keys = [\n    "${long}"\n  ];\n}\n`);
  });
});

describe('a token', () => {
  it.each([
    [[-1, 2], '[\n  (-1)\n  2\n]'],
    [-1.5, '-1.5'],
    [1e21, '1.0e21'],
    [1e-7, '1.0e-7'],
    [2 ** 60, '1152921504606846976'],
    ['a${b}"\\\t', '"a\\${b}\\"\\\\\\t"'],
    ['a\r\nb', '"a\\r\\nb"'],
    [' all\n lines set in', '" all\\n lines set in"'],
    [{ if: { 'a.b': 1 } }, '{\n  "if"."a.b" = 1;\n}'],
  ])('%j', (data, expected) => {
    expect(toNix(data)).toBe(expected);
  });

  it('is refused where Nix has none', () => {
    expect(() => toNix('\0')).toThrow('NUL');
    expect(() => toNix('\ud800')).toThrow('surrogates');
    expect(() => toNix('\n\ud800')).toThrow('surrogates');
    expect(() => toNix({ '\0': 1 })).toThrow('NUL');
    expect(() => toNix(Number.NaN)).toThrow('NaN');
  });

  it('is a path with any name', () => {
    const text = (relative: string): string => path(relative).text;
    expect(text('./hardware-configuration.nix')).toBe('./hardware-configuration.nix');
    expect(text('../../nix/a b.nix')).toBe('(../../. + "/nix/a b.nix")');
    expect(text('./${x}.nix')).toBe('(./. + "/\\${x}.nix")');
  });

  it('is a selection with any name', () => {
    expect(select('pkgs', 'a"b', 'c').text).toBe('pkgs."a\\"b".c');
  });
});
