import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { DemoShell, type Typed } from './demo-shell.ts';
import { pages, readPage, root } from './pages.ts';
import { requireShown, turnsOf } from './transcript.ts';

const shells = new Set(['', 'sh', 'console']);
const blocks = pages.map(({ path, codes }) => ({
  path,
  codes: codes.filter(({ language }) => language !== undefined && shells.has(language)),
}));

describe('what pages tell a reader to type does what they say, on the fleet of the demo', () => {
  let shell: DemoShell;
  beforeAll(async () => {
    shell = new DemoShell();
    await shell.start();
  }, 360_000);
  afterAll(() => shell?.stop());

  const toRun = blocks
    .map(({ path, codes }) => ({ path, codes: codes.filter(({ mark }) => mark === undefined) }))
    .filter(({ codes }) => codes.length > 0);
  // One page after the other: what one changes is so on the next.
  it.each(toRun)('$path', { timeout: 800_000 }, async ({ codes }) => {
    const turns = codes.flatMap((code) =>
      turnsOf(code).map((turn) => ({ ...turn, isWhole: code.language !== 'console' })),
    );
    // Of a whole block every line counts, not the last one alone.
    const typed = await shell.type(
      turns.map(({ command, isWhole }) => (isWhole ? `(set -e\n${command}\n)` : command)),
    );
    for (const [i, turn] of turns.entries()) {
      const { code, screen } = typed[i]!;
      requireShown(turn, screen);
      // One that fails is followed by its exit code.
      if (turns[i + 1]?.command !== 'echo $?') expect(code, `$ ${turn.command}\n${screen}`).toBe(0);
    }
  });

  // Last: they leave a revert in the history.
  it('the faults that fleet demo --keep tells to try', { timeout: 300_000 }, async () => {
    const [, faults = ''] = shell.world.howToPlay().split(/^# Three faults.*$/m);
    const lines = faults.split('# What there is')[0]!.split('\n');
    const commands = lines.filter((line) => /^[^#]/.test(line));
    // Nobody is asked here.
    const typed = await shell.type(commands.map((c) => c.replace('fleet apply', '$& --yes')));
    const seen = commands.map((command, i) => [command.split(/ {2,}#/)[0], typed[i]!] as const);
    const said = (what: RegExp, code = 0) => ({ code, screen: expect.stringMatching(what) });
    const any = said(/^/);
    expect(seen).toEqual([
      [expect.stringMatching(/ hv1 systemctl stop microvm@web1$/), any],
      ['fleet plan', said(/web1[\s\S]* is inactive \(dead\)/)],
      ['fleet apply', any],
      [expect.stringMatching(/ hv3 ip link set br-ops down$/), any],
      ['fleet verify', said(/bridge br-ops[\s\S]*down/, 1)],
      ['fleet apply', any],
      [expect.stringMatching(/^sed -i /), any],
      ['fleet apply', said(/revert/i, 3)],
    ]);
    const [{ code, screen }] = (await shell.type(['fleet verify'])) as [Typed];
    expect(code, screen).toBe(0);
  });
});

test('a block that is not run here says who does, and that is there', () => {
  const marks = blocks.flatMap(({ codes }) => codes).filter(({ mark }) => mark !== undefined);
  expect(marks.length).toBeGreaterThan(3);
  const wrong = marks.filter(({ mark = '' }) => {
    const [, file] = /^run by (\S+)$/.exec(mark) ?? [];
    return file !== undefined ? !existsSync(root + file) : !/^only parsed: .{10}/.test(mark);
  });
  expect(wrong).toEqual([]);
});

/** Words of a command that whoever runs it has to have: no paths, numbers, names of files or comments. */
const wordsOf = (command: string): string[] =>
  command
    .replace(/\s#.*$/gm, '')
    .split(/[\s'"|;&]+/)
    .filter((word) => /^-{0,2}[a-z][a-z-]{2,}$/.test(word));

test('what runs a block reads its page, or has the words of each of its commands', () => {
  const lacking = blocks.flatMap(({ codes, path }) =>
    codes.flatMap((code) => {
      const [, file] = /^run by (\S+)$/.exec(code.mark ?? '') ?? [];
      if (file === undefined || !existsSync(root + file)) return [];
      const text = readFileSync(root + file, 'utf8');
      if (text.includes(basename(path))) return [];
      const words = new Set(turnsOf(code).flatMap(({ command }) => wordsOf(command)));
      return [...words]
        .filter((word) => !text.includes(word))
        .map((word) => `${path} ${file}: ${word}`);
    }),
  );
  expect(lacking).toEqual([]);
});

test('a mark holds up to the next heading, one above all headings for the page', () => {
  const block = '\n```sh\nfleet plan\n```\n';
  const marked = (text: string) => readPage('a.md', text).codes.map(({ mark }) => mark);
  const run = '<!-- run by a -->\n';
  expect(marked(`# A\n${block}${run}${block}## B\n${block}`)).toEqual([
    undefined,
    'run by a',
    undefined,
  ]);
  expect(marked(`${run}# A\n${block}\n<!-- only parsed: b -->\n## B\n${block}`)).toEqual([
    'run by a',
    'run by a',
  ]);
});
