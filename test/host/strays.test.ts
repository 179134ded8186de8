import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
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
    mkdirSync(join(root, 'var/lib/microvms/web1'), { recursive: true });
    writeFileSync(join(root, 'var/lib/microvms/web1/data.img'), '');
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

  /** A process in this control group, as /proc tells of it: links and the rows beside them, by descriptor. */
  function process(
    group: string,
    program: string,
    open: Record<string, readonly [to: string, row: string]>,
    { cwd = '/', title = program } = {},
  ): ChildProcess {
    const child = spawn('sleep', ['600'], { stdio: 'ignore' });
    children.push(child);
    const folder = join(root, 'proc', String(child.pid));
    for (const part of ['fd', 'fdinfo']) mkdirSync(join(folder, part), { recursive: true });
    symlinkSync('/dev/null', join(folder, 'fd/0'));
    for (const [fd, [to, row]] of Object.entries(open)) {
      symlinkSync(to, join(folder, 'fd', fd));
      writeFileSync(join(folder, 'fdinfo', fd), `pos:\t0\nflags:\t0100002\n${row}\n`);
    }
    symlinkSync(cwd, join(folder, 'cwd'));
    symlinkSync(`/nix/store/x/bin/${program}`, join(folder, 'exe'));
    writeFileSync(join(folder, 'cmdline'), `${title}\u0000-m\u0000512\u0000`);
    writeFileSync(join(folder, 'cgroup'), `0::${group}\n`);
    writeFileSync(join(folder, 'comm'), `${program.slice(0, 15)}\n`);
    return child;
  }
  const session = '/user.slice/user-0.slice/session-3.scope';
  const unit = '/system.slice/system-microvm.slice/microvm@web1.service';
  const qemu = 'qemu-system-x86_64';
  const holder = (tap: string, group: string) =>
    process(group, qemu, { 7: ['/dev/net/tun', `iff:\t${tap}`] });
  const image = () => join(root, 'var/lib/microvms/web1/data.img');
  const run = (what: string, ...args: string[]) =>
    spawnSync(
      'sh',
      [
        '-c',
        `${text('lib', 'deployments', 'guest-state', 'before', 'locks', 'strays')}\nsleep() { :; }\n${what}`,
        'fleet',
        ...args,
      ],
      {
        env: { PATH: `${join(root, 'bin')}:${env.PATH}`, FLEET_ROOT: root },
        encoding: 'utf8',
      },
    );
  const clear = (...taps: string[]) =>
    run('refuse_held "$@"\nend_strays "$1" "$found"', 'web1', ...taps);
  const ended = (child: ChildProcess) =>
    new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));

  test('a process outside of its units that has its TAP is ended by number, and told of', async () => {
    const stray = holder('vm-web1', session);
    const end = ended(stray);
    const run = clear('vm-web1');
    expect(run.stdout).toBe(`stray\t${stray.pid}\tqemu-system-x86_64\n`);
    expect(await end).toBe('SIGTERM');
  });

  test('its own runner, and those of other guests, are left alone', () => {
    const own = holder('vm-web1', unit);
    const others = holder('vm-web10', session);
    expect(clear('vm-web1').stdout).toBe('');
    for (const child of [own, others]) expect(child.signalCode ?? child.exitCode).toBeNull();
  });

  test('one that ends while this looks is nobody’s stray', () => {
    const going = holder('vm-web1', unit);
    // Once all are listed it is not there any more, and its number may be another's.
    writeFileSync(
      join(root, 'bin/sort'),
      '#!/bin/sh\nlisted=$(/usr/bin/sort "$@")\nrm -rf "$FLEET_ROOT"/proc/*\nprintf "%s\\n" "$listed"\n',
      { mode: 0o755 },
    );
    expect(clear('vm-web1').stdout).toBe('');
    expect(going.signalCode ?? going.exitCode).toBeNull();
  });

  test('a VMM and a virtiofsd that somebody started by hand are ended, by what they have open or where they work', async () => {
    const folder = join(root, 'var/lib/microvms/web1');
    const vmm = process(session, qemu, { 9: [image(), ''] }, { title: 'microvm@web1' });
    const shares = process(session, 'virtiofsd', {}, { cwd: folder });
    const ends = Promise.all([vmm, shares].map(ended));
    const told = [`stray\t${vmm.pid}\t${qemu}\n`, `stray\t${shares.pid}\tvirtiofsd\n`];
    expect(clear('vm-web1').stdout).toBe(told.sort().join(''));
    expect(await ends).toEqual(['SIGTERM', 'SIGTERM']);
  });

  test('a macvtap is a TAP, too: of its runner, by its number', async () => {
    const shares = join(root, 'nix/store/web1/share/microvm');
    mkdirSync(shares, { recursive: true });
    writeFileSync(join(shares, 'macvtap-interfaces'), 'vm-mac1 02:00:00:00:00:01 eth0 bridge\n');
    symlinkSync(join(root, 'nix/store/web1'), join(root, 'var/lib/microvms/web1/current'));
    for (const [name, index] of Object.entries({ 'vm-mac1': 42, tailscale0: 43 })) {
      mkdirSync(join(root, 'sys/class/net', name), { recursive: true });
      writeFileSync(join(root, 'sys/class/net', name, 'ifindex'), `${index}\n`);
    }
    const stray = process(session, 'anything', { 5: ['/dev/tap42', ''] });
    const others = process(session, 'other', { 5: ['/dev/tap43', ''] });
    const end = ended(stray);
    expect(clear('vm-web1').stdout).toBe(`stray\t${stray.pid}\tanything\n`);
    expect(await end).toBe('SIGTERM');
    expect(others.signalCode ?? others.exitCode).toBeNull();
  });

  test.each([
    ['qemu-nbd', 'flags:\t02100000'],
    ['mount.fuse', ''],
    // Another machine's, to which somebody has lent the image.
    [qemu, ''],
  ])('%s, which has an image, is named with its number and left alone', (program, row) => {
    const other = process(session, program, { 9: [image(), row] });
    const { status, stderr } = clear('vm-web1');
    expect(status).toBe(70);
    expect(stderr).toContain(
      `fleet-error\toperation.image-held\tdata.img of web1 is open in process ${other.pid} (${program})`,
    );
    expect(other.signalCode ?? other.exitCode).toBeNull();
  });

  test('an image that is attached as a loop device is told of, unless it is only read', () => {
    const loop = join(root, 'sys/block/loop7');
    mkdirSync(join(loop, 'loop'), { recursive: true });
    writeFileSync(join(loop, 'loop/backing_file'), `${image()}\n`);
    writeFileSync(join(loop, 'ro'), '0\n');
    expect(clear('vm-web1').stderr).toContain('data.img of web1 is attached as loop7');
    writeFileSync(join(loop, 'ro'), '1\n');
    expect(clear('vm-web1')).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });

  test('a VPN, a shell in the folder, a backup that reads, and other guests keep nobody out and are left alone', () => {
    const folder = join(root, 'var/lib/microvms/web1');
    const all = [
      process(session, 'tailscaled', { 7: ['/dev/net/tun', 'iff:\ttailscale0'] }),
      process(session, 'bash', {}, { cwd: folder }),
      process(session, qemu, { 9: [`${folder}0/data.img`, ''] }, { cwd: `${folder}0` }),
      process(unit, qemu, { 9: [image(), ''] }, { cwd: folder, title: 'microvm@web1' }),
    ];
    const reads = process(session, 'tar', { 9: [image(), ''] });
    writeFileSync(join(root, 'proc', String(reads.pid), 'fdinfo/9'), 'pos:\t0\nflags:\t0100000\n');
    expect(clear('vm-web1')).toMatchObject({ status: 0, stdout: '', stderr: '' });
    for (const child of [...all, reads]) expect(child.signalCode ?? child.exitCode).toBeNull();
  });
});
