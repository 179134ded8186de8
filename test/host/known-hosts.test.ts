import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fingerprint, knownKeys, preferKnown, refusal } from '../../src/host/ssh/known-hosts.ts';
import { type Desk, fingerprintOf, makeDesk, publicKey } from './sshd.ts';

let desk: Desk;
let one: string;
let two: string;
beforeAll(() => {
  desk = makeDesk();
  one = publicKey(desk.key('one'));
  two = publicKey(desk.key('two', { type: 'ecdsa' }));
});
afterAll(() => desk.remove());

function blob(key: string): Buffer {
  return Buffer.from(key.split(' ')[1] ?? '', 'base64');
}

/** What becomes of key `shown` by `name` when known_hosts holds `lines`. */
async function verdict(shown: string, lines: string, keyName = '[hv1]:2222', plain = 'hv1') {
  const file = desk.write('known_hosts', lines);
  const at = { keyName, plainKeyName: plain, knownHostsFiles: [file, '/nonexistent'] };
  return refusal(blob(shown), await knownKeys(at, process.env), at, 'hv1')?.code ?? 'known';
}

test('a known key is known, an unknown one is not', async () => {
  expect(await verdict(one, `[hv1]:2222 ${one}\n`)).toBe('known');
  expect(await verdict(one, '# nothing\n\n')).toBe('ssh.unknown-host-key');
  expect(await verdict(one, `[hv2]:2222 ${one}\n`)).toBe('ssh.unknown-host-key');
});

test('another key than the known one is a changed key, also of another type', async () => {
  expect(await verdict(two, `[hv1]:2222 ${one}\n`)).toBe('ssh.host-key-changed');
});

test('hashed names, patterns, comments and several names', async () => {
  const file = desk.write('hashed', `[hv1]:2222 ${one}\n`);
  execFileSync('ssh-keygen', ['-Hf', file], { stdio: 'ignore' });
  const hashed = readFileSync(file, 'utf8');
  expect(hashed).not.toContain('hv1');
  expect(await verdict(one, hashed)).toBe('known');
  expect(await verdict(one, `a,[hv*]:2222 ${one} root@hv1 of 2026\n`)).toBe('known');
  expect(await verdict(one, `![hv1]:2222,[hv*]:2222 ${one}\n`)).toBe('ssh.unknown-host-key');
});

test('a file of plain names says the same as ssh-keygen does of it', async () => {
  const hashed = desk.write('one', `elsewhere ${one}\n`);
  execFileSync('ssh-keygen', ['-Hf', hashed], { stdio: 'ignore' });
  const name = fc.constantFrom('hv1', 'HV1', '[hv1]:2222', '[Hv1]:2222', 'hv1.example', '10.0.0.1');
  const line = fc
    .record({
      before: fc.constantFrom(
        '',
        ' ',
        '\t',
        '# ',
        '#',
        '@revoked ',
        '@cert-authority\t',
        '@other ',
      ),
      names: fc.array(name, { minLength: 1, maxLength: 3 }),
      key: fc.constantFrom(one, two, one.split(' ')[1], 'ssh-ed25519', 'ssh-ed25519 AAAA', ''),
      after: fc.constantFrom('', ' of * | hv1', ' ', '\r'),
    })
    .map(({ before, names, key, after }) => `${before}${names.join(',')} ${key}${after}`);
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 6 }), name, async (lines, keyName) => {
      const keys = async (text: string) => {
        const knownHostsFiles = [desk.write('known_hosts', text)];
        return await knownKeys({ keyName, plainKeyName: 'hv1', knownHostsFiles }, process.env);
      };
      const text = `${lines.join('\n')}\n`;
      expect(await keys(text)).toEqual(await keys(text + readFileSync(hashed, 'utf8')));
    }),
    { numRuns: 60 },
  );
});

test('a key known for the machine is good on another port, but its absence there is no change', async () => {
  expect(await verdict(one, `hv1 ${one}\n`)).toBe('known');
  expect(await verdict(two, `hv1 ${one}\n`)).toBe('ssh.unknown-host-key');
});

test('@revoked wins over everything', async () => {
  expect(await verdict(one, `@revoked * ${one}\n[hv1]:2222 ${one}\n`)).toBe('ssh.host-key-revoked');
  expect(await verdict(two, `@revoked * ${one}\n[hv1]:2222 ${two}\n`)).toBe('known');
});

test('@cert-authority is not a known key', async () => {
  expect(await verdict(one, `@cert-authority * ${one}\n`)).toBe('ssh.unknown-host-key');
});

test('the commands of the errors do what they say', async () => {
  const file = desk.write('kh it', `[hv1]:2222 ${two}\n`);
  const at = { keyName: '[hv1]:2222', plainKeyName: 'hv1', knownHostsFiles: [file] };
  const changed = refusal(blob(one), await knownKeys(at, process.env), at, 'hv1');
  const commands = changed?.hint?.split('\n').filter((line) => line.startsWith('  ')) ?? [];
  expect(commands).toHaveLength(2);
  execFileSync('sh', ['-c', commands.join('\n')], { stdio: 'ignore' });
  expect(refusal(blob(one), await knownKeys(at, process.env), at, 'hv1')).toBeUndefined();
  expect(refusal(blob(two), await knownKeys(at, process.env), at, 'hv1')?.code).toBe(
    'ssh.host-key-changed',
  );
});

test('the fingerprint is the one that ssh-keygen shows', () => {
  expect(fingerprint(blob(one))).toBe(fingerprintOf(desk.path('one')));
});

test('the server is asked for the types we know it by', () => {
  const all = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'rsa-sha2-512', 'rsa-sha2-256'];
  const known = (type: string) => [{ marker: undefined, type, base64: '', file: '', name: '' }];
  expect(preferKnown(all, known('ssh-rsa')).slice(0, 2)).toEqual(['rsa-sha2-512', 'rsa-sha2-256']);
  expect(preferKnown(all, known('ecdsa-sha2-nistp256'))[0]).toBe('ecdsa-sha2-nistp256');
  expect(preferKnown(all, [])).toEqual(all);
});
