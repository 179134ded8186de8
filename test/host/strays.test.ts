import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env, pid } from 'node:process';
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
  function process(
    group: string,
    program: string,
    open: Record<number, readonly [to: string, row: string]>,
  ): ChildProcess {
    const child = spawn('sleep', ['600'], { stdio: 'ignore' });
    children.push(child);
    const folder = join(root, 'proc', String(child.pid));
    for (const part of ['fd', 'fdinfo']) mkdirSync(join(folder, part), { recursive: true });
    symlinkSync('/dev/null', join(folder, 'fd/0'));
    for (const [fd, [to, row]] of Object.entries(open)) {
      symlinkSync(to, join(folder, 'fd', fd));
      writeFileSync(join(folder, 'fdinfo', fd), `pos:\t0\n${row}\n`);
    }
    symlinkSync(`/nix/store/x/bin/${program}`, join(folder, 'exe'));
    writeFileSync(join(folder, 'cgroup'), `0::${group}\n`);
    writeFileSync(join(folder, 'comm'), `${program.slice(0, 15)}\n`);
    return child;
  }
  const qemu = 'qemu-system-x86_64';
  const holder = (tap: string, group: string) =>
    process(group, qemu, { 7: ['/dev/net/tun', `flags:\t0100002\niff:\t${tap}`] });
  const run = (what: string, ...args: string[]) =>
    spawnSync(
      'sh',
      [
        '-c',
        `${text('lib', 'deployments', 'before', 'locks', 'images')}\nsleep() { :; }\n${what}`,
        'fleet',
        ...args,
      ],
      { env: { PATH: `${join(root, 'bin')}:${env.PATH}`, FLEET_ROOT: root }, encoding: 'utf8' },
    );
  const clear = (...taps: string[]) => run('end_strays "$@"', 'web1', ...taps);
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

  test('nor is one in another network namespace, or that has a TAP there, whatever it is called', () => {
    const session = '/user.slice/user-0.slice/session-3.scope';
    /** The network namespace that a process is in. */
    const isIn = (pid: number | undefined, network: string) => {
      const folder = join(root, 'proc', String(pid), 'ns');
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(root, network), '', { flag: 'a' });
      symlinkSync(join(root, network), join(folder, 'net'));
    };
    isIn(1, 'here');
    mkdirSync(join(root, 'sys/class/net/vm-web1'), { recursive: true });
    const [contained, moved, here] = [
      holder('vm-web1', session),
      holder('vm-web1-b', session),
      holder('vm-web1', session),
    ];
    isIn(contained.pid, 'container');
    isIn(moved.pid, 'here');
    isIn(here.pid, 'here');
    expect(clear('vm-web1', 'vm-web1-b').stdout).toBe(`stray\t${here.pid}\tqemu-system-x86\n`);
    for (const child of [contained, moved]) expect(child.signalCode ?? child.exitCode).toBeNull();
  });

  const makesNetworks =
    existsSync('/dev/net/tun') &&
    spawnSync('unshare', ['--net', 'python3', '-c', 'import fcntl']).status === 0;
  test.skipIf(!makesNetworks)('so it is with real ones', async () => {
    const tap = `fl${pid}`.slice(0, 15);
    const open = `import fcntl, struct, sys
tun = open('/dev/net/tun', 'r+b', buffering=0)
fcntl.ioctl(tun, 0x400454ca, struct.pack('16sH22x', sys.argv[1].encode(), 0x1002))
print('open', flush=True)
sys.stdin.read()`;
    const held = async (...command: readonly string[]) => {
      const [program, ...args] = [...command, 'python3', '-c', open, tap];
      const child = spawn(program as string, args, { stdio: ['pipe', 'pipe', 'inherit'] });
      children.push(child);
      await once(child.stdout as NodeJS.ReadableStream, 'data');
      return child;
    };
    const elsewhere = await held('unshare', '--net');
    const here = await held();
    const asked = `${text('lib', 'deployments', 'before', 'locks')}\nholders\nstrays web1 "$1"`;
    const { stdout } = spawnSync('sh', ['-c', asked, 'fleet', tap], { encoding: 'utf8' });
    const own = stdout.split('\n').filter((line) => line.includes(tap) || /^\d+$/.test(line));
    expect(own).toEqual([`${here.pid} ${tap}`, `${here.pid}`]);
    expect(elsewhere.exitCode).toBeNull();
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

  describe('its images', () => {
    const session = '/user.slice/user-0.slice/session-3.scope';
    const writes = 'flags:\t0100002';
    let image: string;
    const held = () => run('refuse_held "$@"', 'web1', 'vm-web1');
    beforeEach(() => {
      const folder = join(root, 'var/lib/microvms/web1');
      image = join(folder, 'data.img');
      for (const path of [folder, join(root, 'var/lib/fleet/deployed')])
        mkdirSync(path, { recursive: true });
      writeFileSync(image, '');
      writeFileSync(
        join(root, 'var/lib/fleet/deployed/web1'),
        '{"volumes":[{"image":"data.img"}]}',
      );
    });

    test.each([
      ['qemu-nbd', 'flags:\t02100000'],
      ['mount.fuse', writes],
      [qemu, writes],
    ])('%s, which has one, is named with its number and left alone', (program, row) => {
      const other = process(session, program, { 9: [image, row] });
      const { status, stderr } = held();
      expect(status).toBe(70);
      expect(stderr).toContain(
        `fleet-error\toperation.image-held\tdata.img of web1 is open in process ${other.pid} (${program})`,
      );
      expect(other.signalCode ?? other.exitCode).toBeNull();
    });

    test('that lie elsewhere are known by where they are', () => {
      const disk = join(root, 'disk.raw');
      writeFileSync(disk, '');
      rmSync(image);
      symlinkSync(disk, image);
      const other = process(session, 'qemu-img', { 9: [disk, writes] });
      expect(held().stderr).toContain(`data.img of web1 is open in process ${other.pid}`);
    });

    test('are in nobody’s way in its own unit, its strays, another machine’s file of that name, or a backup that reads', () => {
      const elsewhere = join(root, 'elsewhere');
      mkdirSync(elsewhere);
      writeFileSync(join(elsewhere, 'data.img'), '');
      const unit = '/system.slice/system-microvm.slice/microvm@web1.service';
      process(unit, qemu, { 9: [image, writes] });
      process(session, qemu, {
        7: ['/dev/net/tun', 'iff:\tvm-web1'],
        9: [image, writes],
      });
      process(session, qemu, { 9: [join(elsewhere, 'data.img'), writes] });
      process(session, 'tar', { 9: [image, 'flags:\t0100000'] });
      expect(held()).toMatchObject({ status: 0, stdout: '', stderr: '' });
    });

    test('that are attached as a loop device are told of, unless it only reads', () => {
      const loop = join(root, 'sys/block/loop7');
      mkdirSync(join(loop, 'loop'), { recursive: true });
      writeFileSync(join(loop, 'loop/backing_file'), `${image}\n`);
      writeFileSync(join(loop, 'ro'), '0\n');
      expect(held().stderr).toContain('data.img of web1 is attached as loop7');
      writeFileSync(join(loop, 'ro'), '1\n');
      expect(held()).toMatchObject({ status: 0, stdout: '', stderr: '' });
    });

    test('leave the names of the script that asks as they were', () => {
      const names = 'id name left life killed runs job';
      const { stdout } = run(
        `for one in ${names}; do export "$one=$one"; done; refuse_held "$@"; for one in ${names}; do printenv "$one"; done`,
        'web1',
        'vm-web1',
      );
      expect(stdout.trim().split('\n')).toEqual(names.split(' '));
    });
  });
});
