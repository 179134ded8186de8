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
function prune(uptime = 7200, how = 'prune'): void {
  const text = ['lib', 'deployments'].map((name) =>
    readFileSync(new URL(`../../src/host/scripts/${name}.sh`, import.meta.url), 'utf8'),
  );
  const tools = path('bin');
  const env = { PATH: `${tools}:${process.env.PATH}`, FLEET_ROOT: root };
  const own = `uptime_seconds() { echo ${uptime}; }\n${how}`;
  execFileSync('sh', ['-c', `${text.join('\n')}\n${own}`], { env });
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
  writeFileSync(path('var/lib/microvms/.aside/.fleet'), '');
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

test('of a vm that is here the current generation stays, and the twenty before it', () => {
  generations(21);
  prune();
  expect(numbers()).toEqual(range(1, 21));
  generations(25);
  prune();
  expect(numbers()).toEqual(range(5, 25));
  // Another whose name begins alike, and one whose state is set aside, keep theirs.
  expect(profiles()).toContain('web-1-link');
});

test('and older ones that are deployed, wait, were before that, are held, run, or looked well last', () => {
  generations(40);
  const to = (n: number) => path(`nix/store/g${n}`);
  const root = (kind: string) => path(`nix/var/nix/gcroots/fleet/${kind}-web-2`);
  // Its root somebody took away.
  rmSync(root('deployed'));
  writeFileSync(path('var/lib/fleet/deployed/web-2'), `print\t${to(2)}\tcommit\t1\t{}\n`);
  point(root('previous'), to(4));
  for (const kind of ['healthy', 'held', 'waiting']) mkdirSync(path(`var/lib/fleet/${kind}`));
  writeFileSync(path('var/lib/fleet/healthy/web-2'), `${to(6)}\n`);
  writeFileSync(path('var/lib/fleet/held/web-2'), `${to(8)}\t${to(10)}\tme\t1\n`);
  writeFileSync(path('var/lib/fleet/waiting/web-2'), `print\t${to(16)}\tcommit\t1\t{}\n`);
  point(path('var/lib/microvms/web-2/current'), to(12));
  point(path('var/lib/microvms/web-2/booted'), to(14));
  prune();
  expect(numbers()).toEqual([2, 4, 6, 8, 10, 12, 14, 16, ...range(20, 40)]);
});

test('those that one can roll back to from the current one stay after a roll-back, too', () => {
  generations(60);
  point(path('var/lib/fleet/profiles/web-2'), 'web-2-30-link');
  prune();
  expect(numbers()).toEqual(range(10, 60));
});

test('none goes while a deployment is open, nor where the current one is unknown', () => {
  generations(40);
  const open = path('var/lib/fleet/deployments/20250101-0002');
  mkdirSync(open);
  writeFileSync(join(open, 'begun'), '');
  prune();
  expect(numbers()).toHaveLength(40);
  rmSync(open, { recursive: true });
  point(path('var/lib/fleet/profiles/web-2'), 'elsewhere');
  prune();
  expect(numbers()).toHaveLength(40);
});

test('many links cost no process each', () => {
  generations(300);
  const real = execFileSync('sh', ['-c', 'command -v readlink'], { encoding: 'utf8' }).trim();
  const calls = path('calls');
  writeFileSync(path('bin/readlink'), `#!/bin/sh\necho >>'${calls}'\nexec ${real} "$@"\n`, {
    mode: 0o755,
  });
  prune();
  expect(numbers()).toEqual(range(280, 300));
  expect(readFileSync(calls, 'utf8').length).toBeLessThan(10);
});

test('guests that wait for the way back at boot do not wait for this', () => {
  generations(40);
  const end = (mode: string) => {
    mkdirSync(path(`var/lib/fleet/deployments/${mode}`));
    prune(7200, `mode=${mode}; end_deployment ${mode} rolled-back`);
    expect(existsSync(path(`var/lib/fleet/deployments/${mode}/result`))).toBe(true);
  };
  end('boot');
  expect(numbers()).toHaveLength(40);
  end('lapsed');
  expect(numbers()).toHaveLength(21);
});
