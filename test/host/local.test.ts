import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Host } from '../../src/host/host.ts';
import { localConnector } from '../../src/host/local/connector.ts';
import { hypervisor } from '../render/build.ts';
import { here } from '../surroundings.ts';

const machine = (port: number) =>
  hypervisor('hv1', { ssh: { host: 'nowhere.example.net', user: 'root', port } });
const connector = () => localConnector('hv1', { surroundings: here });

describe('this machine as a hypervisor', () => {
  const servers: Server[] = [];
  const hosts: Host[] = [];
  afterEach(() => {
    for (const host of hosts.splice(0)) host.close();
    for (const server of servers.splice(0)) server.close();
  });

  /** Greets as sshd does. */
  async function sshd(): Promise<{ server: Server; port: number }> {
    const server = createServer((socket) => socket.on('error', () => {}).end('SSH-2.0-test\r\n'));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { server, port: (server.address() as AddressInfo).port };
  }
  /** A port that nobody listens on. */
  async function nobody(): Promise<number> {
    const { server, port } = await sshd();
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
  const open = async (port: number, by = connector()) => {
    const host = await by.connect(machine(port));
    hosts.push(host);
    return host;
  };

  it('runs scripts with arguments and input, and gives their output and exit', async () => {
    const host = await open(await nobody());
    const script = 'read -r line; printf "%s\\n" "$line" "$@"; echo bad >&2; exit 3';
    const run = await host.run(script, ["it's", '$(no)', ''], { stdin: 'said\n' });
    expect(run).toEqual({ code: 3, stdout: "said\nit's\n$(no)\n\n", stderr: 'bad\n' });
    const lines: string[] = [];
    await host.run('echo a; echo b', [], { onLine: (line) => lines.push(line) });
    expect(lines).toEqual(['a', 'b']);
  });

  it('gives scripts the variables of a login, and none of whoever starts fleet', async () => {
    const env = { ...here.env, FLEET_ANSWER: '9', GIT_DIR: '/x', HOME: '/root' };
    const host = await localConnector('hv1', { surroundings: { ...here, env } }).connect(
      machine(await nobody()),
    );
    const { stdout } = await host.run('echo "${FLEET_ANSWER-none} ${GIT_DIR-none} $HOME"', []);
    expect(stdout).toBe('none none /root\n');
    host.close();
  });

  it('does not wait longer than it may, and says so', async () => {
    const host = await open(await nobody());
    const late = host.run('sleep 20', [], { timeoutMs: 300, title: 'facts' });
    await expect(late).rejects.toMatchObject({ code: 'ssh.timed-out' });
    await expect(host.run('true', [])).rejects.toMatchObject({ code: 'ssh.lost' });
  });

  it('gives commands no terminal, and says whose they are', async () => {
    const host = await open(await nobody());
    const pty = { type: 'xterm', columns: 80, rows: 24 };
    await expect(host.open('true', [], { pty })).rejects.toMatchObject({
      code: 'local.no-terminal',
    });
    const running = await host.exec('echo out; exit 4', {});
    running.stderr.resume();
    expect((await running.stdout.toArray()).join('')).toBe('out\n');
    expect(await running.exit).toEqual({ code: 4 });
  });

  it('connects to ports from here, or says that nobody listens', async () => {
    const { port } = await sshd();
    const host = await open(port);
    const socket = await host.connectTcp('127.0.0.1', port, 1000);
    expect((await socket.toArray()).join('')).toContain('SSH-2.0');
    await expect(host.connectTcp('127.0.0.1', await nobody(), 1000)).rejects.toMatchObject({
      code: 'ssh.tcp-refused',
    });
  });

  it('whose sshd has gone since the first connection is not reached afresh', async () => {
    const { server, port } = await sshd();
    const by = connector();
    await open(port, by);
    await open(port, by);
    await new Promise((resolve) => server.close(resolve));
    await expect(by.connect(machine(port))).rejects.toMatchObject({ code: 'ssh.none-here' });
  });

  it('whose sshd was silent from the beginning is reached all the same', async () => {
    const by = connector();
    const port = await nobody();
    await open(port, by);
    await open(port, by);
  });

  it('reaches no other hypervisor', async () => {
    await expect(connector().connect(hypervisor('hv2'))).rejects.toMatchObject({
      code: 'local.elsewhere',
    });
  });
});
