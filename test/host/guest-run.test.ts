import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { script } from '../../src/host/scripts.ts';
import { shellQuote } from '../../src/model/shell-quote.ts';
import { guestKeysScript } from '../../src/render/modules/shell.generated.ts';
import { type Desk, makeDesk, type Sshd, startSshd } from './sshd.ts';

// The hypervisor is a folder, the guest an sshd on loopback with the keys that it would be given.
const { username } = userInfo();
let desk: Desk;
let keys: string;
let guest: Sshd;

const makeKeys = (name: string) =>
  spawnSync('sh', ['-e', '-c', guestKeysScript, 'fleet-guest-keys', name], {
    env: { ...process.env, FLEET_ROOT: desk.dir },
    encoding: 'utf8',
  });

function run(command: string, { name = 'web1', to = guest, seconds = '30' } = {}) {
  const args = [name, to.address, String(to.port), username, seconds, command];
  const done = spawnSync('sh', ['-c', script('guest-run'), 'fleet', ...args], {
    env: { ...process.env, FLEET_ROOT: desk.dir, SSH_AUTH_SOCK: '/nowhere' },
    encoding: 'utf8',
  });
  return { ...done, lines: done.stdout.split('\n') };
}

beforeAll(async () => {
  desk = makeDesk();
  keys = join(desk.dir, 'var/lib/fleet/guest-keys');
  expect(makeKeys('web1')).toMatchObject({ status: 0, stderr: '' });
  expect(makeKeys('web2')).toMatchObject({ status: 0 });
  guest = await startSshd(desk, [], {
    given: {
      hostKey: join(keys, 'web1/ssh_host_ecdsa_key'),
      authorizedKeys: join(keys, 'web1/fleet-check'),
    },
  });
});
afterAll(() => {
  guest.stop();
  desk.remove();
});

describe('the keys of a guest', () => {
  const read = (name: string) => readFileSync(join(keys, name), 'utf8');
  const mode = (name: string) => (statSync(join(keys, name)).mode & 0o777).toString(8);

  test('stay as they are when nothing can be written any more', () => {
    const root = mkdtempSync(join(tmpdir(), 'fleet-keys-'));
    // What ssh-keygen prints is lost on a full disk, and it does not mind.
    const tool = (text: string) =>
      writeFileSync(join(root, 'ssh-keygen'), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    const make = () =>
      spawnSync('sh', ['-e', '-c', guestKeysScript, 'fleet-guest-keys', 'web1'], {
        env: { PATH: `${root}:${process.env.PATH}`, FLEET_ROOT: root },
      });
    const files = ['check_ed25519.pub', 'web1/ssh_host_ecdsa_key.pub', 'web1/fleet-check'];
    const folder = join(root, 'var/lib/fleet/guest-keys');
    const texts = () => files.map((file) => readFileSync(join(folder, file), 'utf8'));
    try {
      tool('exec /usr/bin/env PATH="${PATH#*:}" ssh-keygen "$@"');
      expect(make()).toMatchObject({ status: 0 });
      const before = texts();
      tool('exit 0');
      expect(make()).toMatchObject({ status: 0 });
      expect(texts()).toEqual(before);
      // One that was not there is not made of nothing.
      rmSync(join(folder, 'web1/ssh_host_ecdsa_key.pub'));
      expect(make().status).not.toBe(0);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });

  test('are made once and kept, the public halves with them', () => {
    const before = read('web1/ssh_host_ecdsa_key');
    rmSync(join(keys, 'web1/ssh_host_ecdsa_key.pub'));
    expect(makeKeys('web1').status).toBe(0);
    expect(read('web1/ssh_host_ecdsa_key')).toBe(before);
    expect(read('web1/ssh_host_ecdsa_key.pub')).toMatch(/^ecdsa-sha2-nistp521 AAAA\S+ web1\n$/);
    expect(read('web2/ssh_host_ecdsa_key')).not.toBe(before);
  });

  test('are made again where a crash left an empty file', () => {
    writeFileSync(join(keys, 'web2/ssh_host_ecdsa_key'), '');
    expect(makeKeys('web2').status).toBe(0);
    expect(read('web2/ssh_host_ecdsa_key')).toContain('PRIVATE KEY');
  });

  test('are for root alone, and for the guest that has the folder', () => {
    expect(mode('')).toBe('700');
    expect(mode('check_ed25519')).toBe('600');
    expect(mode('web1')).toBe('755');
    expect(mode('web1/ssh_host_ecdsa_key')).toBe('600');
    expect(mode('web1/fleet-check')).toBe('644');
    expect(read('web1/fleet-check')).toBe(`restrict ${read('check_ed25519.pub')}`);
  });

  test('are one key, however many guests start at once', async () => {
    rmSync(join(keys, 'check_ed25519'));
    const env = { ...process.env, FLEET_ROOT: desk.dir };
    const ends = Array.from(
      { length: 6 },
      (_, n) =>
        new Promise((done) =>
          spawn('sh', ['-e', '-c', guestKeysScript, 'x', `g${n}`], { env }).once('close', done),
        ),
    );
    expect(await Promise.all(ends)).toEqual([0, 0, 0, 0, 0, 0]);
    const texts = ['web1', 'g0', 'g5'].map((name) => makeKeys(name) && read(`${name}/fleet-check`));
    expect(new Set(texts).size).toBe(1);
    expect(existsSync(join(keys, 'g3/fleet-check'))).toBe(true);
  });

  test.each(['', '../x', 'A', 'a b'])('are not made for %j, which no vm is called', (name) => {
    expect(makeKeys(name).status).toBe(1);
  });
});

describe('a command inside a guest', () => {
  test('says how it ended and what it said last', () => {
    expect(run('true').lines).toEqual(['0', '']);
    expect(run('echo one; echo two; echo three; echo four >&2; exit 3').lines).toEqual([
      '3',
      'two',
      'three',
      'four',
      '',
    ]);
  });

  test('is for the shell of the guest and passes ours by', () => {
    const command = `echo "$((1 + 1))" '$HOME' \`echo x\` "it's" --; : -o ProxyCommand=x`;
    expect(run(command).lines).toEqual(['0', `2 $HOME x it's --`, '']);
    // ssh itself would say its version, and that all is well.
    expect(run('-V').lines[0]).not.toBe('0');
  });

  test('stands in no list of processes', () => {
    const command = "ps -eo args | grep 'mark[e]r17' || echo unseen # marker17";
    const args = ['web1', guest.address, String(guest.port), username, '5', command];
    // As over ssh: script and arguments on standard input.
    const input = `set -- ${args.map(shellQuote).join(' ')}\n${script('guest-run')}`;
    const env = { ...process.env, FLEET_ROOT: desk.dir, SSH_AUTH_SOCK: '/nowhere' };
    const { stdout } = spawnSync('sh', ['-c', 'eval "$(cat)"'], { input, env, encoding: 'utf8' });
    expect(stdout).toBe('0\nunseen\n');
  });

  test('that does not end is ended', () => {
    const started = Date.now();
    expect(run('sleep 60', { seconds: '1' }).lines[0]).toBe('124');
    expect(Date.now() - started).toBeLessThan(40_000);
  });

  test('has no terminal and no input', () => {
    expect(run('test -t 0 || read -r line || echo none').lines).toEqual(['0', 'none', '']);
  });

  test('is not run by whoever else answers at its address', async () => {
    const other = await startSshd(desk, [join(keys, 'check_ed25519')]);
    const { lines } = run('true', { to: other });
    other.stop();
    expect(lines[0]).toBe('255');
    expect(lines.join('\n')).toContain('Host key verification failed');
  });

  test('is not run where the key of another guest is known', () => {
    expect(run('true', { name: 'web2' }).lines[0]).toBe('255');
  });

  test.each(['ed25519', 'ecdsa', 'rsa'])(
    'is run in a guest that has an %s key of its own, which its sshd is told of first',
    async (type) => {
      const both = await startSshd(desk, [], {
        given: {
          hostKey: desk.key(`own-${type}`, { type }),
          authorizedKeys: join(keys, 'web1/fleet-check'),
        },
        settings: `HostKey ${join(keys, 'web1/ssh_host_ecdsa_key')}`,
      });
      const { lines } = run('echo well', { to: both });
      both.stop();
      expect(lines).toEqual(['0', 'well', '']);
    },
  );

  test('is run in a guest whose runner is from when its key was ed25519', async () => {
    const old = desk.key('old');
    const folder = join(keys, 'web1');
    copyFileSync(`${old}.pub`, join(folder, 'ssh_host_ed25519_key.pub'));
    const sshd = await startSshd(desk, [], {
      given: { hostKey: old, authorizedKeys: join(folder, 'fleet-check') },
    });
    const { lines } = run('true', { to: sshd });
    sshd.stop();
    rmSync(join(folder, 'ssh_host_ed25519_key.pub'));
    expect(lines).toEqual(['0', '']);
    expect(run('true', { to: guest }).lines[0]).toBe('0');
  });

  test('cannot be run in a guest that never got keys', () => {
    const { status, stderr } = run('true', { name: 'web3' });
    expect(status).toBe(70);
    expect(stderr).toMatch(/^fleet-error\tguest\.no-keys\t/m);
  });

  test('leaves nothing behind', () => {
    const folder = join(desk.dir, 'tmp');
    execFileSync('mkdir', ['-p', folder]);
    chmodSync(folder, 0o700);
    spawnSync(
      'sh',
      [
        '-c',
        script('guest-run'),
        'fleet',
        'web1',
        guest.address,
        String(guest.port),
        username,
        '5',
        'true',
      ],
      { env: { ...process.env, FLEET_ROOT: desk.dir, TMPDIR: folder } },
    );
    expect(execFileSync('ls', ['-A', folder], { encoding: 'utf8' })).toBe('');
  });
});

test('what a guest says without end is not kept: neither in a file nor in memory', () => {
  const done = run('yes xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', { seconds: '2' });
  expect(done.lines[0]).toBe('124');
  expect(done.stdout.length).toBeLessThan(1000);
  expect(script('guest-run')).toContain('| tail -c 2048 >');
});
