import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Host } from '../../src/host/host.ts';
import { invocation } from '../../src/host/ssh/open.ts';
import { adapters, connect, failure, sshConfig } from './desk.ts';
import { type Desk, makeDesk, type Sshd, startSshd } from './sshd.ts';

let desk: Desk;
let sshd: Sshd;
let configFile: string;
let host: Host;
beforeAll(async () => {
  desk = makeDesk();
  const key = desk.key('id');
  // A `sudo` of our own, first in PATH: it shows how sudo is called, not what sudo would do.
  const bin = desk.write(
    'sudo',
    `#!/bin/sh\nprintf "%s " "$@" | head -n 1 > ${desk.dir}/sudo.args\n[ -e ${desk.dir}/refuse ] && { echo "sudo: a password is required" >&2; exit 1; }\nshift 2\nexec "$@"\n`,
  );
  spawnSync('chmod', ['755', bin, desk.dir]);
  sshd = await startSshd(desk, [key], {
    settings: `SetEnv PATH=${desk.dir}:/usr/bin:/bin BASH_ENV=`,
  });
});
afterAll(() => {
  sshd.stop();
  desk.remove();
});

/** Runs what would run at the other end, here. */
function here(script: string, args: readonly string[], stdin = '', cut = Number.POSITIVE_INFINITY) {
  const { command, preamble } = invocation(script, args, false);
  const input = Buffer.concat([preamble, Buffer.from(stdin)]).subarray(0, cut);
  const { stdout, stderr, status } = spawnSync('sh', ['-c', command], { input });
  const after = (out: Buffer) => out.toString().replace(/^fleet: the script starts here\n/, '');
  return { code: status, stdout: after(stdout), stderr: after(stderr) };
}

test('arguments arrive as they are: any', () => {
  const word = fc.string({ unit: 'binary' }).map((w) => w.replaceAll('\0', ''));
  fc.assert(
    fc.property(fc.array(word), (args) => {
      expect(here(`for a; do printf '%s\\0' "$a"; done`, args).stdout).toBe(
        args.map((a) => `${a}\0`).join(''),
      );
    }),
    { numRuns: 100 },
  );
});

test('a script cut short by a dying connection does nothing at all', () => {
  const script = '#!/bin/sh\necho one "$@"\nfor i in 1 2; do echo two; done\n# end';
  const whole = invocation(script, ['first', 'sec ond'], false).preamble.length;
  for (let cut = 0; cut < whole; cut++)
    expect(here(script, ['first', 'sec ond'], '', cut).stdout, `cut after ${cut} bytes`).toBe('');
  expect(here(script, ['first', 'sec ond'], '', whole).stdout).toContain('one first sec ond\ntwo');
});

describe.each(adapters)('%s', (adapter) => {
  beforeEach(async () => {
    configFile = sshConfig(
      desk,
      `Host *\n  IdentityFile ${desk.path('id')}\n`,
      sshd.knownHosts,
      adapter,
    );
    host = await open();
    return () => host.close();
  });
  const open = (sudo?: boolean) =>
    connect(
      { host: sshd.address, port: sshd.port, ...(sudo === undefined ? {} : { sudo }) },
      { configFile },
    );

  test('exit status, both outputs, arguments', async () => {
    const result = await host.run('echo "$0 $# $2"; echo oops >&2; exit 3', ['a', 'b c']);
    expect(result).toEqual({ code: 3, stdout: 'fleet 2 b c\n', stderr: 'oops\n' });
  });

  test('more than sshd has sessions for: some at a time, and what is short waits for nothing long', async () => {
    const ended: string[] = [];
    const run = async (name: string, script: string, isLong: boolean) => {
      const { code } = await host.run(script, [], { isLong, timeoutMs: 60_000 });
      ended.push(name);
      return code;
    };
    const gate = desk.path(`gate-${adapter}`);
    const long = Array.from({ length: 12 }, () =>
      run('long', `until [ -e ${gate} ]; do sleep 0.1; done`, true),
    );
    const short = Array.from({ length: 12 }, () => run('short', 'exit 0', false));
    expect(await Promise.all(short)).toEqual(Array(12).fill(0));
    expect(ended).not.toContain('long');
    desk.write(`gate-${adapter}`, '');
    expect(await Promise.all(long)).toEqual(Array(12).fill(0));
  });

  test('who waits for a session may leave', async () => {
    const gate = desk.path(`leave-${adapter}`);
    const wait = `until [ -e ${gate} ]; do sleep 0.1; done`;
    const all = Array.from({ length: 9 }, () => host.run(wait, []));
    const interrupt = new AbortController();
    const tenth = failure(host.run(`touch ${gate}.begun`, [], { signal: interrupt.signal }));
    interrupt.abort();
    expect((await tenth).code).toBe('interrupted');
    desk.write(`leave-${adapter}`, '');
    await Promise.all(all);
    expect((await host.run(`[ ! -e ${gate}.begun ]`, [])).code).toBe(0);
  });

  test('arguments arrive as they are', async () => {
    const hostile = [
      '',
      ' ',
      "it's",
      '"',
      '\\',
      'a\nb\n',
      '$(id)',
      '`id`',
      '*',
      '-n',
      '--',
      '!x',
      '~',
      'é😀',
      'x'.repeat(300_000),
    ];
    const { stdout } = await host.run(`printf '%s\\0' "$@"`, hostile);
    expect(stdout.split('\0').slice(0, -1)).toEqual(hostile);
  });

  test('the script gets exactly the payload on standard input', async () => {
    const result = await host.run('head -c 3; echo; cat', [], { stdin: 'abcdef\n\ng' });
    expect(result.stdout).toBe('abc\ndef\n\ng');
    expect((await host.run('cat; echo end', [])).stdout).toBe('end\n');
  });

  test('a payload of 100 MB', async () => {
    const stdin = Buffer.alloc(100 * 1024 * 1024, 'fleet');
    const { stdout } = await host.run('sha256sum', [], { stdin });
    expect(stdout).toContain(createHash('sha256').update(stdin).digest('hex'));
  });

  test('a script that does not read its payload', async () => {
    const stdin = Buffer.alloc(20 * 1024 * 1024);
    expect(await host.run('exit 4', [], { stdin })).toMatchObject({ code: 4 });
    expect((await host.run('echo still here', [])).stdout).toBe('still here\n');
  });

  test('large outputs on both streams, and lines across chunks', async () => {
    const lines: string[] = [];
    const script = `seq 1 1500000; seq 1 200000 >&2; printf 'é😀 no line feed'`;
    const result = await host.run(script, [], { onLine: (line) => lines.push(line) });
    // Lines that are handed on are not kept, but for the last.
    expect(result.stdout.length).toBeLessThan(10_000_000);
    expect(result.stderr).toHaveLength(1_288_895);
    expect(lines).toHaveLength(1_500_001);
    expect(lines.at(-2)).toBe('1500000');
    expect(lines.at(-1)).toBe('é😀 no line feed');
  });

  test('characters are whole even when their bytes come one by one', async () => {
    const lines: string[] = [];
    const script = `printf '\\303'; sleep 0.1; printf '\\251\\360\\237'; sleep 0.1; printf '\\230\\200\\nx\\n'`;
    const { stdout } = await host.run(script, [], { onLine: (line) => lines.push(line) });
    expect(stdout).toBe('é😀\nx\n');
    expect(lines).toEqual(['é😀', 'x']);
  });

  test('lines come while the script runs', async () => {
    const at: number[] = [];
    await host.run('echo a; sleep 0.5; echo b', [], { onLine: () => at.push(performance.now()) });
    expect(at[1]! - at[0]!).toBeGreaterThan(300);
  });

  test('what onLine throws reaches the caller and leaves the connection alone', async () => {
    const onLine = () => {
      throw new RangeError('mine');
    };
    await expect(host.run('echo a; echo b', [], { onLine })).rejects.toThrow('mine');
    expect((await host.run('echo ok', [])).stdout).toBe('ok\n');
  });

  test('a script ended by a signal has exit status 255', async () => {
    expect(await host.run('kill -9 $$', [])).toMatchObject({ code: 255 });
  });

  test('several scripts at once over one connection', async () => {
    const results = await Promise.all(
      [1, 2, 3, 4, 5].map((n) => host.run('echo "$1"', [String(n)])),
    );
    expect(results.map((r) => r.stdout)).toEqual(['1\n', '2\n', '3\n', '4\n', '5\n']);
  });

  test('a connection lost while a script runs', async () => {
    const running = failure(
      host.run('echo "$PPID"; sleep 60', [], {
        onLine: (pid) => process.kill(Number(pid), 'SIGKILL'),
      }),
    );
    expect((await running).code).toBe('ssh.lost');
    expect((await failure(host.run('true', []))).code).toBe('ssh.lost');
  });

  test('a connection that falls silent while a script runs', async () => {
    const config = desk.write(
      'impatient',
      `ServerAliveInterval 1\nServerAliveCountMax 1\nInclude ${configFile}\n`,
    );
    const other = await connect({ host: sshd.address, port: sshd.port }, { configFile: config });
    let session = 0;
    const onLine = (pid: string) => {
      session = Number(pid);
      process.kill(session, 'SIGSTOP');
    };
    const error = await failure(other.run('echo "$PPID"; sleep 60', [], { onLine }));
    process.kill(session, 'SIGKILL');
    expect(error.code).toBe('ssh.lost');
    expect(error.message).toMatch(/Keepalive timeout|not responding/);
  });

  test('a script that takes too long', async () => {
    const error = await failure(host.run('sleep 60', [], { timeoutMs: 1500 }));
    expect(error.code).toBe('ssh.timed-out');
    expect((await failure(host.run('true', []))).code).toBe('ssh.lost');
  });

  test('closing while a script runs', async () => {
    const running = failure(host.run('sleep 60', []));
    host.close();
    expect((await running).code).toBe('ssh.lost');
  });

  test('a login shell that chats at start-up is not taken for the script', async () => {
    const chatty = await startSshd(desk, [desk.path('id')], {
      settings: `ForceCommand echo "welcome to hv1"; echo "mind the gap" >&2; eval "$SSH_ORIGINAL_COMMAND"`,
    });
    const config = sshConfig(
      desk,
      `Host *\n  IdentityFile ${desk.path('id')}\n`,
      sshd.knownHosts + chatty.knownHosts,
      adapter,
    );
    const other = await connect(
      { host: chatty.address, port: chatty.port },
      { configFile: config },
    );
    const lines: string[] = [];
    const result = await other.run('echo a; echo b >&2', [], {
      onLine: (line) => lines.push(line),
    });
    expect(result).toEqual({ code: 0, stdout: 'a\n', stderr: 'b\n' });
    expect(lines).toEqual(['a']);
    other.close();
    chatty.stop();
  });

  test('an account that may not run commands', async () => {
    const shut = await startSshd(desk, [desk.path('id')], {
      settings: 'ForceCommand echo "This account is not available."; exit 1',
    });
    const config = sshConfig(
      desk,
      `Host *\n  IdentityFile ${desk.path('id')}\n`,
      sshd.knownHosts + shut.knownHosts,
      adapter,
    );
    const other = await connect({ host: shut.address, port: shut.port }, { configFile: config });
    const error = await failure(other.run('echo a', []));
    expect(error.code).toBe('ssh.not-started');
    expect(error.detail).toBe('This account is not available.');
    other.close();
    shut.stop();
  });

  test('sudo -n is called when asked for, and its refusal is not the result of the script', async () => {
    const other = await open(true);
    const result = await other.run('cat; echo "$1"', ["it's"], { stdin: 'in ' });
    expect(result).toEqual({ code: 0, stdout: "in it's\n", stderr: '' });
    expect((await host.run('cat "$1"', [desk.path('sudo.args')])).stdout).toMatch(/^-n -- sh -c /);
    const refuse = desk.write('refuse', '');
    const error = await failure(other.run('echo a', []));
    expect(error.code).toBe('ssh.not-started');
    expect(error.detail).toBe('sudo: a password is required');
    rmSync(refuse);
    expect(error.hint).toContain('sudo without a password');
    other.close();
  });

  test('a TCP connection from the other side', async () => {
    const server = createServer((socket) => socket.end('hello'));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as { port: number };
    expect(await text(await host.connectTcp('127.0.0.1', port, 1000))).toBe('hello');
    server.close();
    expect((await failure(host.connectTcp('127.0.0.1', 1, 1000))).code).toBe('ssh.tcp-refused');
  });

  test('a process ends by itself once the connection is closed', async () => {
    const script = `
    import { here } from ${JSON.stringify(new URL('../surroundings.ts', import.meta.url).href)};
    import { sshConnector } from ${JSON.stringify(new URL('../../src/host/ssh/connector.ts', import.meta.url).href)};
    const ssh = { host: ${JSON.stringify(sshd.address)}, port: ${sshd.port} };
    const host = await sshConnector({ configFile: ${JSON.stringify(configFile)}, surroundings: here }).connect({ name: 'hv1', ssh });
    console.log((await host.run('echo ok', [])).stdout);
    host.close();`;
    const { stdout, status, signal } = spawnSync(
      process.execPath,
      ['--input-type=module-typescript', '-e', script],
      { encoding: 'utf8', timeout: 8000 },
    );
    expect({ stdout: stdout.trim(), status, signal }).toEqual({
      stdout: 'ok',
      status: 0,
      signal: null,
    });
  });
});
