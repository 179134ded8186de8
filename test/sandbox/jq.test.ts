import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fleet-jq-'));
  const tools = join(root, 'sandbox/tools');
  mkdirSync(tools, { recursive: true });
  cpSync(new URL('../../src/sandbox/tools/', import.meta.url), tools, { recursive: true });
  writeFileSync(join(root, 'sandbox/path.sh'), `PATH='${process.env.PATH}'\n`);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const jq = (...words: readonly string[]) =>
  execFileSync('sh', [join(root, 'sandbox/tools/bin/jq'), ...words], {
    env: { PATH: process.env.PATH, FLEET_ROOT: root },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });

test('the stand-in for jq writes an event as jq does', () => {
  const words = [
    '-nc',
    '--argjson',
    'seq',
    '7',
    '--arg',
    'why',
    'a "b"\n\u00fc\u0001',
    '$ARGS.named',
  ];
  expect(jq(...words)).toBe('{"seq":7,"why":"a \\"b\\"\\n\u00fc\\u0001"}\n');
});

test('it refuses anything else, and says that it is a stand-in', () => {
  expect(() => jq('-r', '.vms')).toThrow(
    /stand-in for jq, which does not know -r \.vms: install jq/,
  );
  expect(() => jq('-nc', '--argjson', 'seq', '{', '$ARGS.named')).toThrow('finds no JSON in seq');
});
