import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { script } from '../../src/host/scripts.ts';

/** build.sh with a nix that takes a while, and says of each call by which cache and beside how many others. */
let root: string;
const nix = `#!/bin/sh
case $1 in store) exit 0 ;; esac
for last; do :; done
name=\${last#*nixosConfigurations.}
name=\${name%%.*}
: >"$FLEET_ROOT/running.$name"
sleep 0.3
set -- "$@" "$(ls "$FLEET_ROOT" | grep -c '^running\\.')"
for beside; do :; done
echo "$name \${XDG_CACHE_HOME:-usual} $beside" >>"$FLEET_ROOT/calls"
rm "$FLEET_ROOT/running.$name"
case $name in bad*) echo "error: $name is wrong" >&2 && exit 1 ;; esac
ln -sfn "$FLEET_ROOT/nix/store/$name" "$4"
`;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fleet-build-'));
  for (const path of ['bin', 'proc', 'var/lib/fleet/deployments/d1/roots', 'nix/store'])
    mkdirSync(join(root, path), { recursive: true });
  memory(64);
  writeFileSync(join(root, 'bin/nix'), nix);
  writeFileSync(join(root, 'bin/nproc'), '#!/bin/sh\necho 4\n');
  for (const tool of ['nix', 'nproc']) chmodSync(join(root, 'bin', tool), 0o755);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const memory = (gib: number) =>
  writeFileSync(
    join(root, 'proc/meminfo'),
    `MemTotal: 1 kB\nMemAvailable: ${gib * 1024 ** 2} kB\n`,
  );

function build(jobs: string, ...names: readonly string[]) {
  const args = [
    'd1',
    '/repo',
    jobs,
    ...names.map((name) => (name.includes(':') ? name : `vm:${name}`)),
  ];
  const env = { PATH: `${join(root, 'bin')}:${process.env.PATH}`, FLEET_ROOT: root };
  let said = { code: 0, out: '', err: '' };
  try {
    said.out = String(execFileSync('sh', ['-c', script('build'), 'sh', ...args], { env }));
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: Buffer; stderr: Buffer };
    said = { code: status, out: String(stdout), err: String(stderr) };
  }
  const calls = readFileSync(join(root, 'calls'), 'utf8').trimEnd().split('\n');
  const rows = calls.map((line) => line.split(' ') as [string, string, string]);
  return { ...said, rows, most: Math.max(...rows.map(([, , beside]) => Number(beside))) };
}
const names = ['a', 'b', 'c', 'd', 'e'];
const built = names.map((name) => `built\t${name}\t`);

test('evaluates one target a process, the first alone, then as many as there are processors', () => {
  const { code, out, rows, most } = build('auto', ...names);
  expect(code).toBe(0);
  for (const row of built) expect(out).toContain(row);
  expect(rows.map(([name]) => name).sort()).toEqual(names);
  expect(rows[0]).toEqual(['a', 'usual', '1']);
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(4);
});

test('evaluates no more at a time than there is free memory for, and one where there is hardly any', () => {
  memory(2);
  expect(build('auto', ...names).most).toBeLessThanOrEqual(2);
  rmSync(join(root, 'calls'));
  memory(1);
  const { most, rows } = build('auto', ...names);
  expect(most).toBe(1);
  // All of it in the cache that `microvm -u` uses anyway.
  expect(rows.every(([, cache]) => cache === 'usual')).toBe(true);
});

test('evaluates as many at a time as it is told, whatever there is', () => {
  memory(1);
  expect(build('3', ...names).most).toBe(3);
});

test('gives each worker an evaluation cache of its own, and microvm the one that has its vm', () => {
  const { rows } = build('2', ...names);
  const others = rows.filter(([, cache]) => cache !== 'usual');
  expect(others.length).toBe(2);
  for (const name of names) mkdirSync(join(root, 'var/lib/microvms', name), { recursive: true });
  execFileSync('ln', ['-s', 'deployments/d1', join(root, 'var/lib/fleet/lock')]);
  writeFileSync(join(root, 'bin/microvm'), '#!/bin/sh\nreadlink -f "${XDG_CACHE_HOME:-usual}"\n');
  chmodSync(join(root, 'bin/microvm'), 0o755);
  const env = { PATH: `${join(root, 'bin')}:${process.env.PATH}`, FLEET_ROOT: root };
  const update = (name: string) =>
    execFileSync('sh', ['-c', script('vm-update'), 'sh', name, '1', '/repo', 'stay'], { env });
  for (const [name, cache] of others) expect(String(update(name))).toBe(`${cache}\n`);
  expect(String(update('a'))).toContain('usual');
});

test('builds the others when one fails, says of that one last what was wrong, and fails', () => {
  const { code, out, rows } = build('2', 'a', 'bad1', 'c', 'd');
  expect(code).toBe(1);
  expect(rows).toHaveLength(4);
  expect(out.trimEnd().split('\n').at(-1)).toBe('error: bad1 is wrong');
  expect(out).not.toContain('built\t');
});

test('a target whose worker was killed is not built: it fails, and names it', () => {
  // As the kernel ends it for want of memory. (Of $$$$ replace makes $$.)
  writeFileSync(
    join(root, 'bin/nix'),
    nix.replace(
      'case $name in bad*)',
      'case $name in killed) kill -9 $PPID $$$$ ;; esac\ncase $name in bad*)',
    ),
  );
  const { code, out } = build('2', 'a', 'b', 'killed');
  expect(code).toBe(70);
  expect(out).not.toMatch(/built\tkilled/);
});

test('a vm that microvm.vms of the new system has, too, is refused before anything is activated', () => {
  const units = join(root, 'nix/store/hv1/etc/systemd/system');
  mkdirSync(units, { recursive: true });
  expect(build('1', 'hypervisor:hv1', 'a').code).toBe(0);
  writeFileSync(join(units, 'install-microvm-a.service'), '');
  rmSync(join(root, 'calls'));
  const { code, out, err } = build('1', 'hypervisor:hv1', 'a', 'b');
  expect(code).toBe(70);
  expect(err).toContain(
    'fleet-error\tbuild.declarative\ta is in microvm.vms of the new system, too: take it out there\n',
  );
  expect(out).not.toContain('built\ta');
  rmSync(join(root, 'calls'));
  // One that is not fleet's is nobody's business here.
  expect(build('1', 'hypervisor:hv1', 'b').code).toBe(0);
});
