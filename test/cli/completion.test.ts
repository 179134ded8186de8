import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { Desk, valid } from './fleet.ts';

const entry =
  process.env.FLEET_ENTRY ?? fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const fleet = valid
  .replace('uplink: eth0', 'uplink: eth0, tags: [canary]')
  .replace('web1: {', 'web1: { tags: [front],')
  .concat('  db: { on: hv1, network: front }\n');

const words = async (desk: Desk, ...line: string[]): Promise<string[]> => {
  const { code, stdout, stderr } = await desk.fleet('complete', '--', ...line);
  expect([code, stderr]).toEqual([0, '']);
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((row) => row.split('\t')[0]!);
};

describe('what may stand where the cursor is', () => {
  test.each([
    [['pl'], ['plan']],
    [
      ['plan', '--o'],
      ['--offline', '--on', '--out'],
    ],
    [
      ['plan', '--on', ''],
      ['web1', 'db', 'hv1', '@canary', '@front'],
    ],
    [['plan', '--on', 'web1,d'], ['web1,db']],
    [['apply', '--on=@c'], ['--on=@canary']],
    [
      ['apply', '--release', 'web1,'],
      ['web1,db', 'web1,hv1'],
    ],
    [
      ['rollback', 'web1', ''],
      ['web1', 'db', 'hv1'],
    ],
    [
      ['restart', 'web1', '@'],
      ['@canary', '@front'],
    ],
    [['status', '@f'], ['@front']],
    // Not of those that take no tag.
    [['rollback', '@'], []],
    [['ssh', '@'], []],
    [
      ['show', ''],
      ['web1', 'db', 'hv1', 'front'],
    ],
    [['unlock', ''], ['hv1']],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    // Files, which a shell knows itself.
    [['apply', ''], []],
    [['-C', ''], []],
    // Somebody else's words.
    [['plan', '--', 'w'], []],
  ])('after %j: %j', async (line, expected) => {
    expect(await words(new Desk(fleet), ...line)).toEqual(expected);
  });

  test('also in the middle of an edit, and in a folder below', async () => {
    const desk = new Desk(`${fleet}  "half: {\n`).commit();
    desk.write('docs/x', '');
    expect(await words(desk, '-C', 'docs', 'verify', '--on', 'w')).toEqual(['web1']);
  });

  test('only names that a shell reads as they are', async () => {
    const hostile = fleet.replace('  db:', '  "$(reboot)": {}\n  "a b": {}\n  db:');
    expect(await words(new Desk(hostile), 'rollback', '')).toEqual(['web1', 'db', 'hv1']);
  });

  test('nothing where there is no fleet.yaml', async () => {
    expect(await words(new Desk(), 'rollback', '')).toEqual([]);
  });
});

/** Runs a shell that has this fleet on its PATH. @returns the lines that it prints */
function shell(name: string, ...args: string[]): string[] {
  const desk = new Desk(fleet);
  writeFileSync(
    join(desk.home, 'fleet'),
    `#!/bin/sh\nexec '${process.execPath}' '${entry}' "$@"\n`,
    { mode: 0o755 },
  );
  return execFileSync(name, args, {
    cwd: desk.folder,
    env: { ...desk.env, PATH: `${desk.home}:${desk.env.PATH}` },
    encoding: 'utf8',
  })
    .split('\n')
    .slice(0, -1);
}

test('bash completes a tag, though it takes an @ for the end of a word', () => {
  const complete = (line: string, last: string) =>
    shell(
      'bash',
      '-c',
      `source <(fleet completion bash); COMP_LINE=$1 COMP_POINT=\${#1}; _fleet; printf '%s\\n' "\${COMPREPLY[@]}"`,
      'bash',
      line,
      last,
    )[0];
  expect(complete('fleet plan --on @ca', 'ca')).toBe('canary');
  expect(complete('fleet plan --on=web1,d', 'web1,d')).toBe('web1,db');
  expect(complete('fleet restart web1 @fr', 'fr')).toBe('front');
  expect(complete('fleet sho', 'sho')).toBe('show');
});

/** Whether it is here. Where all tests are wanted, it has to be. */
function has(name: string): boolean {
  const isHere = (process.env.PATH ?? '')
    .split(delimiter)
    .some((dir) => existsSync(join(dir, name)));
  if (!isHere && process.env.FLEET_LAB === 'required')
    throw new Error(`FLEET_LAB=required, but ${name} is not here`);
  return isHere;
}

/** What zsh gives a function of completion, and stand-ins for what it takes from it. */
const inZsh = `
compadd() { shift $(( \${@[(i)--]} )); print -rl -- "$@"; }
_files() { print files; }
compdef() { print "$1 of $2"; }
source <(fleet completion zsh)
words=("$@") CURRENT=$#
_fleet`;

test.skipIf(!has('zsh'))('zsh is given the words, and files where there are none', () => {
  const complete = (...line: string[]) => shell('zsh', '-fc', inZsh, 'zsh', 'fleet', ...line);
  const told = '_fleet of fleet';
  expect(complete('plan', '--on', '@ca')).toEqual([told, '@canary']);
  expect(complete('plan', '--on=web1,d')).toEqual([told, '--on=web1,db']);
  expect(complete('rollback', 'web1', '')).toEqual([told, 'web1', 'db', 'hv1']);
  expect(complete('apply', '')).toEqual([told, 'files']);
});

test.skipIf(!has('fish'))('fish is given the words, with what they are', () => {
  const complete = (line: string) =>
    shell(
      'fish',
      '--no-config',
      '-c',
      'fleet completion fish | source; complete -C $argv[1]',
      line,
    );
  expect(complete('fleet plan --on @ca')[0]).toMatch(/^@canary(\t|$)/);
  expect(complete('fleet plan --on=web1,d')[0]).toMatch(/^--on=web1,db(\t|$)/);
  expect(complete('fleet sho')[0]).toMatch(/^show\ta vm/);
  expect(complete('fleet apply ')).toContain('fleet.yaml');
});

test.each(['bash', 'zsh', 'fish'])('%s is told to ask fleet', async (shell) => {
  const { code, stdout } = await new Desk().fleet('completion', shell);
  expect(code).toBe(0);
  expect(stdout).toContain('fleet complete -- ');
});
