import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

let root: string;
const path = (name: string) => join(root, name);
const profiles = () => readdirSync(path('var/lib/fleet/profiles')).sort();
const roots = () => readdirSync(path('nix/var/nix/gcroots/fleet')).sort();

/** As at the end of a deployment. @param uptime seconds since the boot */
function prune(uptime = 7200): void {
  const text = ['lib', 'deployments'].map((name) =>
    readFileSync(new URL(`../../src/host/scripts/${name}.sh`, import.meta.url), 'utf8'),
  );
  const tools = path('bin');
  const env = { PATH: `${tools}:${process.env.PATH}`, FLEET_ROOT: root };
  execFileSync('sh', ['-c', `${text.join('\n')}\nuptime_seconds() { echo ${uptime}; }\nprune`], {
    env,
  });
}

/** A vm `web` that left, and beside it `web-2`, which is here. */
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fleet-prune-'));
  const folders = ['deployments', 'deployed', 'profiles'].map((name) => `var/lib/fleet/${name}`);
  for (const folder of [
    ...folders,
    ...['bin', 'nix/store/r1', 'nix/var/nix/gcroots/fleet'],
    ...['var/lib/microvms/web-2', 'var/lib/microvms/.aside/20250101-0001/web'],
  ])
    mkdirSync(path(folder), { recursive: true });
  writeFileSync(path('bin/systemctl'), '#!/bin/sh\n', { mode: 0o755 });
  writeFileSync(path('var/lib/fleet/deployed/web-2'), '');
  for (const vm of ['web', 'web-2']) {
    symlinkSync(`${vm}-1-link`, path(`var/lib/fleet/profiles/${vm}`));
    symlinkSync(path('nix/store/r1'), path(`var/lib/fleet/profiles/${vm}-1-link`));
    for (const kind of ['deployed', 'previous', 'aside'])
      symlinkSync(path('nix/store/r1'), path(`nix/var/nix/gcroots/fleet/${kind}-${vm}`));
  }
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const all = ['web', 'web-1-link', 'web-2', 'web-2-1-link'];

test('generations of a vm stay while it is here, or its state is set aside', () => {
  prune();
  expect(profiles()).toEqual(all);
  expect(roots()).toHaveLength(6);
});

test('those of one that left, and whose state a person has deleted since, go, with what keeps them', () => {
  rmSync(path('var/lib/microvms/.aside/20250101-0001'), { recursive: true });
  prune();
  expect(profiles()).toEqual(['web-2', 'web-2-1-link']);
  expect(roots()).toEqual(['aside-web-2', 'deployed-web-2', 'previous-web-2']);
});

test('they stay while a deployment may still go back, and where the folders of vms are not mounted', () => {
  rmSync(path('var/lib/microvms/.aside/20250101-0001'), { recursive: true });
  mkdirSync(path('var/lib/fleet/deployments/20250101-0002'));
  writeFileSync(path('var/lib/fleet/deployments/20250101-0002/begun'), '');
  prune();
  expect(profiles()).toEqual(all);
  rmSync(path('var/lib/fleet/deployments/20250101-0002'), { recursive: true });
  rmSync(path('var/lib/microvms'), { recursive: true });
  mkdirSync(path('var/lib/microvms'));
  prune();
  expect(profiles()).toEqual(all);
});

test('a deployment that was cut off before it began goes after the next boot, or after an hour', () => {
  const folder = 'var/lib/fleet/deployments/20250101-0002';
  mkdirSync(path(folder));
  const before = (seconds: number) => {
    const then = new Date(Date.now() - seconds * 1000);
    utimesSync(path(folder), then, then);
  };
  before(60);
  prune(120);
  expect(existsSync(path(folder))).toBe(true);
  before(3000);
  prune();
  expect(existsSync(path(folder))).toBe(true);
  prune(120);
  expect(existsSync(path(folder))).toBe(false);
});
