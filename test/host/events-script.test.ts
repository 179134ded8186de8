import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const textOf = (...names: readonly string[]) =>
  names
    .map((name) =>
      readFileSync(new URL(`../../src/host/scripts/${name}.sh`, import.meta.url), 'utf8'),
    )
    .join('\n');
const writer = textOf('lib', 'spool');
const reader = textOf('lib', 'spool', 'events');

let root: string;
let running: ChildProcess | undefined;
const env = () => ({ PATH: process.env.PATH, FLEET_ROOT: root });
const folder = () => join(root, 'var/lib/fleet/events');
const write = (text: string) => execFileSync('sh', ['-c', `${writer}\n${text}`], { env: env() });
const events = (...words: readonly string[]) =>
  execFileSync('sh', ['-c', reader, 'events', ...words], { env: env(), encoding: 'utf8' })
    .split('\n')
    .slice(0, -1);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fleet-events-'));
  mkdirSync(folder(), { recursive: true, mode: 0o700 });
});
afterEach(() => {
  running?.kill('SIGKILL');
  running = undefined;
  rmSync(root, { recursive: true, force: true });
});

const first = '001700000000-00000001';
const second = '001700000500-00000002';
const line = (epoch: string, seq: number, at = 1_700_000_000 + seq) =>
  `{"v":1,"epoch":"${epoch}","seq":${seq},"at":${at},"up":1,"kind":"gc.ran"}`;
/** A file of a spool, from that number on. */
function file(epoch: string, from: number, lines: readonly string[], end = '\n'): void {
  const name = `${epoch}-${String(from).padStart(10, '0')}.jsonl`;
  writeFileSync(join(folder(), name), lines.join('\n') + end);
}
const places = (lines: readonly string[]) =>
  lines.map((text) =>
    text.startsWith('{')
      ? `${JSON.parse(text).epoch === first ? 1 : 2}:${JSON.parse(text).seq}`
      : text,
  );

test('all there is, oldest first; from a place on, over files and epochs', () => {
  file(first, 1, [line(first, 1), line(first, 2)]);
  file(first, 3, [line(first, 3)]);
  file(second, 1, [line(second, 1), line(second, 2)]);
  const end = `live ${second}:2`;
  expect(places(events('once', '-', '-', '0'))).toEqual(['1:1', '1:2', '1:3', '2:1', '2:2', end]);
  expect(places(events('once', `${first}:1`, '-', '0'))).toEqual(['1:2', '1:3', '2:1', '2:2', end]);
  expect(places(events('once', `${first}:2`, '-', '0'))).toEqual(['1:3', '2:1', '2:2', end]);
  expect(places(events('once', `${first}:3`, '-', '0'))).toEqual(['2:1', '2:2', end]);
  expect(places(events('once', `${second}:2`, '-', '0'))).toEqual([end]);
  expect(places(events('once', '-', '-', '2'))).toEqual(['2:1', '2:2', end]);
  expect(places(events('once', '-', '1700000002', '0'))).toEqual(['1:2', '1:3', '2:2', end]);
});

test('says so when the place is not there any more', () => {
  file(first, 3, [line(first, 3)]);
  file(second, 1, [line(second, 1)]);
  const end = `live ${second}:1`;
  expect(places(events('once', `${first}:1`, '-', '0'))).toEqual(['gone', '1:3', '2:1', end]);
  expect(places(events('once', '001600000000-00000009:5', '-', '0'))).toEqual([
    ...['gone', '1:3', '2:1', end],
  ]);
  // What comes next is there.
  expect(places(events('once', `${first}:2`, '-', '0'))).toEqual(['1:3', '2:1', end]);
});

test('without a spool there is nothing, and a place that is none is refused', () => {
  rmSync(folder(), { recursive: true });
  expect(events('once', '-', '-', '0')).toEqual(['live -']);
  for (const wrong of ['x', `${first}`, `${first}:`, `${first}:1:2`, '$(id):1', `${first}:1 2`])
    expect(() => events('once', wrong, '-', '0')).toThrow();
});

test('lines that are cut, too long, of another epoch or no event are left out', () => {
  file(first, 1, [
    line(first, 1),
    '{"v":1,"epoch":"001700000000-00000001","seq":2,"at":17',
    `${line(first, 3).slice(0, -1)},"why":"${'x'.repeat(5000)}"}`,
    line(second, 4),
    'live 001700000000-00000001:99',
    'gone',
    line(first, 6),
  ]);
  file(second, 1, [line(second, 1), line(second, 2).slice(0, -3)], '');
  expect(places(events('once', '-', '-', '0'))).toEqual(['1:1', '1:6', '2:1', `live ${second}:1`]);
});

test('follows over rotation and a new epoch, and tells each event once', async () => {
  rmSync(folder(), { recursive: true });
  write('event gc.ran - n:=1');
  running = spawn('sh', ['-c', reader, 'events', 'follow', '-', '-', '0'], {
    env: env(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  running.stdout?.on('data', (chunk) => {
    said += chunk;
  });
  const until = async (text: string) => {
    while (!said.includes(text)) await new Promise((done) => setTimeout(done, 50));
  };
  await until('live ');
  // A file is ended as soon as it has any.
  write('spool_file_bytes=1\nevent gc.ran - n:=2\nevent gc.ran - n:=3');
  await until('"n":3');
  rmSync(join(root, 'run/fleet/spool'));
  write('event gc.ran - n:=4');
  await until('"n":4');
  expect(readdirSync(folder()).length).toBeGreaterThanOrEqual(4);
  const numbers = said
    .split('\n')
    .filter((text) => text.startsWith('{'))
    .map((text) => JSON.parse(text).n ?? 0);
  expect(numbers).toEqual([0, 1, 2, 3, 0, 4]);
}, 180_000);
