import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const scripts = new URL('../../src/host/scripts/', import.meta.url);
const text = (...names: string[]) =>
  names.map((name) => readFileSync(new URL(`${name}.sh`, scripts), 'utf8')).join('\n');

describe('what is left of a guest', () => {
  let root: string;
  const children: ChildProcess[] = [];
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'fleet-strays-'));
    mkdirSync(join(root, 'bin'));
    // The guest's own units are up.
    writeFileSync(
      join(root, 'bin/systemctl'),
      '#!/bin/sh\n[ "$1" != list-units ] || echo "microvm@web1.service loaded active running"\n',
      { mode: 0o755 },
    );
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    rmSync(root, { recursive: true, force: true });
  });

  /** A process that has this TAP open, in this control group, as /proc tells of it. */
  function holder(tap: string, group: string): ChildProcess {
    const child = spawn('sleep', ['600'], { stdio: 'ignore' });
    children.push(child);
    const folder = join(root, 'proc', String(child.pid));
    for (const part of ['fd', 'fdinfo']) mkdirSync(join(folder, part), { recursive: true });
    symlinkSync('/dev/net/tun', join(folder, 'fd/7'));
    symlinkSync('/dev/null', join(folder, 'fd/0'));
    writeFileSync(join(folder, 'fdinfo/7'), `pos:\t0\nflags:\t0100002\niff:\t${tap}\n`);
    writeFileSync(join(folder, 'cgroup'), `0::${group}\n`);
    writeFileSync(join(folder, 'comm'), 'qemu-system-x86\n');
    return child;
  }
  const clear = (...taps: string[]) =>
    spawnSync(
      'sh',
      [
        '-c',
        `${text('lib', 'deployments', 'before', 'locks')}\nend_strays "$@"`,
        'fleet',
        'web1',
        ...taps,
      ],
      {
        env: { PATH: `${join(root, 'bin')}:${process.env.PATH}`, FLEET_ROOT: root },
        encoding: 'utf8',
      },
    );
  const ended = (child: ChildProcess) =>
    new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));

  test('a process outside of its units that has its TAP is ended by number, and told of', async () => {
    const stray = holder('vm-web1', '/user.slice/user-0.slice/session-3.scope');
    const end = ended(stray);
    const run = clear('vm-web1');
    expect(run.stdout).toBe(`stray\t${stray.pid}\tqemu-system-x86\n`);
    expect(await end).toBe('SIGTERM');
  });

  test('its own runner, and those of other guests, are left alone', () => {
    const own = holder('vm-web1', '/system.slice/system-microvm.slice/microvm@web1.service');
    const others = holder('vm-web10', '/user.slice/session-3.scope');
    expect(clear('vm-web1').stdout).toBe('');
    for (const child of [own, others]) expect(child.signalCode ?? child.exitCode).toBeNull();
  });

  test('one that ends while this looks is nobody’s stray', () => {
    const going = holder('vm-web1', '/system.slice/system-microvm.slice/microvm@web1.service');
    // Once all are listed it is not there any more, and its number may be another's.
    writeFileSync(
      join(root, 'bin/sort'),
      '#!/bin/sh\nlisted=$(/usr/bin/sort "$@")\nrm -rf "$FLEET_ROOT"/proc/*\nprintf "%s\\n" "$listed"\n',
      { mode: 0o755 },
    );
    expect(clear('vm-web1').stdout).toBe('');
    expect(going.signalCode ?? going.exitCode).toBeNull();
  });
});
