import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { adapters, connect, failure, sshConfig } from './desk.ts';
import { type Desk, fingerprintOf, makeDesk, type Sshd, startSshd } from './sshd.ts';

let desk: Desk;
let key: string;
let first: Sshd;
let second: Sshd;
let target: Sshd;
beforeAll(async () => {
  desk = makeDesk();
  key = desk.key('id');
  first = await startSshd(desk, [key]);
  second = await startSshd(desk, [key]);
  target = await startSshd(desk, [key]);
});
afterAll(() => {
  for (const sshd of [first, second, target]) sshd.stop();
  desk.remove();
});

function hosts(): string {
  const of = (name: string, sshd: Sshd, more = '') =>
    `Host ${name}\n  HostName ${sshd.address}\n  Port ${sshd.port}\n  IdentityFile ${key}\n${more}`;
  return (
    of('first', first) + of('second', second) + of('hv1', target, '  ProxyJump first,second\n')
  );
}
const allKnown = () => first.knownHosts + second.knownHosts + target.knownHosts;
const accepted = (sshd: Sshd) => sshd.log().split('Accepted').length - 1;

describe.each(adapters)('%s', (adapter) => {
  test('two jump hosts, each verified', async () => {
    const before = [first, second, target].map(accepted);
    const host = await connect(
      { host: 'hv1' },
      { configFile: sshConfig(desk, hosts(), allKnown(), adapter) },
    );
    expect((await host.run('cat; echo "$1"', ['over here'], { stdin: 'x' })).stdout).toBe(
      'xover here\n',
    );
    host.close();
    expect([first, second, target].map(accepted)).toEqual(before.map((n) => n + 1));
  });

  test('the jump of fleet.yaml, with user and port', async () => {
    const configFile = sshConfig(
      desk,
      `${hosts()}Host *\n  IdentityFile ${key}\n`,
      allKnown(),
      adapter,
    );
    const ssh = {
      host: target.address,
      port: target.port,
      jump: `root@${first.address}:${first.port}`,
    };
    const host = await connect(ssh, { configFile });
    host.close();
  });

  test('a jump host with an unknown key is refused, and nothing goes through it', async () => {
    const before = accepted(second) + accepted(target);
    const configFile = sshConfig(desk, hosts(), first.knownHosts + target.knownHosts, adapter);
    const error = await failure(connect({ host: 'hv1' }, { configFile }));
    expect(error.code).toBe('ssh.unknown-host-key');
    expect(error.message).toContain('jump host of hv1');
    expect(error.message).toContain(fingerprintOf(second.hostKey));
    expect(accepted(second) + accepted(target)).toBe(before);
  });

  test('the target behind a jump host is verified, too', async () => {
    const configFile = sshConfig(desk, hosts(), first.knownHosts + second.knownHosts, adapter);
    const error = await failure(connect({ host: 'hv1' }, { configFile }));
    expect(error.code).toBe('ssh.unknown-host-key');
    expect(error.message).toContain(fingerprintOf(target.hostKey));
  });

  test('a target that the jump host cannot reach', async () => {
    const configFile = sshConfig(desk, hosts(), allKnown(), adapter);
    const error = await failure(
      connect({ host: '127.0.0.1', port: 1, jump: 'first' }, { configFile }),
    );
    expect(error.code).toBe('ssh.tcp-refused');
    expect(error.message).toContain('127.0.0.1 port 1');
  });

  test('a ProxyJump that leads back to itself ends', async () => {
    const config = sshConfig(
      desk,
      `Host loop\n  HostName 127.0.0.1\n  ProxyJump loop\n`,
      '',
      adapter,
    );
    const error = await failure(connect({ host: 'loop' }, { configFile: config }));
    expect(['ssh.config', 'ssh.refused']).toContain(error.code);
  });

  test('ProxyCommand: the machine is reached through a program', async () => {
    const through = `ssh -F none -i ${key} -o IdentityAgent=none -o UserKnownHostsFile=${desk.path('known_hosts')} -p ${first.port} ${first.address} -W %h:%p`;
    const config = `Host hv1\n  HostName ${target.address}\n  Port ${target.port}\n  IdentityFile ${key}\n  ProxyCommand ${through}\n`;
    const host = await connect(
      { host: 'hv1' },
      { configFile: sshConfig(desk, config, allKnown(), adapter) },
    );
    expect((await host.run('echo hello', [])).stdout).toBe('hello\n');
    host.close();
  });

  test('a ProxyCommand that fails: what it said', async () => {
    const config = `Host hv1\n  HostName 192.0.2.1\n  ProxyCommand sh -c "echo no way to %h >&2; exit 1"\n`;
    const error = await failure(
      connect({ host: 'hv1' }, { configFile: sshConfig(desk, config, '', adapter) }),
    );
    expect(error.code).toBe('ssh.handshake');
    expect(error.detail).toBe('no way to 192.0.2.1');
  });

  test('a ProxyCommand is ended with the connection', async () => {
    const pidFile = desk.path('proxy.pid');
    const program = desk.write('proxy.sh', `echo $$ > ${pidFile}\nexec sleep 60\n`);
    const config = `Host hv1\n  ProxyCommand sh ${program}\n  ConnectTimeout 1\n`;
    const error = await failure(
      connect({ host: 'hv1' }, { configFile: sshConfig(desk, config, '', adapter) }),
    );
    expect(error.code).toBe('ssh.timed-out');
    const pid = readFileSync(pidFile, 'utf8').trim();
    await expect
      .poll(
        () => existsSync(`/proc/${pid}/cmdline`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8'),
      )
      .toBeFalsy();
  });
});
