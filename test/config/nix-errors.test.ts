import { expect, test } from 'vitest';
import { explainNix } from '../../src/config/nix-errors.ts';
import { readFleet } from '../../src/config/read-fleet.ts';

const text = `version: 1
name: x
hypervisors:
  hv1: { ssh: root@hv1.example.org, system: x86_64-linux, stateVersion: "25.11", uplink: eth0 }
networks:
  front: { subnet: 10.1.0.0/24 }
defaults:
  packages: [vim, python3Packages.reqests]
vms:
  web1:
    on: hv1
    network: front
    address: 10.1.0.2
    modules: [./modules/web.nix]
    packages: [does-not-build]
    config:
      services.ngnix.enable: true
      networking.firewall.allowedTCPPorts: eighty
`;
const store = '/nix/store/0123456789abcdfghijklmnpqrsvwxyz';
const read = readFleet(text, 'fleet.yaml');
const { fleet } = 'fleet' in read ? read : expect.fail(JSON.stringify(read));
const explain = (...said: string[]) => {
  const { code, file, line, column, message, hint } = explainNix(
    text,
    fleet,
    { kind: 'vm', name: 'web1', said },
    'fleet.yaml',
  );
  return [code, `${file}:${line}:${column}`, message, ...(hint === undefined ? [] : [hint])];
};

// Each as Nix 2.18 to 2.30 says it.
test.each([
  [
    'a package that nixpkgs lacks, which defaults name',
    [
      "error: attribute 'reqests' missing",
      `at ${store}-source/modules/defaults.nix:5:7:`,
      '       Did you mean requests?',
    ],
    [
      'build.no-package',
      'fleet.yaml:8:19',
      'web1: nixpkgs has no package python3Packages.reqests',
      'Did you mean requests?',
    ],
  ],
  [
    'an option that does not exist',
    [
      "error: The option `services.ngnix' does not exist. Definition values:",
      `       - In \`${store}-source/hosts/web1/config.nix': {`,
    ],
    ['build.no-option', 'fleet.yaml:17:30', 'web1: there is no option services.ngnix'],
  ],
  [
    'a value of another type',
    [
      "error: A definition for option `networking.firewall.allowedTCPPorts' is not of type `list of 16 bit unsigned integer'.",
    ],
    [
      'build.evaluation',
      'fleet.yaml:18:44',
      "web1: A definition for option `networking.firewall.allowedTCPPorts' is not of type `list of 16 bit unsigned integer'.",
    ],
  ],
  [
    'a mistake in a hand-written module',
    ["error: undefined variable 'libb'", `at ${store}-source/modules/web.nix:12:5:`],
    ['build.evaluation', 'modules/web.nix:12:5', "web1: undefined variable 'libb'"],
  ],
  [
    'a package that cannot be built',
    [
      'does-not-build> fatal error: missing.h',
      `error: builder for '${store}-does-not-build-1.0.drv' failed with exit code 1;`,
      `error: 1 dependencies of derivation '${store}-system-path.drv' failed to build`,
    ],
    [
      'build.failed',
      'fleet.yaml:15:16',
      `web1: builder for '${store}-does-not-build-1.0.drv' failed with exit code 1`,
    ],
  ],
  [
    'whatever else: the machine',
    ['error: unable to download https://example.org/x.tar.gz: HTTP error 404'],
    [
      'build.evaluation',
      'fleet.yaml:10:3',
      'web1: unable to download https://example.org/x.tar.gz: HTTP error 404',
    ],
  ],
  ['nothing', [], ['build.evaluation', 'fleet.yaml:10:3', 'web1: no word of why']],
])('finds the place of %s', (_, said, found) => {
  expect(explain(...said)).toEqual(found);
});

test('a path that a stranger says is none of a file but of those that the machine names', () => {
  expect(explain('error: x', `at ${store}-source/../../etc/passwd:1:1:`)[1]).toBe(
    'fleet.yaml:10:3',
  );
});
