import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isRefusal } from '../../src/host/lost.ts';
import { type Agent, startAgent } from './agent.ts';
import { connect, failure, sshConfig } from './desk.ts';
import { type Desk, fingerprintOf, makeDesk, publicKey, type Sshd, startSshd } from './sshd.ts';

let desk: Desk;
let key: string;
let ca: string;
/** Trusts certificates of `ca`, and the key. */
let sshd: Sshd;
let jump: Sshd;
const before = process.env.TMPDIR;
beforeAll(async () => {
  desk = makeDesk();
  // Nobody else's connections are there.
  process.env.TMPDIR = desk.dir;
  key = desk.key('id');
  ca = desk.key('ca');
  sshd = await startSshd(desk, [key], { settings: `TrustedUserCAKeys ${ca}.pub` });
  jump = await startSshd(desk, [], { settings: `TrustedUserCAKeys ${ca}.pub` });
});
afterAll(() => {
  sshd.stop();
  jump.stop();
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
  desk.remove();
});

const keygen = (...args: string[]) =>
  execFileSync('ssh-keygen', ['-q', ...args], { stdio: 'pipe' });

/** A key with a certificate beside it: NAME and NAME-cert.pub. */
function certified(name: string, ...options: string[]): string {
  const file = desk.key(name);
  keygen('-s', ca, '-I', name, '-n', 'root', ...options, `${file}.pub`);
  return file;
}

/** Connects with nothing but these lines of ssh_config. */
const login = (lines: string, to = sshd, known = to.knownHosts) =>
  connect(
    { host: to.address, port: to.port },
    { configFile: sshConfig(desk, `Host *\n${lines}`, known) },
  );

/** OpenSSH connections of this user that are held or were left. */
const folders = () => readdirSync(tmpdir()).filter((name) => name.startsWith('fleet-mux-'));

describe('a certificate', () => {
  test('beside its key lets in', async () => {
    const file = certified('beside');
    const host = await login(`IdentityFile ${file}`);
    expect((await host.run('echo "$1"', ['in'])).stdout).toBe('in\n');
    expect(host.publicKey).toBe(publicKey(file));
    host.close();
  });

  test('that CertificateFile names, with its key in an agent', async () => {
    const file = certified('named');
    const agent = await startAgent(desk);
    agent.add(file);
    const host = await login(
      `IdentityAgent ${agent.socket}\nIdentityFile ${file}.pub\nCertificateFile ${file}-cert.pub`,
    );
    host.close();
    agent.stop();
  });

  test('that only an agent holds', async () => {
    const agent = await agentWith(certified('held'));
    const host = await login(`IdentityAgent ${agent.socket}\nIdentityFile none`);
    host.close();
    agent.stop();
  });

  test('that has expired does not, once and for all, and the key that was refused is named', async () => {
    const file = certified('old', '-V', '20200101:20200102');
    const error = await failure(login(`IdentityFile ${file}`));
    expect(error.code).toBe('ssh.auth-failed');
    expect(isRefusal(error)).toBe(true);
    expect(error.detail).toContain(`refused: ${file}`);
    expect(error.detail).toMatch(/the server takes: .*publickey/);
  });

  test('leads through a jump host, which is verified as well', async () => {
    const file = certified('jumper');
    const lines = `IdentityFile ${file}\nHost hv1\n  HostName ${sshd.address}\n  Port ${sshd.port}\n  ProxyJump root@${jump.address}:${jump.port}\n`;
    const to = (known: string, more = '') =>
      connect({ host: 'hv1' }, { configFile: sshConfig(desk, `${more}Host *\n${lines}`, known) });
    const host = await to(sshd.knownHosts + jump.knownHosts);
    expect((await host.run('cat', [], { stdin: 'through' })).stdout).toBe('through');
    host.close();
    // Whatever ssh_config says: what `ssh -J` starts for a jump host would obey it.
    const trusting = 'Host *\n  StrictHostKeyChecking no\n';
    const error = await failure(to(sshd.knownHosts, trusting));
    expect(error.code).toBe('ssh.unknown-host-key');
    expect(error.message).toContain('jump host of hv1');
    expect(error.message).toContain(fingerprintOf(jump.hostKey));
  });
});

async function agentWith(file: string): Promise<Agent> {
  const agent = await startAgent(desk);
  agent.add(file);
  return agent;
}

describe('host keys', () => {
  test('a certificate of a @cert-authority is known, and one of nobody is not', async () => {
    const hostCa = desk.key('host_ca');
    const hostKey = desk.key('certified_host');
    keygen('-s', hostCa, '-h', '-I', 'hv1', '-n', '127.0.0.0,hv1', `${hostKey}.pub`);
    const server = await startSshd(desk, [], {
      settings: `HostCertificate ${hostKey}-cert.pub`,
      given: { hostKey, authorizedKeys: `${key}.pub` },
    });
    const at = (known: string) => login(`HostKeyAlias hv1\nIdentityFile ${key}`, server, known);
    const host = await at(`@cert-authority hv1 ${publicKey(hostCa)}\n`);
    expect(host.publicKey).toBe(publicKey(key));
    host.close();
    const error = await failure(at(`@cert-authority hv1 ${publicKey(ca)}\n`));
    expect(error.code).toBe('ssh.unknown-host-key');
    expect(error.message).toContain(fingerprintOf(hostKey));
    server.stop();
  });

  test('a key that RevokedHostKeys names is refused, also when it is known', async () => {
    const list = desk.path('krl');
    keygen('-k', '-f', list, `${sshd.hostKey}.pub`);
    const error = await failure(login(`IdentityFile ${key}\nRevokedHostKeys ${list}`));
    expect(error.code).toBe('ssh.host-key-revoked');
    expect(isRefusal(error)).toBe(true);
    expect(error.message).toContain(list);
    // A list that cannot be read revokes everything.
    const lost = await failure(login(`IdentityFile ${key}\nRevokedHostKeys ${desk.path('gone')}`));
    expect(isRefusal(lost)).toBe(true);
  });

  test.each([
    'VerifyHostKeyDNS yes',
    'NoHostAuthenticationForLocalhost yes',
    'StrictHostKeyChecking accept-new',
  ])('%s does not make an unknown key known', async (option) => {
    const config = `IdentityFile ${key}\nRevokedHostKeys ${desk.write('none', '')}\n${option}`;
    expect((await failure(login(config, sshd, ''))).code).toBe('ssh.unknown-host-key');
    expect(readFileSync(desk.path('known_hosts'), 'utf8')).toBe('');
  });
});

/** The software key of OpenSSH's own tests (Debian: openssh-tests). */
const securityKey = '/usr/lib/openssh/regress/misc/sk-dummy/sk-dummy.so';

describe.skipIf(!existsSync(process.env.FLEET_SK_DUMMY ?? securityKey))('a security key', () => {
  const provider = process.env.FLEET_SK_DUMMY ?? securityKey;

  test.each(['ed25519-sk', 'ecdsa-sk'])('of type %s lets in, from a file', async (type) => {
    const file = desk.path(`id_${type}`);
    keygen('-w', provider, '-t', type, '-N', '', '-f', file);
    const server = await startSshd(desk, [file]);
    const host = await login(`IdentityFile ${file}\nSecurityKeyProvider ${provider}`, server);
    expect(host.publicKey).toBe(publicKey(file));
    expect((await host.run('echo in', [])).stdout).toBe('in\n');
    host.close();
    server.stop();
  });

  test('lets in from an agent, whatever else is there', async () => {
    const file = desk.path('id_held_sk');
    keygen('-w', provider, '-t', 'ed25519-sk', '-N', '', '-f', file);
    const server = await startSshd(desk, [file]);
    const agent = await startAgent(desk, '-P', `${provider},internal`);
    agent.add(file, '-S', provider);
    const host = await login(`IdentityAgent ${agent.socket}\nIdentityFile none`, server);
    expect(host.publicKey).toBe(publicKey(file));
    host.close();
    agent.stop();
    server.stop();
  });
});

/** Module text that connects: `host`. */
const connectScript = (configFile: string) => `
  import { here } from ${JSON.stringify(new URL('../surroundings.ts', import.meta.url).href)};
  import { sshConnector } from ${JSON.stringify(new URL('../../src/host/ssh/connector.ts', import.meta.url).href)};
  const ssh = { host: ${JSON.stringify(sshd.address)}, port: ${sshd.port} };
  const connector = sshConnector({ configFile: ${JSON.stringify(configFile)}, surroundings: here });
  const host = await connector.connect({ name: 'hv1', ssh });`;

describe('connections', () => {
  const lines = () => `IdentityFile ${key}\nRevokedHostKeys ${desk.write('none', '')}`;
  const logins = () => sshd.log().split('Accepted').length;

  test('each is fresh, its scripts share it, and nothing is left of it', async () => {
    const [before, left] = [logins(), folders()];
    const one = await login(lines());
    await Promise.all([one.run('true', []), one.run('true', []), one.run('true', [])]);
    expect(logins()).toBe(before + 1);
    const other = await login(`${lines()}\nControlMaster auto\nControlPath ${desk.path('mine')}`);
    expect(logins()).toBe(before + 2);
    expect(existsSync(desk.path('mine'))).toBe(false);
    one.close();
    expect((await other.run('echo still', [])).stdout).toBe('still\n');
    other.close();
    expect(folders()).toEqual(left);
  });

  test('no agent is passed on, and no terminal is given', async () => {
    const agent = await agentWith(key);
    const host = await login(
      `${lines()}\nForwardAgent yes\nRequestTTY force\nIdentityAgent ${agent.socket}`,
    );
    const { stdout } = await host.run('echo "<$SSH_AUTH_SOCK>"; tty', []);
    expect(stdout).toBe('<>\nnot a tty\n');
    host.close();
    agent.stop();
  });

  test('sshd that allows no more sessions says so, and nothing connects around it', async () => {
    const server = await startSshd(desk, [key], { settings: 'MaxSessions 0' });
    const host = await login(lines(), server);
    expect((await failure(host.run('true', []))).code).toBe('ssh.no-session');
    expect(server.log().split('Accepted')).toHaveLength(2);
    host.close();
    server.stop();
  });

  test('sshd that forbids forwarding says so', async () => {
    const server = await startSshd(desk, [key], { settings: 'AllowTcpForwarding no' });
    const host = await login(lines(), server);
    const error = await failure(host.connectTcp('127.0.0.1', server.port, 5000));
    expect(error.code).toBe('ssh.tcp-forbidden');
    host.close();
    server.stop();
  });

  test('a TCP connection that nobody answers is given up', async () => {
    const host = await login(lines());
    // A network that is for documentation: its packets go nowhere.
    const error = await failure(host.connectTcp('192.0.2.1', 80, 500));
    expect(['ssh.timed-out', 'ssh.tcp-refused']).toContain(error.code);
    host.close();
  });

  test('a fleet that is killed leaves no connection for long, and the next one tidies up', async () => {
    const left = folders();
    const script = `
      ${connectScript(sshConfig(desk, `Host *\n${lines()}`, sshd.knownHosts))}
      console.log((await host.run('echo $PPID', [])).stdout);
      process.kill(process.pid, 'SIGKILL');`;
    const args = ['--input-type=module-typescript', '-e', script];
    const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 20_000 });
    const session = Number(stdout);
    const [folder = ''] = folders().filter((name) => !left.includes(name));
    await expect
      .poll(() => existsSync(`/proc/${session}`) || existsSync(join(tmpdir(), folder, 's')), {
        timeout: 20_000,
      })
      .toBe(false);
    const longAgo = new Date(Date.now() - 3600_000);
    utimesSync(join(tmpdir(), folder), longAgo, longAgo);
    (await login(lines())).close();
    expect(folders()).toEqual(left);
  });

  test.each(['openssh', 'ssh2'] as const)(
    'Ctrl-C in the terminal is for fleet, not for its connection (%s)',
    async (adapter) => {
      // Through a program: it would end, too.
      const proxy = `ProxyCommand ssh -F none -o UserKnownHostsFile=${desk.path('known_hosts')} -i ${key} -p ${sshd.port} ${sshd.address} -W %h:%p`;
      const config = sshConfig(
        desk,
        `Host *\n  IdentityFile ${key}\n  ${proxy}`,
        sshd.knownHosts,
        adapter,
      );
      const script = `
        process.on('SIGINT', () => {});
        ${connectScript(config)}
        const slow = host.run('echo; sleep 1; echo done', [], { onLine: () => console.log('ready') });
        console.log((await slow).stdout.trim(), (await host.run('echo after', [])).stdout);
        host.close();`;
      const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
        detached: true,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let said = '';
      child.stdout.on('data', (chunk) => {
        if (said === '') process.kill(-child.pid!, 'SIGINT');
        said += chunk;
      });
      await new Promise((done) => child.once('close', done));
      expect(said).toContain('done after\n');
    },
  );

  test('what was left by another user, or is young, stays', async () => {
    const young = join(tmpdir(), 'fleet-mux-young0');
    mkdirSync(young, { recursive: true });
    writeFileSync(join(young, 'log'), '');
    (await login(lines())).close();
    expect(existsSync(young)).toBe(true);
    execFileSync('rm', ['-r', young]);
  });
});
