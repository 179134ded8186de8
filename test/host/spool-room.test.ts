import { execFile, execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';

const textOf = (...names: readonly string[]) =>
  names
    .map((name) =>
      readFileSync(new URL(`../../src/host/scripts/${name}.sh`, import.meta.url), 'utf8'),
    )
    .join('\n');
const writer = textOf('lib', 'spool');
const reader = textOf('lib', 'spool', 'events');

/** Quick, and enough for texts without quotes: jq itself is another test's. */
const quickJq = `#!/bin/sh
line=
while [ $# -gt 1 ]; do
  case $1 in
  --argjson) line="$line,\\"$2\\":$3" && shift 3 ;;
  --arg) line="$line,\\"$2\\":\\"$3\\"" && shift 3 ;;
  *) shift ;;
  esac
done
printf '{%s}\\n' "\${line#,}"
`;

let root: string;
const path = (name: string) => join(root, name);
const folder = () => path('var/lib/fleet/events');
const env = () => ({ PATH: `${path('bin')}:${process.env.PATH}`, FLEET_ROOT: root });
const sh = (text: string, ...words: readonly string[]) =>
  execFileSync('sh', ['-c', text, 'sh', ...words], { env: env(), encoding: 'utf8' });
const write = (text: string) => sh(`${writer}\n${text}`);
/** What events.sh makes of the spool. */
const read = () =>
  sh(reader, 'once', '-', '-', '0')
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fleet-spool-'));
  mkdirSync(path('bin'));
  mkdirSync(folder(), { recursive: true, mode: 0o700 });
  writeFileSync(path('bin/jq'), quickJq, { mode: 0o755 });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('two hundred writers at once: each has its number, and no line is another’s', async () => {
  const text = `${writer}\nevent_soon gc.ran - by=$1 && echo "$event_id"`;
  const said = await Promise.all(
    Array.from({ length: 200 }, (_, n) =>
      promisify(execFile)('sh', ['-c', text, 'writer', `${n}`], { env: env() }),
    ),
  );
  // One that waited too long has its number later.
  write('event_late');
  const told = read();
  expect(told.map(({ seq }) => seq)).toEqual(Array.from({ length: 201 }, (_, n) => n + 1));
  const by = new Map(told.map(({ epoch, seq, by }) => [`${epoch}:${seq}`, by]));
  expect(new Set(by.values()).size).toBe(201);
  said.forEach(({ stdout }, n) => {
    if (stdout !== '\n') expect(by.get(stdout.trim())).toBe(`${n}`);
  });
}, 360_000);

test('ten thousand events, all that is known of an end in each, stay under 20 MB', () => {
  write(
    `event guest.ended web1 who=guest why="$(printf '%200s')" result=exit-code code=exited status=1 signal= invocation=0123456789abcdef0123456789abcdef uptime:=12345 file=/var/lib/fleet/ends/web1/0123456789abcdef0123456789abcdef intended:=false last=001764405663-9f3c2a1b:123456`,
  );
  const [file = ''] = readdirSync(folder());
  const [, line = ''] = readFileSync(join(folder(), file), 'utf8').split('\n');
  expect(line).toContain('guest.ended');
  expect((line.length + 1) * 10_000).toBeLessThan(20_000_000);
});

/** A file of that size, so many days old. */
function old(n: number, bytes: number, days: number): string {
  const file = `001700000000-00000001-${String(n).padStart(10, '0')}.jsonl`;
  writeFileSync(join(folder(), file), Buffer.alloc(bytes, 'x'));
  const at = Date.now() / 1000 - days * 86_400;
  utimesSync(join(folder(), file), at, at);
  return file;
}
const sizeOfAll = () =>
  readdirSync(folder()).reduce((sum, file) => sum + statSync(join(folder(), file)).size, 0);

test('a file ends at 1 MiB, and all of them together hold 32 MiB: the oldest go', () => {
  const files = Array.from({ length: 40 }, (_, n) => old(n + 1, 1_048_576, 1));
  write('event gc.ran -');
  expect(sizeOfAll()).toBeLessThanOrEqual(33_554_432);
  const left = readdirSync(folder()).sort();
  expect(left.length).toBeGreaterThan(30);
  expect(left.slice(0, -1)).toEqual(files.slice(-(left.length - 1)));
  // The counter knows how full the file is; what is over goes to the next one.
  const counter = path('run/fleet/spool');
  const [epoch, seq, , since] = readFileSync(counter, 'utf8').trim().split(' ');
  writeFileSync(counter, `${epoch} ${seq} 1048500 ${since}\n`);
  write('event gc.ran -');
  expect(readdirSync(folder()).sort().at(-1)).toBe(`${epoch}-0000000004.jsonl`);
  expect(sizeOfAll()).toBeLessThanOrEqual(33_554_432);
});

test('a file whose last event is over 30 days old goes, but not the last four, whatever the clock says', () => {
  for (const n of [1, 2, 3, 4, 5]) old(n, 100, 40);
  old(6, 100, 20);
  write('event gc.ran -');
  const left = readdirSync(folder())
    .sort()
    .map((file) => Number(file.slice(22, 32)));
  // The last is the new epoch's.
  expect(left).toEqual([4, 5, 6, 1]);
});

/** What sync has put on disk: the folder as a power cut would leave it, where nothing else was written back. */
const sync = `#!/bin/sh
mkdir -p "$FLEET_ROOT/disk"
for what; do
  [ ! -f "$what" ] || { grep -qsxF "\${what##*/}" "$FLEET_ROOT/disk/.names" || exit 0; cp "$what" "$FLEET_ROOT/disk/"; }
  [ ! -d "$what" ] || ls "$what" >"$FLEET_ROOT/disk/.names"
done
`;

test('what was told as written is on disk by then, also where a file or an epoch begins', () => {
  // A new file is synced before its folder is: both count as one here.
  writeFileSync(
    path('bin/sync'),
    sync.replace(
      'for what; do',
      'for what; do [ ! -d "$what" ] || ls "$what" >"$FLEET_ROOT/disk/.names"; done\nfor what; do',
    ),
    { mode: 0o755 },
  );
  const told = write(`
    event a.a - && echo "$event_id"
    event_soon a.b -
    event a.c - && echo "$event_id"
    event_soon a.d -
    spool_file_bytes=1
    event a.e - && echo "$event_id"
    rm "$spool_counter"
    event a.f - && echo "$event_id"`);
  const onDisk = readdirSync(path('disk'))
    .filter((file) => file.endsWith('.jsonl'))
    .flatMap((file) =>
      readFileSync(path(`disk/${file}`), 'utf8')
        .trimEnd()
        .split('\n'),
    )
    .map((line) => JSON.parse(line));
  const ids = onDisk.map(({ epoch, seq }) => `${epoch}:${seq}`);
  expect(told.trim().split('\n')).toHaveLength(4);
  for (const id of told.trim().split('\n')) expect(ids).toContain(id);
  // Nothing that came before what is on disk is missing there.
  expect(onDisk.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(['a.a', 'a.b', 'a.c', 'a.d', 'a.e', 'a.f']),
  );
});

test('a power cut in the middle of a line, at any byte: what was told stays, no half of it is read', () => {
  write('event a.a - n:=1');
  write('event a.b - n:=2');
  const [file = ''] = readdirSync(folder());
  const whole = readFileSync(join(folder(), file));
  const before = whole.lastIndexOf('\n', whole.length - 2) + 1;
  for (let at = before; at <= whole.length; at += 7) {
    for (const name of readdirSync(folder())) if (name !== file) rmSync(join(folder(), name));
    writeFileSync(join(folder(), file), whole.subarray(0, at));
    rmSync(path('run'), { recursive: true });
    write('event a.c -');
    const kinds = read().map(({ kind }) => kind);
    expect(kinds.slice(0, 2)).toEqual(['spool.epoch', 'a.a']);
    expect(kinds.at(-1)).toBe('a.c');
    expect(kinds.filter((kind) => kind === 'spool.epoch')).toHaveLength(2);
    if (at < whole.length - 1) expect(kinds).not.toContain('a.b');
  }
});
