import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Host } from '../../src/host/host.ts';
import { adapters, connect, failure, sshConfig } from './desk.ts';
import { type Desk, makeDesk, type Sshd, startSshd } from './sshd.ts';

let desk: Desk;
let sshd: Sshd;
let key: string;
let host: Host;
beforeAll(async () => {
  desk = makeDesk();
  key = desk.key('id');
  sshd = await startSshd(desk, [key]);
});
afterAll(() => {
  sshd.stop();
  desk.remove();
});

describe.each(adapters)('%s', (adapter) => {
  beforeEach(async () => {
    const configFile = sshConfig(desk, `Host *\n  IdentityFile ${key}\n`, sshd.knownHosts, adapter);
    host = await connect({ host: sshd.address, port: sshd.port }, { configFile });
    return () => host.close();
  });

  /** The next piece of a stream that is read on afterwards. */
  const piece = (stream: AsyncIterable<unknown>) =>
    new Promise<string>((resolve) => {
      (stream as NodeJS.ReadableStream).once('data', (chunk: Buffer) => resolve(chunk.toString()));
    });

  test('input is written and output read while the script runs', async () => {
    const running = await host.open('while read -r a; do echo "$1 $a"; done; exit 5', ['heard']);
    for (const word of ['one', 'two']) {
      const answer = piece(running.stdout);
      running.stdin.write(`${word}\n`);
      expect(await answer).toBe(`heard ${word}\n`);
    }
    running.stdin.end();
    running.stderr.resume();
    expect(await running.exit).toEqual({ code: 5 });
  });

  test('input that is given is followed by its end; both outputs are apart', async () => {
    const running = await host.open('cat; echo oops >&2', [], { stdin: 'all of it' });
    expect(await Promise.all([text(running.stdout), text(running.stderr)])).toEqual([
      'all of it',
      'oops\n',
    ]);
    expect(await running.exit).toEqual({ code: 0 });
  });

  test('a script ended by a signal', async () => {
    const running = await host.open('kill -9 $$', [], { stdin: '' });
    running.stdout.resume();
    running.stderr.resume();
    expect(await running.exit).toMatchObject({ code: 255 });
  });

  test('output that nobody reads makes the script wait, and is all there in the end', async () => {
    const size = 64 * 1024 * 1024;
    const [count, all] = [desk.path('written'), String(size / 65536)];
    const running = await host.open(
      'i=0; while [ $i -lt "$2" ]; do head -c 65536 /dev/zero; i=$((i+1)); echo $i >"$1"; done',
      [count, all],
      { stdin: '' },
    );
    running.stderr.resume();
    const written = async () => Number((await host.run('cat "$1"', [count])).stdout);
    await new Promise((done) => setTimeout(done, 1000));
    const before = await written();
    await new Promise((done) => setTimeout(done, 500));
    expect(await written()).toBe(before);
    expect(before * 65536).toBeLessThan(16 * 1024 * 1024);
    let bytes = 0;
    for await (const chunk of running.stdout) bytes += (chunk as Buffer).length;
    expect(bytes).toBe(size);
    expect(await running.exit).toEqual({ code: 0 });
  });

  test('aborted: the channel closes, the outputs end, the connection stays', async () => {
    const stop = new AbortController();
    const running = await host.open('echo "$$"; exec cat', [], { signal: stop.signal });
    const pid = Number(await piece(running.stdout));
    stop.abort();
    running.stdout.resume();
    running.stderr.resume();
    expect((await failure(running.exit)).code).toBe('interrupted');
    await expect.poll(() => isAlive(pid)).toBe(false);
    expect((await host.run('echo here', [])).stdout).toBe('here\n');
    const late = failure(host.open('true', [], { signal: stop.signal }));
    expect((await late).code).toBe('interrupted');
  });

  function isAlive(pid: number): boolean {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  }

  test('a connection that is lost ends the outputs, and the exit says so', async () => {
    const running = await host.open('echo "$PPID"; sleep 60', [], { stdin: '' });
    process.kill(Number(await piece(running.stdout)), 'SIGKILL');
    running.stderr.resume();
    await text(running.stdout);
    expect((await failure(running.exit)).code).toBe('ssh.lost');
  });

  test('whoever only reads is not thrown at', async () => {
    const running = await host.open('echo half; sleep 60', [], { stdin: '' });
    await piece(running.stdout);
    host.close();
    expect(await Promise.all([text(running.stdout), text(running.stderr)])).toEqual(['', '']);
    await new Promise((done) => setTimeout(done, 50));
  });

  test('a terminal of the size asked for, which shows neither script nor arguments', async () => {
    const long = 'x'.repeat(20_000);
    const pty = { type: 'xterm', columns: 101, rows: 37 };
    const running = await host.open(
      'echo "$TERM ${#1}"; stty size; tty; read -r a; echo "<$a>"',
      [long],
      {
        pty,
      },
    );
    let said = '';
    running.stdout.on('data', (chunk) => {
      said += chunk;
      if (/pts\/\d+\r\n$/.test(said)) running.stdin.write('typed\n');
    });
    running.stderr.resume();
    expect(await running.exit).toEqual({ code: 0 });
    expect(said).toMatch(/^xterm 20000\r\n37 101\r\n\/dev\/pts\/\d+\r\ntyped\r\n<typed>\r\n/);
  });
});
