import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Agent, startAgent } from './agent.ts';
import { connect, failure, sshConfig } from './desk.ts';
import { type Desk, makeDesk, publicKey, type Sshd, startSshd } from './sshd.ts';

let desk: Desk;
let key: string;
let rsa: string;
let locked: string;
let sshd: Sshd;
let agent: Agent;
beforeAll(async () => {
  desk = makeDesk();
  key = desk.key('id');
  rsa = desk.key('id_rsa', { type: 'rsa' });
  locked = desk.key('locked', { passphrase: 'secret words' });
  sshd = await startSshd(desk, [key, rsa, locked], { settings: 'MaxAuthTries 3' });
  agent = await startAgent(desk);
});
afterAll(() => {
  agent.stop();
  sshd.stop();
  desk.remove();
});

/** Connects with nothing but these lines of ssh_config (the first wins). */
function login(lines: string) {
  const configFile = sshConfig(desk, `Host *\n${lines}`, sshd.knownHosts);
  return connect({ host: sshd.address, port: sshd.port }, { configFile });
}

test('an RSA key logs in with a SHA-2 signature', async () => {
  const host = await login(`IdentityFile ${rsa}`);
  expect(host.publicKey).toBe(publicKey(rsa));
  host.close();
});

test('a key the server does not know: named, with what the server takes', async () => {
  const other = desk.key('other');
  const error = await failure(login(`IdentityFile ${other}`));
  expect(error.code).toBe('ssh.auth-failed');
  expect(error.detail).toContain(`refused: ${other}`);
  expect(error.detail).toContain('the server takes: publickey');
});

test('no key at all', async () => {
  const error = await failure(login('IdentityFile /no/such/key'));
  expect(error.code).toBe('ssh.auth-failed');
  expect(error.hint).toContain('ssh-add');
});

test('an encrypted key is named, with the command that helps', async () => {
  const error = await failure(login(`IdentityFile ${locked}`));
  expect(error.code).toBe('ssh.auth-failed');
  expect(error.detail).toContain(`not tried: ${locked} is encrypted`);
  expect(error.detail).toContain(`ssh-add ${locked}`);
});

test('an old PEM key that is encrypted is recognised, too', async () => {
  const pem = desk.key('pem', { type: 'rsa' });
  execFileSync('ssh-keygen', ['-q', '-p', '-m', 'PEM', '-P', '', '-N', 'secret words', '-f', pem]);
  const error = await failure(login(`IdentityFile ${pem}`));
  expect(error.detail).toContain(`not tried: ${pem} is encrypted`);
});

test('the agent holds the key of an encrypted file', async () => {
  const plain = desk.path('locked-open');
  execFileSync('cp', [locked, plain]);
  execFileSync('ssh-keygen', ['-q', '-p', '-P', 'secret words', '-N', '', '-f', plain]);
  agent.add(plain);
  rmSync(plain);
  const host = await login(`IdentityAgent ${agent.socket}\nIdentityFile ${locked}`);
  expect(host.publicKey).toBe(publicKey(locked));
  host.close();
});

test('the agent of the environment is asked, unless ssh_config says another', async () => {
  const before = process.env.SSH_AUTH_SOCK;
  process.env.SSH_AUTH_SOCK = agent.socket;
  const host = await login('IdentityAgent SSH_AUTH_SOCK\nIdentityFile /no/such/key');
  expect(host.publicKey).toBe(publicKey(locked));
  host.close();
  expect((await failure(login('IdentityFile /no/such/key'))).code).toBe('ssh.auth-failed');
  if (before === undefined) delete process.env.SSH_AUTH_SOCK;
  else process.env.SSH_AUTH_SOCK = before;
});

test('IdentitiesOnly keeps the other keys of the agent back', async () => {
  agent.forgetAll();
  for (const name of ['a', 'b', 'c', 'd']) agent.add(desk.key(`agent-${name}`));
  const all = `IdentityAgent ${agent.socket}\nIdentityFile ${key}`;
  const tooMany = await failure(login(all));
  expect(tooMany.code).toBe('ssh.auth-failed');
  expect(tooMany.detail).toContain('Too many authentication failures');
  expect(tooMany.hint).toContain('IdentitiesOnly');
  const host = await login(`IdentitiesOnly yes\n${all}`);
  expect(host.publicKey).toBe(publicKey(key));
  host.close();
});

test('a key named in ssh_config goes first, so that many others in the agent do no harm', async () => {
  agent.add(key);
  const host = await login(`IdentityAgent ${agent.socket}\nIdentityFile ${key}`);
  expect(host.publicKey).toBe(publicKey(key));
  host.close();
  // Only the public half on disk says which of the agent's keys is meant.
  const pub = desk.path('only.pub');
  writeFileSync(pub, publicKey(key));
  const second = await login(`IdentityAgent ${agent.socket}\nIdentityFile ${pub}`);
  expect(second.publicKey).toBe(publicKey(key));
  second.close();
});

test('an agent that is gone is said, and files still work', async () => {
  const gone = `IdentityAgent ${desk.path('gone.sock')}\n`;
  const host = await login(`${gone}IdentityFile ${key}`);
  host.close();
  const error = await failure(login(`${gone}IdentityFile /no/such/key`));
  expect(error.detail).toContain(`no ssh-agent answers at ${desk.path('gone.sock')}`);
});
