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

/** Generations of `web-2`, each on a runner of its own, all in the store; the last is the current one. */
function generations(count: number): void {
  const profile = path('var/lib/fleet/profiles/web-2');
  for (let n = 1; n <= count; n++) {
    mkdirSync(path(`nix/store/g${n}`), { recursive: true });
    rmSync(`${profile}-${n}-link`, { force: true });
    symlinkSync(path(`nix/store/g${n}`), `${profile}-${n}-link`);
  }
  point(profile, `web-2-${count}-link`);
}
function point(link: string, to: string): void {
  rmSync(link, { force: true });
  symlinkSync(to, link);
}
const numbers = () =>
  profiles()
    .flatMap((name) => /^web-2-(\d+)-link$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

test('of a vm that is here the last twenty generations stay', () => {
  generations(20);
  prune();
  expect(numbers()).toEqual(range(1, 20));
  generations(25);
  prune();
  expect(numbers()).toEqual(range(6, 25));
  // Another whose name begins alike, and one whose state is set aside, keep theirs.
  expect(profiles()).toContain('web-1-link');
});

test('and older ones that are deployed, were before that, are held, run, or looked well last', () => {
  generations(40);
  const to = (n: number) => path(`nix/store/g${n}`);
  const root = (kind: string) => path(`nix/var/nix/gcroots/fleet/${kind}-web-2`);
  point(root('deployed'), to(2));
  point(root('previous'), to(4));
  for (const kind of ['healthy', 'held']) mkdirSync(path(`var/lib/fleet/${kind}`));
  writeFileSync(path('var/lib/fleet/healthy/web-2'), `${to(6)}\n`);
  writeFileSync(path('var/lib/fleet/held/web-2'), `${to(8)}\t${to(10)}\tme\t1\n`);
  point(path('var/lib/microvms/web-2/current'), to(12));
  point(path('var/lib/microvms/web-2/booted'), to(14));
  // Rolled back to: what the pointer is on is neither the youngest nor the only one with that path.
  point(path('var/lib/fleet/profiles/web-2'), 'web-2-3-link');
  prune();
  expect(numbers()).toEqual([2, 3, 4, 6, 8, 10, 12, 14, ...range(29, 40)]);
  expect(numbers()).toHaveLength(20);
});
