import { once } from 'node:events';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseFacts } from '../../src/host/answers/facts.ts';
import { parseGenerations } from '../../src/host/answers/generations.ts';
import { parseHistory } from '../../src/host/answers/history.ts';
import { parseRunners } from '../../src/host/answers/runners.ts';
import type { Host } from '../../src/host/host.ts';
import { runScript } from '../../src/host/hypervisor/call.ts';
import { greeting, type ScriptName } from '../../src/host/scripts.ts';
import { AfterMark, mark } from '../../src/host/ssh/after-mark.ts';
import { Output } from '../../src/host/ssh/output.ts';
import { FleetError } from '../../src/model/errors.ts';
import { adapters, connect, failure, sshConfig } from '../host/desk.ts';
import { type Desk, makeDesk, type Sshd, startSshd } from '../host/sshd.ts';

let desk: Desk;
let sshd: Sshd;
let configFile: string;
let host: Host;
beforeAll(async () => {
  desk = makeDesk();
  const key = desk.key('id');
  sshd = await startSshd(desk, [key]);
  configFile = sshConfig(desk, `Host *\n  IdentityFile ${key}\n`, sshd.knownHosts);
});
beforeEach(async () => {
  host = await connect({ host: sshd.address, port: sshd.port }, { configFile });
  return () => host.close();
});
afterAll(() => {
  sshd.stop();
  desk.remove();
});

describe.each(adapters)('%s', (adapter) => {
  test.each([
    ['output', 'head -c 20000000 /dev/zero'],
    ['errors', 'head -c 20000000 /dev/zero >&2'],
  ])(
    'a script whose %s have no end is given up after 16 MiB, with its connection',
    async (_, script) => {
      const lines = `Host *\n  IdentityFile ${desk.path('id')}\n`;
      const config = sshConfig(desk, lines, sshd.knownHosts, adapter);
      const other = await connect({ host: sshd.address, port: sshd.port }, { configFile: config });
      const error = await failure(other.run(`${script}; sleep 60`, []));
      expect(error).toMatchObject({ code: 'remote.too-much', blames: 'world' });
      expect((await failure(other.run('true', []))).code).toBe('ssh.lost');
    },
  );
});

test('lines that are handed on are not kept, but for the last', async () => {
  let lines = 0;
  const text =
    'i=0; while [ $i -lt 200 ]; do head -c 100000 /dev/zero; echo; i=$((i+1)); done; echo end';
  const { stdout } = await host.run(text, [], { onLine: () => lines++ });
  expect(lines).toBe(201);
  expect(stdout.length).toBeLessThan(10_000_000);
  expect(stdout).toMatch(/\nend\n$/);
});

test('a line without an end is handed on cut', () => {
  const lines: string[] = [];
  const output = new Output((line) => lines.push(line));
  const piece = Buffer.alloc(64 * 1024, 'x');
  for (let i = 0; i < 64; i++) output.push(piece);
  output.push(Buffer.from('y\nnext\n'));
  expect(lines.map((line) => line.length)).toEqual([1024 * 1024, 4]);
});

test('a login shell that chats for ever does not hold up the others', async () => {
  const output = new AfterMark();
  const started = performance.now();
  const piece = Buffer.alloc(1024, 'motd ');
  const failed = once(output, 'error');
  Readable.from(
    (function* () {
      for (;;) yield piece;
    })(),
  ).pipe(output);
  expect((await failed)[0].message).toContain('more than 16 MiB');
  expect(performance.now() - started).toBeLessThan(20_000);
  expect(output.before.length).toBeLessThan(200_000);
});

test('the mark is found wherever packets cut it', async () => {
  for (let cut = 1; cut < mark.length; cut++) {
    const output = new AfterMark();
    const all = Buffer.from(`motd fleet: ${mark}answer`);
    output.write(all.subarray(0, 12 + cut));
    output.end(all.subarray(12 + cut));
    expect(await text(output)).toBe('answer');
  }
});

test('nobody waits for a script once asked to stop, and the connection stays', async () => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 200);
  const error = await failure(host.run('sleep 60', [], { signal: stop.signal }));
  expect(error.code).toBe('interrupted');
  expect((await host.run('echo here', [])).stdout).toBe('here\n');
  expect((await failure(host.run('true', [], { signal: stop.signal }))).code).toBe('interrupted');
});

/** A host on which every script fails in this way. */
const failing = (stderr: string) =>
  ({ name: 'hv1', run: async () => ({ code: 70, stdout: '', stderr }) }) as unknown as Host;

test.each(['ssh.lost', 'interrupted', 'no code', `a.${'b-'.repeat(50)}`, '\u001b[2J.x'])(
  'a script cannot say of itself that it was %j',
  async (code) => {
    const error = await failure(runScript(failing(`fleet-error\t${code}\twhy\n`), 'facts', []));
    expect(error).toMatchObject({ code: 'remote.failed', message: 'why' });
  },
);

test('what a script says of its failure is cut to what a person reads', async () => {
  const long = 'x'.repeat(100_000);
  const error = await failure(
    runScript(failing(`${long}\nfleet-error\ta.b\t${long}\n`), 'facts', []),
  );
  expect(error).toBeInstanceOf(FleetError);
  expect(error.message.length).toBeLessThan(1000);
  expect(error.detail?.length).toBeLessThan(1000);
});

test('every script has a limit', async () => {
  const limits: (number | undefined)[] = [];
  let name: ScriptName = 'begin';
  const asked = {
    name: 'hv1',
    run: async (_text: string, _args: unknown, options: { timeoutMs?: number }) => {
      limits.push(options.timeoutMs);
      return { code: 0, stdout: `${greeting(name)}\n`, stderr: '' };
    },
  } as unknown as Host;
  for (name of ['begin', 'end', 'history', 'renew'] as const) await runScript(asked, name, []);
  await runScript(asked, 'renew', [], { timeoutMs: 5 });
  expect(limits).toEqual([300_000, 60_000, 60_000, 60_000, 5]);
});

const many = (n: number, line: (i: number) => string) =>
  Array.from({ length: n }, (_, i) => line(i)).join('');
const times = 40_000;
test.each<[string, () => unknown]>([
  [
    'facts of open deployments and units',
    () =>
      parseFacts(
        `${'open\ta\n'.repeat(times)}== units\n${many(times, (i) => `Id=u${i}\nActiveState=active\n\n`)}== end\n`,
      ),
  ],
  [
    'facts of units with long names',
    () => parseFacts(`== units\nId=fleet-${'-'.repeat(1_000_000)}\nActiveState=active\n\n== end\n`),
  ],
  [
    'generations',
    () =>
      parseGenerations(
        many(
          times,
          (i) => `bridge\tb${i}\tbr\nwired\tb${i}\tvm-*\tbr\nrunner\tr${i}\tyes\ntap\tr${i}\tt\n`,
        ),
      ),
  ],
  [
    'history',
    () => parseHistory(`deployment\tx\n${many(times, (i) => `journal\t1\t${i}\ta\tbegin\n`)}`),
  ],
  ['ports', () => parseRunners(`${many(times, (i) => `port\tp${i}\tbr\n`)}== end\n`)],
  ['rules', () => parseRunners(`accepts\t${'-p tcp '.repeat(times)}\n== end\n`)],
  [
    'disks and mounts of a guest',
    () =>
      parseRunners(
        `vm\ta\n${many(times, (i) => `run\ttruncate -s 1M 'a${i}' mkfs.ext4 file=a${i}\nfstab\t/dev/x${i} /a ext4 ro\n`)}== end\n`,
      ),
  ],
])('%s without number take time in proportion', (_, parse) => {
  const began = performance.now();
  parse();
  expect(performance.now() - began).toBeLessThan(8000);
});

test('a hypervisor with more generations than one can have is not believed', () => {
  expect(() =>
    parseGenerations(many(50_001, (i) => `generation\tvm${i}\t1\t/nix/store/a\t1\tno\n`)),
  ).toThrow('50001 generations');
});
