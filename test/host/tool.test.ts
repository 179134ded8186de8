import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runTool } from '../../src/host/ssh/tool.ts';
import { failure } from './desk.ts';

/** Prints each word on a line, complains, and ends with a code. */
const speak = (code: number, ...words: string[]) =>
  runTool(
    '/bin/sh',
    ['-c', `printf '%s\\n' "$@"; echo "no $1" >&2; exit ${code}`, 'sh', ...words],
    process.env,
  );

test('each of many that are asked at once gets its own answer', async () => {
  const all = await Promise.all(Array.from({ length: 30 }, (_, i) => speak(i % 3, `word ${i}`)));
  all.forEach((result, i) => {
    expect(result).toEqual({ code: i % 3, stdout: `word ${i}\n`, stderr: `no word ${i}\n` });
  });
});

test('words arrive as they are, whatever a shell would make of them', async () => {
  const word = fc.oneof(
    fc.string({ unit: 'binary' }).map((w) => w.replaceAll('\0', '')),
    fc.constantFrom('', '-n', '--', '$(id)', '`id`', '$!', '${1}', "it's", '"', '*', '~', 'a\nb\n'),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(word, { maxLength: 12 }), { minLength: 2, maxLength: 9 }),
      async (calls) => {
        const results = await Promise.all(calls.map((words) => speak(0, 'first', ...words)));
        expect(results.map(({ stdout }) => stdout)).toEqual(
          calls.map((words) => ['first', ...words, ''].join('\n')),
        );
      },
    ),
    { numRuns: 50 },
  );
});

test('one that is not installed is named, and the others answer', async () => {
  const missing = failure(runTool('ssh-of-another-kind', ['-G'], process.env));
  expect(await speak(0, 'here')).toMatchObject({ stdout: 'here\n' });
  expect(await missing).toMatchObject({
    code: 'ssh.no-openssh',
    message: 'the program ssh-of-another-kind is not on PATH',
  });
});

test('one that never ends is given up, and keeps no other from answering', async () => {
  const before = Array.from({ length: 3 }, (_, i) => speak(0, `before ${i}`));
  let isHung = true;
  const hung = failure(runTool('sleep', ['100'], process.env)).finally(() => {
    isHung = false;
  });
  const after = Array.from({ length: 12 }, (_, i) => speak(0, `after ${i}`));
  const answers = await Promise.all([...before, ...after]);
  expect(answers.map(({ code }) => code)).toEqual(Array(15).fill(0));
  expect(isHung).toBe(true);
  expect(await hung).toMatchObject({ message: 'sleep did not finish within 15 s' });
}, 180_000);
