import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseHealth } from '../../src/host/answers/health.ts';
import { type ScriptName, script } from '../../src/host/scripts.ts';

/** A hypervisor as a folder, with tools that answer what a test wants. */
let root: string;
let fleet: string;
const folder = (path: string) => mkdirSync(join(root, path), { recursive: true });
const file = (path: string, text = '') => writeFileSync(join(root, path), text);
const tool = (name: string, text: string) =>
  writeFileSync(join(root, 'bin', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
const run = (name: ScriptName, ...args: readonly string[]) =>
  spawnSync('sh', ['-c', script(name), 'fleet', ...args], {
    env: { PATH: `${join(root, 'bin')}:${process.env.PATH}`, FLEET_ROOT: root },
    encoding: 'utf8',
  });

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fleet-odd-'));
  fleet = join(root, 'var/lib/fleet');
  for (const path of ['bin', 'boot', 'nix/store', 'nix/var/nix/profiles', 'proc/sys/kernel/random'])
    folder(path);
  for (const path of ['deployments/d1', 'expected', 'tables']) folder(`var/lib/fleet/${path}`);
  file('proc/sys/kernel/random/boot_id', 'b\n');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('a disk of which nothing is to be learnt keeps no way back', () => {
  file('var/lib/fleet/deployments/d1/back.sh');
  const df = execFileSync('sh', ['-c', 'command -v df'], { encoding: 'utf8' }).trim();
  tool('df', `for last; do :; done\ncase $last in */boot) exit 1 ;; esac\nexec ${df} "$@"`);
  tool('systemd-run', 'echo "no 0" >"$FLEET_ROOT/var/lib/fleet/deployments/d1/back.rc"');
  const { status, stdout } = run('back', 'd1', 'now', '2');
  expect(status).toBe(0);
  expect(stdout).toContain('back\tno 0\n');
  expect(stdout).not.toContain('full\t');
});

test('what no deployment needs any more goes when one ends, and nothing else', () => {
  tool(
    'systemctl',
    'case "$*" in list-units*fleet-back-alive*) echo fleet-back-alive.timer ;; esac',
  );
  file('var/lib/fleet/deployments/d1/begun');
  folder('nix/store/kept');
  for (const name of ['kept', 'gone'])
    for (const kind of ['expected', 'tables']) file(`var/lib/fleet/${kind}/${name}`);
  // Beginnings: cut off, of just now, and one whose lease runs.
  const old = new Date(Date.now() - 2 * 3600_000);
  for (const id of ['alive', 'dead', 'young']) {
    folder(`nix/var/nix/gcroots/fleet/${id}`);
    folder(`var/lib/fleet/deployments/${id}`);
    file(`var/lib/fleet/deployments/${id}/reserve`);
    if (id !== 'young') utimesSync(join(fleet, 'deployments', id), old, old);
  }
  expect(run('end', 'd1', 'untouched').status).toBe(0);
  expect(readdirSync(join(fleet, 'deployments'))).toEqual(['alive', 'd1', 'young']);
  expect(readdirSync(join(root, 'nix/var/nix/gcroots/fleet'))).toEqual(['alive', 'young']);
  for (const kind of ['expected', 'tables'])
    expect(readdirSync(join(fleet, kind))).toEqual(['kept']);
});

test('virtiofsd that does not stop is killed, as its guest is', () => {
  // It is there until somebody kills it.
  tool(
    'systemctl',
    `echo "$*" >>"$FLEET_ROOT/asked"
case $1 in
list-units) [ -e "$FLEET_ROOT/killed" ] || echo 'microvm-virtiofsd@web.service loaded deactivating stop-sigterm x' ;;
kill) case "$*" in *virtiofsd@web.service*) : >"$FLEET_ROOT/killed" ;; esac ;;
esac`,
  );
  expect(run('vm-stop', 'web', '0').status).toBe(0);
  expect(existsSync(join(root, 'killed'))).toBe(true);
  expect(readFileSync(join(root, 'asked'), 'utf8')).toContain(
    'kill --kill-whom=main --signal=KILL microvm@web.service',
  );
});

test('guests that do not stop are given the same time together, not one after another', () => {
  // Each is there until it is killed.
  tool(
    'systemctl',
    `case $1 in
list-units) for n in a b c d; do [ -e "$FLEET_ROOT/killed.$n" ] || echo "microvm@$n.service loaded deactivating stop-sigterm x"; done ;;
kill) for unit; do :; done; case $unit in microvm@*) n=\${unit#microvm@}; : >"$FLEET_ROOT/killed.\${n%.service}" ;; esac ;;
esac`,
  );
  const started = Date.now();
  const text = script('vm-stop').replace(/\nstop_guest [\s\S]*$/, '\nstop_guests 3 a b c d\n');
  const { status } = spawnSync('sh', ['-c', text], {
    env: { PATH: `${join(root, 'bin')}:${process.env.PATH}`, FLEET_ROOT: root },
  });
  expect(status).toBe(0);
  expect(Date.now() - started).toBeLessThan(11_000);
});

describe('a systemd that does not say how guests are', () => {
  const asked = () => readFileSync(join(root, 'asked'), 'utf8').length;
  beforeEach(() => folder('var/lib/microvms/web'));

  test.each([
    ['facts', ['/none', 'brief']],
    ['health', []],
  ] as const)('for a moment is asked again: %s', (name, args) => {
    tool(
      'systemctl',
      `[ "$1" = show ] || exit 0
echo >>"$FLEET_ROOT/asked"
[ "$(wc -l <"$FLEET_ROOT/asked")" -gt 2 ] || exit 1
printf 'Id=microvm@web.service\\nActiveState=active\\nSubState=running\\nInvocationID=1\\n'`,
    );
    const { status, stdout } = run(name, ...args);
    expect(status).toBe(0);
    expect(stdout).toContain('\n== units\nId=microvm@web.service\nActiveState=active\n');
    expect(asked()).toBe(3);
  });

  test('for longer leaves its guests unknown, not stopped', () => {
    tool('systemctl', 'echo >>"$FLEET_ROOT/asked"; exit 1');
    const { status, stdout, stderr } = run('health');
    expect([status, stdout]).toEqual([70, '']);
    expect(stderr).toMatch(/^fleet-error\thost\.no-units\tsystemd does not say which guests run/);
    expect(asked()).toBe(5);
  });
});

describe('health', () => {
  /** A unit as systemd tells of it, and what it is asked for. */
  const units: Record<string, readonly [active: string, sub: string]> = {};
  const health = () => {
    for (const name of Object.keys(units)) delete units[name];
    const add = (more: typeof units) => Object.assign(units, more);
    const look = () => {
      const blocks = (wanted: RegExp) =>
        Object.entries(units)
          .filter(([name]) => wanted.test(name))
          .map(
            ([id, [active, sub]]) =>
              `Id=${id}\nActiveState=${active}\nSubState=${sub}\nInvocationID=ab\n`,
          )
          .join('\n');
      file('own', blocks(/^microvm(-virtiofsd)?@/));
      file(
        'listed',
        Object.entries(units)
          .map(([id, [active, sub]]) => `${id} loaded ${active} ${sub} A unit\n`)
          .join(''),
      );
      file('log');
      tool(
        'systemctl',
        `echo "$1" >>"$FLEET_ROOT/log"
case $1 in
show) cat "$FLEET_ROOT/own" ;;
list-units) grep -E '^microvm-.* loaded (active|activating)' "$FLEET_ROOT/listed"; true ;;
list-jobs) [ ! -e "$FLEET_ROOT/jobs" ] || cat "$FLEET_ROOT/jobs" ;;
esac`,
      );
      const { stdout, stderr } = run('health');
      expect(stderr).toBe('');
      const asked = readFileSync(join(root, 'log'), 'utf8').trimEnd().split('\n');
      return { asked, vms: parseHealth(stdout).vms };
    };
    return { add, look };
  };

  test('asks systemd for what guests are judged by, and for their other helpers only where one is down', () => {
    const { add, look } = health();
    for (const name of ['a', 'b']) {
      folder(`var/lib/microvms/${name}`);
      add({
        [`microvm@${name}.service`]: ['active', 'running'],
        [`microvm-virtiofsd@${name}.service`]: ['active', 'running'],
        [`microvm-set-booted@${name}.service`]: ['active', 'exited'],
      });
    }
    const up = look();
    expect(up.asked).toEqual(['show']);
    expect(up.vms.get('a')?.virtiofsd).toMatchObject({ active: 'active', invocation: 'ab' });
    add({
      'microvm@a.service': ['inactive', 'dead'],
      'microvm-virtiofsd@a.service': ['failed', 'failed'],
    });
    const down = look();
    expect(down.asked).toEqual(['show', 'list-units', 'list-jobs']);
    expect(down.vms.get('a')).toMatchObject({
      lingers: true,
      virtiofsd: { active: 'failed', invocation: 'ab' },
    });
    expect(down.vms.get('b')).not.toHaveProperty('lingers');
    add({ 'microvm-set-booted@a.service': ['inactive', 'dead'] });
    expect(look().vms.get('a')).not.toHaveProperty('lingers');
    file('jobs', '4711 microvm-tap-interfaces@a.service start waiting\n');
    expect(look().vms.get('a')).toMatchObject({ lingers: true });
  });
});
