import { userInfo } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Identities } from '../../src/host/ssh/identities.ts';
import { opensshReasons } from '../../src/host/ssh/open-link.ts';
import { type Destination, resolve } from '../../src/host/ssh/resolve.ts';
import { here } from '../surroundings.ts';
import { failure } from './desk.ts';
import { type Desk, makeDesk } from './sshd.ts';

let desk: Desk;
beforeAll(() => {
  desk = makeDesk();
});
afterAll(() => desk.remove());

function ask(to: Destination | string, config: string) {
  const destination = typeof to === 'string' ? { host: to } : to;
  return resolve(destination, desk.write('config', config), process.env);
}

test('an alias, Include and Match mean what they mean to ssh', async () => {
  const included = desk.write('more', 'Host hv1\n  HostName 192.0.2.7\n  Port 2222\n');
  const at = await ask(
    'hv1',
    `Include ${included}\nMatch host 192.0.2.7 exec "true"\n  User deploy\nMatch exec "false"\n  Port 1\n`,
  );
  expect(at).toMatchObject({ hostname: '192.0.2.7', user: 'deploy', port: 2222 });
  expect(at.keyName).toBe('[192.0.2.7]:2222');
});

test('fleet.yaml wins over ssh_config', async () => {
  const identityFile = desk.write('one', '');
  const to = { host: 'hv1', user: 'root', port: 22, jump: 'bastion', identityFile };
  const at = await ask(
    to,
    'Host *\n  User me\n  Port 7\n  ProxyJump other\n  IdentityFile /keys/two\n',
  );
  expect(at).toMatchObject({ user: 'root', port: 22, proxyJump: 'bastion', keyName: 'hv1' });
  expect(at.identityFiles[0]).toBe(identityFile);
});

test('~ is the home of the password database, as it is for ssh; tokens are expanded', async () => {
  const home = userInfo().homedir;
  const at = await ask(
    'hv1',
    'Host *\n  IdentityFile ~/a\n  IdentityFile %d/keys/%h-%p-%r\n  IdentityFile "/with space/%%"\n  User u\n  IdentityAgent ~/agent\n  UserKnownHostsFile ~/k "/with space/k" /l\n  GlobalKnownHostsFile none\n',
  );
  expect(at.identityFiles).toEqual([`${home}/a`, `${home}/keys/hv1-22-u`, '/with space/%']);
  expect(at.agentSocket).toBe(`${home}/agent`);
  expect(at.knownHostsFiles).toEqual([`${home}/k`, '/with space/k', '/l']);
});

test('the tokens of ProxyCommand are expanded', async () => {
  const at = await ask(
    'hv1',
    'Host hv1\n  HostName a.example\n  ProxyCommand nc -X "%h" %p %n %r 100%%\n  User u\n',
  );
  expect(at.proxyCommand).toBe('nc -X "a.example" 22 hv1 u 100%');
});

test('a token that fleet does not know is left to ssh, and gives no wrong path', async () => {
  const at = await ask('hv1', 'Host *\n  IdentityFile /keys/%C\n  ProxyCommand nc %C\n');
  expect(at.opensshOnly).toEqual(['IdentityFile', 'ProxyCommand']);
  expect(at).toMatchObject({ identityFiles: [], proxyCommand: undefined });
});

test('HostKeyAlias names the machine in known_hosts', async () => {
  const at = await ask({ host: 'hv1', port: 2222 }, 'Host *\n  HostKeyAlias the-hv\n');
  expect(at.keyName).toBe('the-hv');
});

test('time-outs, IdentitiesOnly, ProxyJump none', async () => {
  const at = await ask(
    'hv1',
    'Host *\n ConnectTimeout 3\n ServerAliveInterval 7\n IdentitiesOnly yes\n ProxyJump none\n',
  );
  expect(at).toMatchObject({ connectTimeoutMs: 3000, aliveIntervalMs: 7000, identitiesOnly: true });
  expect(at.proxyJump).toBeUndefined();
});

test.each(['-oProxyCommand=touch pwned', 'a;b', 'a b', '$(id)', '`id`'])(
  'the host name %j goes nowhere near a shell or an option',
  async (host) => {
    const error = await failure(ask(host, 'Host *\n  ProxyCommand nc %h %p\n'));
    expect(error.code).toBe('ssh.config');
  },
);

test('a broken ssh_config is shown as ssh says it', async () => {
  const error = await failure(ask('hv1', 'Hots x\n'));
  expect(error.code).toBe('ssh.config');
  expect(error.detail).toMatch(/line 1: Bad configuration option: hots/i);
});

test.each([
  ['RevokedHostKeys', '/etc/ssh/revoked', 'none'],
  ['ProxyUseFdpass', 'yes', 'no'],
  ['HostbasedAuthentication', 'yes', 'no'],
  ['PKCS11Provider', '/usr/lib/p11.so', 'none'],
])('%s is left to ssh, when it says something', async (option, something, nothing) => {
  const beyond = async (value: string) =>
    (await ask('hv1', `Host *\n  ${option} ${value}\n`)).opensshOnly;
  expect(await beyond(something)).toEqual([option]);
  expect(await beyond(nothing)).toEqual([]);
});

test('GSSAPI, on for everybody in some distributions, is for those who have a ticket or no key', async () => {
  const { KRB5CCNAME: before } = process.env;
  const at = await ask('hv1', 'Host *\n  GSSAPIAuthentication yes\n');
  const one = {
    usable: [{}],
    unusable: [],
    opensshOnly: [],
    publicKeys: [],
  } as unknown as Identities;
  const reasons = (identities: Identities) =>
    opensshReasons({ at, credentials: { known: [], identities }, options: { surroundings: here } });
  try {
    process.env.KRB5CCNAME = 'KCM:';
    expect(reasons(one)).toEqual(['GSSAPIAuthentication']);
    delete process.env.KRB5CCNAME;
    expect(reasons(one)).toEqual([]);
    expect(reasons({ ...one, usable: [] })).toEqual(['GSSAPIAuthentication']);
  } finally {
    if (before !== undefined) process.env.KRB5CCNAME = before;
  }
});

test('a variable in a path is left to ssh', async () => {
  const at = await ask('hv1', 'Host *\n  IdentityFile ${HOME}/key\n');
  expect(at.opensshOnly).toEqual(['identityfile']);
});
