import { execFileSync } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Host, Shell } from '../../src/host/host.ts';
import { sshCommander } from '../../src/host/ssh/command.ts';
import type { FleetError } from '../../src/model/errors.ts';
import type { Hypervisor } from '../../src/model/fleet.ts';
import { here } from '../surroundings.ts';
import { adapters, connect, failure, sshConfig } from './desk.ts';
import { type Desk, makeDesk, publicKey, type Sshd, startSshd } from './sshd.ts';

// Two real sshds: the hypervisor's, and the guest's, which is reached through it.
let desk: Desk;
let key: string;
let hypervisor: Sshd;
let guest: Sshd;
beforeAll(async () => {
  desk = makeDesk();
  key = desk.key('id');
  hypervisor = await startSshd(desk, [key]);
  const hostKey = desk.key('given', { type: 'ecdsa' });
  // It has a key of its own, too, which nobody knows.
  const settings = `HostKey ${desk.key('own')}`;
  guest = await startSshd(desk, [], { given: { hostKey, authorizedKeys: `${key}.pub` }, settings });
});
afterAll(() => {
  for (const sshd of [hypervisor, guest]) sshd.stop();
  desk.remove();
});

const lines = () => `Host web1\n  Port ${guest.port}\nHost *\n  IdentityFile ${key}\n`;
const login = (keys = [keyOf(guest.hostKey)]) => ({
  name: 'web1',
  address: guest.address,
  user: 'root',
  keys,
});

function keyOf(file: string): { type: string; base64: string } {
  const [type = '', base64 = ''] = publicKey(file).split(' ');
  return { type, base64 };
}

async function said(shell: Shell, command: string, stdin?: string): Promise<unknown[]> {
  const running = await shell.exec(command, stdin === undefined ? {} : { stdin });
  const both = Promise.all([text(running.stdout), text(running.stderr)]);
  return [...(await both), await running.exit];
}

describe.each(adapters)('%s', (adapter) => {
  const config = (known = hypervisor.knownHosts) => sshConfig(desk, lines(), known, adapter);
  const reached = (known?: string): Promise<Host> =>
    connect(
      { host: hypervisor.address, port: hypervisor.port, user: 'root' },
      { configFile: config(known) },
    );

  test('a command for the login shell, with its input, outputs and exit status', async () => {
    const host = await reached();
    const output = ['heard\n', 'no\n', { code: 9 }];
    const command = 'read -r a; echo $a; echo no >&2; exit 9';
    expect(await said(host, command, 'heard\n')).toEqual(output);
    const shell = await host.enter(login());
    expect(await said(shell, command, 'heard\n')).toEqual(output);
    expect(await said(shell, 'cat')).toEqual(['', '', { code: 0 }]);
    host.close();
  });

  test('the connection to the hypervisor outlives that to its guest', async () => {
    const host = await reached();
    (await host.enter(login())).close();
    expect(await said(host, 'echo here')).toEqual(['here\n', '', { code: 0 }]);
    const shell = await host.enter(login());
    host.close();
    const code = async () => {
      const running = await shell.exec('true');
      running.stdout.resume();
      running.stderr.resume();
      return running.exit.then(() => 'it ran');
    };
    await expect
      .poll(() => code().catch((error: FleetError) => error.code), { timeout: 30_000 })
      .toBe('ssh.lost');
  });

  test('a guest that shows another key than the given ones is not talked to', async () => {
    const host = await reached();
    const before = guest.log();
    // What known_hosts says counts for nothing then.
    const error = await failure(
      host.enter(login([keyOf(desk.key(`other-${adapter}`, { type: 'ecdsa' }))])),
    );
    expect(error.code).toBe('guest.host-key');
    expect(guest.log().slice(before.length)).not.toContain('Accepted');
    host.close();
  });

  test('without given keys known_hosts decides', async () => {
    const host = await reached();
    expect((await failure(host.enter(login([])))).code).toBe('ssh.unknown-host-key');
    host.close();
    const known = await reached(hypervisor.knownHosts + guest.knownHosts);
    expect(await said(await known.enter(login([])), 'echo in')).toEqual(['in\n', '', { code: 0 }]);
    known.close();
  });

  test('a guest that does not answer, or does not let us in', async () => {
    const host = await reached();
    const nobody = await failure(host.enter({ ...login(), address: '127.255.255.1' }));
    expect(nobody.code).toBe('ssh.tcp-refused');
    const wrong = await failure(host.enter({ ...login(), user: 'daemon' }));
    expect(wrong.code).toBe('ssh.auth-failed');
    host.close();
  });
});

describe("OpenSSH's own ssh, as a person has it", () => {
  const run = (words: readonly string[]): string => {
    try {
      return execFileSync('ssh', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    } catch (error) {
      return (error as { stderr: string }).stderr;
    }
  };
  const to = (): Hypervisor =>
    ({
      name: 'hv1',
      ssh: { host: hypervisor.address, port: hypervisor.port, user: 'root' },
    }) as Hypervisor;
  const commander = (known: string, more = '') =>
    sshCommander({ surroundings: here, configFile: sshConfig(desk, `${more}${lines()}`, known) });

  test('goes into a guest through its hypervisor, and leaves nothing behind', async () => {
    const command = await commander(hypervisor.knownHosts)({ hypervisor: to(), guest: login() });
    const words = [...command.options, '--', command.host, "echo $0; echo 'a  b'"];
    expect(run(words)).toMatch(/sh\na {2}b\n$/);
    const file = command.options.find((word) => word.startsWith('UserKnownHostsFile='))?.slice(19);
    command.close();
    expect(() => execFileSync('ls', [file!], { stdio: 'ignore' })).toThrow();
  });

  test('goes to a hypervisor through jump hosts that must be known, whatever ssh_config says', async () => {
    const lax = `Host jump\n  HostName ${guest.address}\n  Port ${guest.port}\nHost ${hypervisor.address}\n  ProxyJump jump\nHost *\n  StrictHostKeyChecking no\n`;
    const known = await commander(
      hypervisor.knownHosts + guest.knownHosts,
      lax,
    )({ hypervisor: to() });
    expect(run([...known.options, '--', known.host, 'echo in'])).toBe('in\n');
    const unknown = await commander(hypervisor.knownHosts, lax)({ hypervisor: to() });
    expect(run([...unknown.options, '--', unknown.host, 'echo in'])).toContain(
      'Host key verification failed',
    );
  });

  test('refuses a guest that shows another key', async () => {
    const other = login([keyOf(desk.key('third', { type: 'ecdsa' }))]);
    const command = await commander(hypervisor.knownHosts)({ hypervisor: to(), guest: other });
    expect(run([...command.options, '--', command.host, 'echo in'])).toContain(
      'Host key verification failed',
    );
    command.close();
  });
});
