import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseGuestFile } from '../../src/host/answers/guest-file.ts';
import { script } from '../../src/host/scripts.ts';
import { guestKeysScript } from '../../src/render/modules/shell.generated.ts';
import { type Desk, makeDesk, type Sshd, startSshd } from './sshd.ts';

// The hypervisor is a folder, the guest an sshd on loopback with the keys that it would be given.
let desk: Desk;
let guest: Sshd;
let temporary: string;

function read(command: string, { bytes = 1000, seconds = 30 } = {}) {
  const { address, port } = guest;
  const words = ['web1', address, port, userInfo().username, seconds, bytes, command].map(String);
  const done = spawnSync('sh', ['-c', script('guest-file'), 'fleet', ...words], {
    env: { ...process.env, FLEET_ROOT: desk.dir, TMPDIR: temporary, SSH_AUTH_SOCK: '/nowhere' },
    encoding: 'utf8',
  });
  return { ...done, ...parseGuestFile(done.stdout) };
}

beforeAll(async () => {
  desk = makeDesk();
  temporary = mkdtempSync(join(desk.dir, 'tmp-'));
  const env = { ...process.env, FLEET_ROOT: desk.dir };
  spawnSync('sh', ['-e', '-c', guestKeysScript, 'fleet-guest-keys', 'web1'], { env });
  const keys = join(desk.dir, 'var/lib/fleet/guest-keys/web1');
  guest = await startSshd(desk, [], {
    given: {
      hostKey: join(keys, 'ssh_host_ecdsa_key'),
      authorizedKeys: join(keys, 'exports/root'),
    },
  });
});
afterAll(() => {
  guest.stop();
  desk.remove();
});

test('what a command prints comes back byte for byte, and what it says of itself beside it', () => {
  const { code, bytes, lines } = read(`printf 'a\\000\\377\\n\\n'; echo why >&2; exit 3`);
  expect({ code, bytes: [...bytes], lines }).toEqual({
    code: 3,
    bytes: [0x61, 0, 0xff, 0x0a, 0x0a],
    lines: ['why'],
  });
  expect(read('true')).toMatchObject({ code: 0, bytes: Buffer.alloc(0), lines: [] });
});

test('no more is taken than is wanted, and no longer is waited', () => {
  expect(read('yes', { bytes: 10 }).bytes.toString()).toBe('y\ny\ny\ny\ny\n');
  expect(read('sleep 60', { seconds: 1 }).code).toBe(124);
});

test('what it says of itself fills no disk: only its end is kept', () => {
  const most = `${temporary}-most`;
  const flood = `yes why | head -c 3000000 >&2; du -sk '${temporary}' | cut -f 1 >'${most}'; echo end >&2`;
  expect(read(flood)).toMatchObject({ code: 0, lines: ['why', 'why', 'end'] });
  expect(Number(readFileSync(most, 'utf8'))).toBeLessThan(100);
});

test('it is in no file while it is read, and none is left', () => {
  const found = `grep -rs 'hu[s]h' '${temporary}' '${desk.dir}/var' | wc -l`;
  expect(read(`printf hush; sleep 1; ${found}`).bytes.toString().trim()).toBe('hush0');
  expect(readdirSync(temporary)).toEqual([]);
});

test('where nothing can be written nothing of it is said', () => {
  rmSync(temporary, { recursive: true });
  writeFileSync(temporary, '');
  const words = [
    'web1',
    guest.address,
    String(guest.port),
    userInfo().username,
    '5',
    '99',
    'echo hush',
  ];
  const { status, stdout, stderr } = spawnSync(
    'sh',
    ['-c', script('guest-file'), 'fleet', ...words],
    {
      env: { ...process.env, FLEET_ROOT: desk.dir, TMPDIR: temporary },
      encoding: 'utf8',
    },
  );
  expect(status).not.toBe(0);
  expect(stdout + stderr).not.toContain('hush');
  rmSync(temporary);
  mkdirSync(temporary);
});

test.each(['', 'x\nAAAA\n', '0\n<html>\n', '1000\nAAAA\n', '0\naHVzaA==hush\n'])(
  '%j is no answer, and no error shows it',
  (answer) => {
    let said: unknown;
    try {
      parseGuestFile(answer);
    } catch (error) {
      said = error;
    }
    expect(said).toMatchObject({ code: 'guest.unreadable' });
    expect(`${(said as Error).message} ${JSON.stringify(said)}`).not.toMatch(/AAAA|html|hush/);
  },
);
