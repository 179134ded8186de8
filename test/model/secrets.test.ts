import { describe, expect, test } from 'vitest';
import type { Vm } from '../../src/model/fleet.ts';
import { indexFleet } from '../../src/model/index.ts';
import { clean, secretsIn, withoutSecrets } from '../../src/model/secrets.ts';

describe('what looks like a secret is taken out of a text', () => {
  test.each([
    ['password: hunter22', 'password: …'],
    ['DB_PASSWORD=hunter22 started', 'DB_PASSWORD=… started'],
    ['{"apiToken": "abc def", "port": 80}', '{"apiToken": …, "port": 80}'],
    ['msg="{\\"password\\":\\"hunter 22\\",\\"a\\":1}"', 'msg="{\\"password\\":…,\\"a\\":1}"'],
    ['run --token abcdef --port 80', 'run --token … --port 80'],
    ['run --token=abcdef', 'run --token=…'],
    ['Authorization: Bearer abc.def-ghi', 'Authorization: Bearer …'],
    ['curl -u admin:hunter22 http://h/', 'curl -u admin:… http://h/'],
    ['https://oauth2:abc@git.example.org/infra.git', 'https://git.example.org/infra.git'],
    ['remote said ghp_0123456789abcdefABCD there', 'remote said … there'],
    ['key AKIAIOSFODNN7EXAMPLE used', 'key … used'],
    ['AGE-SECRET-KEY-1QQQQQQQQQQQ', '…'],
    ['jwt eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.abc', 'jwt …'],
    ['    client-key-data: LS0tLS1CRUdJTiBQUklWQVRF+/==', '    client-key-data: …'],
    ['got LS0tLS1CRUdJTiBQUklWQVRF+/== there', 'got … there'],
    ['PresharedKey = abcd+/0=', 'PresharedKey = …'],
    ['root:$6$salt$abcdefgh./ijk:19000::', 'root:…:19000::'],
    ['$y$j9T$abcdefgh$ijklmnopq and $2b$12$abcdefghijklmnop', '… and …'],
    ['psk="abc def" proto=RSN', 'psk=… proto=RSN'],
    ['user=a pwd=hunter22', 'user=a pwd=…'],
    ['Set-Cookie: session=abc; Path=/', 'Set-Cookie: …'],
    ['cookie: theme=dark; session="abc"', 'cookie: …'],
    ['{"cookie":"session=abc","port":80}', '{"cookie":…,"port":80}'],
    ['SECRET_KEY_BASE="abc def', 'SECRET_KEY_BASE=…'],
    ["token='abc", 'token=…'],
    ['{"password":"ab\\"cdTAIL","port":80}', '{"password":…,"port":80}'],
    [
      '{"log":"{\\"password\\":\\"ab\\\\\\"cd\\",\\"port\\":80}"}',
      '{"log":"{\\"password\\":…,\\"port\\":80}"}',
    ],
    ['"password"=>"abc", x := 1', '"password"=>…, x := 1'],
    ['DB_PASS=hunter22 SSHPASS=abc pass: abc', 'DB_PASS=… SSHPASS=… pass: …'],
    ['Authorization: token abcdef', 'Authorization: …'],
    ['Proxy-Authorization: abcdef', 'Proxy-Authorization: …'],
    ['curl --user admin:hunter22 http://h/', 'curl --user admin:… http://h/'],
    ['machine h login ada password hunter22', 'machine h login ada password …'],
    ['sshpass -p hunter22 ssh h', 'sshpass -p … ssh h'],
    ['password      =      hunter22', 'password      =      …'],
    ['token -> abcdef', 'token -> …'],
    ['?password%3Dhunter22', '?password%3D…'],
    ['{"secrets":["abc","def"],"port":80}', '{"secrets":…,"port":80}'],
    ['<password>hunter22</password>', '<password>…</password>'],
    ['authkey: abc, API key: def', 'authkey: …, API key: …'],
    ['\u001b[1mpassword\u001b[0m=hunter22', 'password=…'],
    [`hf_${'a'.repeat(30)} SG.${'a'.repeat(20)}.${'b'.repeat(20)}`, '… …'],
    [`K10${'0a'.repeat(20)}::server:abc`, '…'],
    ['https://hooks.slack.com/services/T0/B0/abcdef', 'https://…'],
  ])('%s', (text, expected) => {
    expect(withoutSecrets(text)).toBe(expected);
  });

  test.each([
    'web1.service: Main process exited, code=exited, status=1/FAILURE',
    'run-credentials-web.mount: Deactivated successfully.',
    '    [ 12.3] eth0: link becomes ready, 02:1a:2b:3c:4d:5e',
    'expected active, seen inactive (dead)',
    'sshd[12]: Accepted publickey for root from 192.0.2.1 port 4711 ssh2: ED25519 SHA256:abcdef',
    'fleet rollback --to web1=3',
    'PWD=/var/lib/app OLDPWD="/root"',
    'cost $1$2 and $6',
    '{"password":"","port":80}',
    'compass: north, bypass=1, passed: 3 of 3, 3 passes',
    'pam_unix(login:session): session opened for user root by LOGIN(uid=0)',
    'polkitd: Finished loading, authorization rules: 8',
  ])('and what does not is left: %s', (text) => {
    expect(withoutSecrets(text)).toBe(text);
  });

  test('a private key goes with all of its lines, whatever stands in front of them', () => {
    const key = [
      '-----BEGIN OPENSSH PRIVATE KEY-----',
      'b3BlbnNzaC1rZXk',
      '-----END OPENSSH PRIVATE KEY-----',
    ];
    const log = ['before', ...key, 'after'].map((line) => `10:00 ${line}`).join('\n');
    const text = withoutSecrets(log);
    expect(text).not.toContain('b3BlbnNzaC1rZXk');
    expect(text).toMatch(/^10:00 before\n[\s\S]*\n10:00 after$/);
    const block = log.replaceAll('OPENSSH PRIVATE KEY', 'PGP PRIVATE KEY BLOCK');
    expect(withoutSecrets(block)).toBe(text);
    const lines = ['before', ...key, 'after'].map((text) => ({ at: 1, text }));
    const cleaned = clean({ lines, said: ['before', ...key, 'after'] }, []);
    expect(JSON.stringify(cleaned)).not.toContain('b3BlbnNzaC1rZXk');
    expect(cleaned.lines[4]).toEqual({ at: 1, text: 'after' });
    expect(cleaned.said[4]).toBe('after');
  });

  test('a long key goes to its end', () => {
    const line = 'lQdGBGc1zRcBEADKx7h9Ct3vO1yQmB2nE5fP8sU4wA6jL0kT3rV7iXbN9gHdZqYc';
    const key = Array.from({ length: 400 }, (_, n) => `web1: ${line.slice(n % 20)}${n}`);
    const log = [
      'web1: -----BEGIN PGP PRIVATE KEY BLOCK-----',
      ...key,
      'web1: -----END PGP PRIVATE KEY BLOCK-----',
      'web1: after',
    ].join('\n');
    expect(withoutSecrets(log)).not.toContain('sU4wA6jL0kT3rV7iX');
    expect(withoutSecrets(log)).toMatch(/\nweb1: after$/);
  });

  test('one that does not end hides no more than a key has', () => {
    const text = `-----BEGIN PRIVATE KEY-----\n${'line\n'.repeat(400)}last`;
    expect(withoutSecrets(text)).toContain('last');
  });

  test('takes time in proportion to its length', () => {
    const began = performance.now();
    for (const text of [
      'token',
      'a-',
      '--token ',
      'eyJ',
      'Bearer ',
      '"password',
      ' -u x',
      '$6$a$',
      '$6$',
      'cookie:',
      'authorization:',
      'login a password ',
      'secret [',
      '<secret',
      'api key ',
      'password  ',
      ' --user ',
      'sshpass ',
      'SG.',
      'K10',
      'password="',
      'password=\\\\"',
      'pwd',
      'LS0tLS1CRUdJTi',
      '\\\\',
      '-----BEGIN',
    ])
      withoutSecrets(text.repeat(100_000 / text.length));
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});

test('values of fleet.yaml that may be secret are known, paths and plain ones are not', () => {
  const vm = {
    name: 'web1',
    config: {
      services: { app: { password: 'correct horse', port: 80, name: 'the app' } },
      keys: { tokenFile: '/run/secrets/token', text: 'plain line\nauth_token abc\n' },
    },
    checks: [
      { kind: 'run', command: 'curl -H "Authorization: Bearer abc" localhost' },
      { kind: 'run', command: 'systemctl is-active app' },
    ],
  };
  const index = indexFleet({
    ...{ hypervisors: [], networks: [], vms: [vm as unknown as Vm] },
  } as unknown as Parameters<typeof indexFleet>[0]);
  const known = secretsIn(index);
  expect(known).toEqual([
    'curl -H "Authorization: Bearer abc" localhost',
    'auth_token abc',
    'correct horse',
  ]);
  expect(withoutSecrets('it says correct horse to all', known)).toBe('it says … to all');
});
