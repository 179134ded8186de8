import { createServer, type Server } from 'node:net';
import { userInfo } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { adapters, connect, failure, sshConfig } from './desk.ts';
import { type Desk, fingerprintOf, makeDesk, publicKey, type Sshd, startSshd } from './sshd.ts';

let desk: Desk;
let key: string;
let sshd: Sshd;
beforeAll(async () => {
  desk = makeDesk();
  key = desk.key('id');
  sshd = await startSshd(desk, [key]);
});
afterAll(() => {
  sshd.stop();
  desk.remove();
});

const alias = () =>
  `Host hv1\n  HostName ${sshd.address}\n  Port ${sshd.port}\n  IdentityFile ${key}\n`;

describe.each(adapters)('%s', (adapter) => {
  test('an alias of ssh_config is enough', async () => {
    const host = await connect(
      { host: 'hv1' },
      { configFile: sshConfig(desk, alias(), sshd.knownHosts, adapter) },
    );
    expect(host).toMatchObject({ name: 'hv1', user: userInfo().username, port: sshd.port });
    expect(host.publicKey).toBe(publicKey(key));
    expect(await host.run('echo hello', [])).toEqual({ code: 0, stdout: 'hello\n', stderr: '' });
    host.close();
    host.close();
  });

  test('the identity file of fleet.yaml is enough, too', async () => {
    const configFile = sshConfig(desk, '', sshd.knownHosts, adapter);
    const ssh = { host: sshd.address, port: sshd.port, identityFile: key };
    const host = await connect(ssh, { configFile });
    expect(host.publicKey).toBe(publicKey(key));
    host.close();
    const error = await failure(connect({ ...ssh, identityFile: '/no/such key' }, { configFile }));
    expect(error.code).toBe('ssh.identity-file');
  });

  test('an unknown host key is refused before we say who we are', async () => {
    const logins = sshd.log().split('Accepted').length;
    const error = await failure(
      connect({ host: 'hv1' }, { configFile: sshConfig(desk, alias(), '', adapter) }),
    );
    expect(error.code).toBe('ssh.unknown-host-key');
    expect(error.message).toContain(fingerprintOf(sshd.hostKey));
    expect(error.hint).toContain(
      adapter === 'ssh2'
        ? `'${sshd.knownHosts.trim()}' >> ${desk.path('known_hosts')}`
        : `ssh -o 'StrictHostKeyChecking=ask' -F ${desk.path('config')} -- hv1 true`,
    );
    expect(sshd.log().split('Accepted')).toHaveLength(logins);
  });

  test('StrictHostKeyChecking no in ssh_config does not help', async () => {
    const config = sshConfig(desk, `${alias()}  StrictHostKeyChecking no\n`, '', adapter);
    const error = await failure(connect({ host: 'hv1' }, { configFile: config }));
    expect(error.code).toBe('ssh.unknown-host-key');
  });

  test('a changed host key is refused, with both fingerprints and the commands', async () => {
    const logins = sshd.log().split('Accepted').length;
    const old = desk.key(`old-${adapter}`);
    const known = `[${sshd.address}]:${sshd.port} ${publicKey(old)}\n`;
    const error = await failure(
      connect({ host: 'hv1' }, { configFile: sshConfig(desk, alias(), known, adapter) }),
    );
    expect(error.code).toBe('ssh.host-key-changed');
    expect(error.message).toContain(fingerprintOf(sshd.hostKey));
    expect(error.detail).toContain(fingerprintOf(old));
    expect(error.hint).toContain(`ssh-keygen -R '[${sshd.address}]:${sshd.port}'`);
    expect(sshd.log().split('Accepted')).toHaveLength(logins);
  });

  test('a server with several host keys shows the one that is known', async () => {
    const rsa = desk.key(`rsa_${adapter}`, { type: 'rsa' });
    const two = await startSshd(desk, [key], { settings: `HostKey ${rsa}` });
    const known = `[${two.address}]:${two.port} ${publicKey(rsa)}\n`;
    const configFile = sshConfig(desk, '', known, adapter);
    const host = await connect(
      { host: two.address, port: two.port, identityFile: key },
      { configFile },
    );
    host.close();
    two.stop();
  });

  test('a name that does not exist, a port where nobody listens', async () => {
    const configFile = sshConfig(desk, alias(), sshd.knownHosts, adapter);
    const dns = await failure(connect({ host: 'nobody.invalid' }, { configFile }));
    expect(['ssh.dns', 'ssh.unreachable']).toContain(dns.code);
    const refused = await failure(connect({ host: '127.0.0.1', port: 1 }, { configFile }));
    expect(refused.code).toBe('ssh.refused');
    expect(refused.message).toContain('127.0.0.1 port 1');
  });

  test('a port where someone listens and says nothing, or something else than ssh', async () => {
    const configFile = sshConfig(desk, '', '', adapter);
    const silent = await listen(() => {});
    const error = await failure(connect(silent.target, { configFile, connectTimeoutMs: 300 }));
    expect(error.code).toBe('ssh.timed-out');
    silent.server.close();
    const http = await listen((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect((await failure(connect(http.target, { configFile }))).code).toBe('ssh.handshake');
    http.server.close();
  });

  test('HostKeyAlgorithms of ssh_config hold, also where they leave nothing that fleet or the server has', async () => {
    const ecdsa = desk.key(`ecdsa_of_two_${adapter}`, { type: 'ecdsa' });
    const two = await startSshd(desk, [key], { settings: `HostKey ${ecdsa}` });
    const { address, port, hostKey } = two;
    const [ed25519, both] = [[hostKey], [hostKey, ecdsa]].map((keys) =>
      keys.map((k) => `[${address}]:${port} ${publicKey(k)}\n`).join(''),
    ) as [string, string];
    const connected = async (algorithms: string, known: string) => {
      const at = `Host hv1\n  HostName ${address}\n  Port ${port}\n  IdentityFile ${key}\n`;
      const configFile = sshConfig(desk, `${at}  HostKeyAlgorithms ${algorithms}\n`, known);
      (await connect({ host: 'hv1' }, { configFile })).close();
    };
    await connected('ecdsa-sha2-nistp256', both);
    // The server shows the key that was asked for, though another one is known.
    const other = await failure(connected('ecdsa-sha2-nistp256', ed25519));
    expect(other.code).toBe('ssh.host-key-changed');
    for (const none of ['rsa-sha2-512', 'ssh-ed25519-cert-v01@openssh.com'])
      expect((await failure(connected(none, both))).code, none).toBe('ssh.handshake');
    two.stop();
  });

  async function listen(speak: Parameters<typeof createServer>[1]) {
    const server: Server = createServer({}, speak);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as { port: number };
    return { server, target: { host: '127.0.0.1', port } };
  }

  test('Ciphers, KexAlgorithms and MACs of ssh_config hold, also those that ssh2 lacks', async () => {
    const at = (settings: string) => ({
      configFile: sshConfig(desk, `${alias()}${settings}`, sshd.knownHosts, adapter),
    });
    const narrow =
      '  Ciphers aes256-ctr\n  KexAlgorithms ecdh-sha2-nistp384\n  MACs hmac-sha2-512\n';
    const host = await connect({ host: 'hv1' }, at(narrow));
    expect((await host.run('echo hello', [])).stdout).toBe('hello\n');
    host.close();
    const other = await connect({ host: 'hv1' }, at('  MACs umac-64@openssh.com\n'));
    expect((await other.run('echo hello', [])).stdout).toBe('hello\n');
    other.close();
  });
});
