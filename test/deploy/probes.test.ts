import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { probe } from '../../src/deploy/probes.ts';
import type { Host } from '../../src/host/host.ts';
import { greeting } from '../../src/host/scripts.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server on loopback that does `onConnect`, as a guest behind an ssh connection. */
async function guest(onConnect: (socket: Socket) => void): Promise<{ host: Host; port: number }> {
  const server = createServer(onConnect);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const connectTcp = async () => connect(port, '127.0.0.1');
  return { host: { connectTcp } as unknown as Host, port };
}

const http = (port: number) => ({ kind: 'http', port, path: '/healthz', status: 200 }) as const;

describe('checks that fleet.yaml asks for', () => {
  test('http sees the status', async () => {
    const { host, port } = await guest((socket) => {
      socket.once('data', (request) => {
        const ok = request.toString().startsWith('GET /healthz HTTP/1.1');
        socket.end(`HTTP/1.1 ${ok ? 200 : 404} X\r\ncontent-length: 0\r\n\r\n`);
      });
    });
    expect(await probe(host, 'web1', '10.1.0.2', [http(port)])).toEqual([
      { target: 'web1', check: `http ${port}/healthz`, ok: true, expected: '200', seen: '200' },
    ]);
  });

  test('http tells another status from the expected one', async () => {
    const { host, port } = await guest((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 503 X\r\ncontent-length: 0\r\n\r\n'));
    });
    expect(await probe(host, 'web1', '10.1.0.2', [http(port)])).toMatchObject([
      { ok: false, seen: '503' },
    ]);
  });

  test('a server that accepts and never answers does not hold up the deployment', async () => {
    const { host, port } = await guest((socket) => socket.on('error', () => {}));
    const [check] = await probe(host, 'web1', '10.1.0.2', [http(port)]);
    expect(check).toMatchObject({ ok: false, seen: 'no answer within 3 s' });
  });

  test('tcp only connects', async () => {
    const { host, port } = await guest((socket) => socket.on('error', () => {}));
    expect(await probe(host, 'db1', '10.1.0.2', [{ kind: 'tcp', port }])).toMatchObject([
      { check: `tcp ${port}`, ok: true, seen: 'connects' },
    ]);
  });

  test('a connection that is refused is seen as such', async () => {
    const host = {
      connectTcp: async () => {
        throw new Error('connection refused');
      },
    } as unknown as Host;
    expect(await probe(host, 'db1', '10.1.0.2', [{ kind: 'tcp', port: 1 }])).toMatchObject([
      { ok: false, expected: 'connects', seen: 'connection refused' },
    ]);
  });

  test('a server that hangs up is not healthy', async () => {
    const { host, port } = await guest((socket) => socket.destroy());
    expect(await probe(host, 'web1', '10.1.0.2', [http(port)])).toMatchObject([{ ok: false }]);
  });

  describe('run inside the guest', () => {
    /** A hypervisor on which guest-run says `output`. */
    const saying = (output: string, asked: string[][] = []) =>
      ({
        run: async (_: string, args: readonly string[]) => {
          asked.push([...args]);
          return { code: 0, stdout: `${greeting('guest-run')}\n${output}`, stderr: '' };
        },
      }) as unknown as Host;
    const run = { kind: 'run', command: 'systemctl is-active "x y"' } as const;
    const look = async (output: string) =>
      (await probe(saying(output), 'db1', '10.1.0.2', [run]))[0];

    test('exit 0 is what is expected, and the command goes as one argument', async () => {
      const asked: string[][] = [];
      expect(await probe(saying('0\nactive\n', asked), 'db1', '10.1.0.2', [run])).toEqual([
        {
          target: 'db1',
          check: 'run systemctl is-active "x y"',
          ok: true,
          expected: 'exit 0',
          seen: 'exit 0',
        },
      ]);
      expect(asked).toEqual([['db1', '10.1.0.2', '22', 'fleet-check', '10', run.command]]);
    });

    test('another end is shown with what the guest said, and nothing that moves a cursor', async () => {
      expect(await look('3\ninactive\n')).toMatchObject({ ok: false, seen: 'exit 3: inactive' });
      expect(await look('1\n\n')).toMatchObject({ seen: 'exit 1' });
      expect(await look('1\na\u001b[2Jb\nc\n')).toMatchObject({ seen: 'exit 1: a·[2Jb / c' });
      expect(await look('124\n')).toMatchObject({ seen: 'no end within 10 s' });
      expect(await look('255\nHost key verification failed.\n')).toMatchObject({
        seen: 'ssh failed: Host key verification failed.',
      });
    });

    test('a guest without keys is seen as such', async () => {
      const stderr = 'fleet-error\tguest.no-keys\tthere is no key\n';
      const host = { run: async () => ({ code: 70, stdout: '', stderr }) } as unknown as Host;
      expect(await probe(host, 'db1', '10.1.0.2', [run])).toMatchObject([
        { ok: false, seen: 'there is no key' },
      ]);
    });

    /** A host that tells how many commands it ran at a time. */
    function counting(): { host: Host; most: () => number } {
      let now = 0;
      let most = 0;
      const run = async () => {
        most = Math.max(most, ++now);
        await new Promise((done) => setTimeout(done, 5));
        now--;
        return { code: 0, stdout: `${greeting('guest-run')}\n0\n`, stderr: '' };
      };
      return { host: { run } as unknown as Host, most: () => most };
    }

    test('commands are run one after the other', async () => {
      const { host, most } = counting();
      expect(await probe(host, 'db1', '10.1.0.2', [run, run, run])).toHaveLength(3);
      expect(most()).toBe(1);
    });

    test('of many guests no more at a time than a connection has sessions for', async () => {
      const { host, most } = counting();
      const names = Array.from({ length: 20 }, (_, n) => `web${n}`);
      const all = await Promise.all(names.map((name) => probe(host, name, '10.1.0.2', [run, run])));
      expect(all.flat().every(({ ok }) => ok)).toBe(true);
      expect(most()).toBe(4);
    });
  });
});
