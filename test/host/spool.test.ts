import { execFile, execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';

const libraries = ['lib', 'spool'].map((name) =>
  readFileSync(new URL(`../../src/host/scripts/${name}.sh`, import.meta.url), 'utf8'),
);
let root: string;
const path = (name: string) => join(root, name);
const files = () =>
  readdirSync(path('var/lib/fleet/events'))
    .filter((name) => name.endsWith('.jsonl'))
    .sort();
const lines = () =>
  files().flatMap((file) =>
    readFileSync(path(`var/lib/fleet/events/${file}`), 'utf8')
      .split('\n')
      .slice(0, -1),
  );
const events = () => lines().map((line) => JSON.parse(line));
const kinds = () => events().map(({ kind }) => kind);
const env = () => ({ PATH: process.env.PATH, FLEET_ROOT: root });

/** Runs shell behind the library, as a unit of a hypervisor does. */
function sh(text: string): string {
  const command = `${libraries.join('\n')}\n${text}`;
  return execFileSync('sh', ['-c', command], { env: env(), encoding: 'utf8' });
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fleet-spool-'));
  mkdirSync(path('var/lib/fleet'), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('an event is a line of JSON with its number, in a folder of root alone', () => {
  const said = sh(`
    event guest.ended web 'why=a "b" := ü' result=oom-kill code:=137 intended:=false
    echo "$event_id"
    event_soon gc.ran -
    echo "$event_id"`);
  const [first, ended, ran] = events();
  expect(said).toBe(`${ended.epoch}:2\n${ran.epoch}:3\n`);
  expect(first).toMatchObject({ v: 1, seq: 1, kind: 'spool.epoch', why: 'first' });
  expect(ended).toEqual({
    ...{ v: 1, epoch: first.epoch, seq: 2, at: expect.any(Number), up: expect.any(Number) },
    ...{ kind: 'guest.ended', vm: 'web', why: 'a "b" := ü', result: 'oom-kill' },
    ...{ code: 137, intended: false },
  });
  expect(ran).not.toHaveProperty('vm');
  expect(first.epoch).toMatch(/^\d{12}-[0-9a-f]{8}$/);
  expect(Number(first.epoch.slice(0, 12))).toBeGreaterThan(1_700_000_000);
  expect(files()).toEqual([`${first.epoch}-0000000001.jsonl`]);
  for (const folder of ['var/lib/fleet/events', 'run/fleet/locks'])
    expect(statSync(path(folder)).mode & 0o777).toBe(0o700);
});

test('a new epoch begins without a counter, as after a boot, and where the last line is not the last written', () => {
  sh('event a.a -');
  rmSync(path('run/fleet/spool'));
  sh('event b.b -; event b.c -');
  const saved = files().map(
    (file) => [file, readFileSync(path(`var/lib/fleet/events/${file}`))] as const,
  );
  sh('event c.c -');
  for (const [file, bytes] of saved) writeFileSync(path(`var/lib/fleet/events/${file}`), bytes);
  sh('event d.d -');
  const begun = events().filter(({ kind }) => kind === 'spool.epoch');
  expect(begun.map(({ why }) => why)).toEqual(['first', 'no-counter', 'counter']);
  const epochs = begun.map(({ epoch }) => epoch);
  expect(epochs).toEqual([...new Set(epochs)].sort());
  expect(kinds().filter((kind) => kind !== 'spool.epoch')).toEqual(['a.a', 'b.b', 'b.c', 'd.d']);
});

test('a line that was cut is ended first, and costs no other', () => {
  sh('event a.a -');
  const [file = ''] = files();
  appendFileSync(path(`var/lib/fleet/events/${file}`), '{"v":1,"epoch":"0017');
  sh('event b.b -; event c.c -');
  const whole = lines().filter((line) => line.endsWith('}'));
  expect(lines()).toHaveLength(whole.length + 1);
  expect(whole.map((line) => JSON.parse(line).kind)).toEqual([
    ...['spool.epoch', 'a.a', 'spool.epoch', 'spool.mended', 'b.b', 'c.c'],
  ]);
});

test('texts are cut until the line is shorter than 4096 bytes; one that cannot be is not written', () => {
  sh(`
    long=$(printf '%5000s' | tr ' ' '\\001')
    event a.a - one="$long" two="$long" three="$long" && echo "$event_id"
    ! event b.b - "no:=json"
    ! event c.c - "big:=[$(seq -s , 2000)]"
    event d.d -`);
  expect(kinds()).toEqual(['spool.epoch', 'a.a', 'd.d']);
  for (const line of lines()) expect(Buffer.byteLength(line)).toBeLessThan(4096);
  expect(events().map(({ seq }) => seq)).toEqual([1, 2, 3]);
});

test('without jq, and where the folder is not root’s, nothing is written, and nothing ends for it', () => {
  expect(sh('command() { [ "$2" != jq ]; }\nevent a.a - || echo goes on')).toBe('goes on\n');
  mkdirSync(path('elsewhere'));
  symlinkSync(path('elsewhere'), path('var/lib/fleet/events'));
  expect(sh('event a.a - || echo goes on')).toBe('goes on\n');
  expect(readdirSync(path('elsewhere'))).toEqual([]);
});

test('nobody waits long for a writer that hangs: what is late is kept, and the next writer numbers it', () => {
  const begun = Date.now();
  const said = sh(`
    spool_patience=1
    event a.a -
    exec 5>>"$R/run/fleet/locks/events." && flock 5
    event guest.ended web 'why=a "b"' && echo "told [$event_id]"
    event_soon guest.started web && echo "told [$event_id]"
    exec 5>&-
    ls "$spool/late" | wc -l
    event b.b - && echo "$event_id"
    ls "$spool/late" | wc -l`);
  expect(Date.now() - begun).toBeLessThan(20_000);
  expect(kinds()).toEqual([
    ...['spool.epoch', 'a.a', ...['guest.ended', 'guest.started'].sort(), 'b.b'],
  ]);
  const [first] = events();
  expect(said).toBe(`told []\ntold []\n2\n${first.epoch}:5\n0\n`);
  expect(events().map(({ epoch, seq }) => [epoch, seq])).toEqual(
    [1, 2, 3, 4, 5].map((seq) => [first.epoch, seq]),
  );
  expect(events()[2]).toMatchObject({ vm: 'web', why: 'a "b"' });
});

test('what is late is numbered without a next event, too; half of a line is none', () => {
  sh(`
    spool_patience=1
    event a.a -
    exec 5>>"$R/run/fleet/locks/events." && flock 5
    event b.b -
    exec 5>&-
    printf '{"v":1,"epoch":"late","seq":0,"at' >"$spool/late/001764405663-9f3c2a1b"
    event_late
    event_late`);
  expect(kinds()).toEqual(['spool.epoch', 'a.a', 'b.b']);
  expect(readdirSync(path('var/lib/fleet/events/late'))).toEqual([]);
});

test('writers at the same time lose nothing', async () => {
  const text = `${libraries.join('\n')}\nfor n in 1 2 3 4 5; do event a.a - by=$1 n:=$n; done`;
  await Promise.all(
    Array.from({ length: 8 }, (_, n) =>
      promisify(execFile)('sh', ['-c', text, 'writer', `${n}`], { env: env() }),
    ),
  );
  // On a busy machine the last may be late.
  sh('event_late');
  expect(events().map(({ seq }) => seq)).toEqual(Array.from({ length: 41 }, (_, n) => n + 1));
});
