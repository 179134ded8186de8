import { expect, test } from 'vitest';
import { wrap, wrapHint } from '../../src/report/wrap.ts';

const sentence = 'a sentence of many words that goes on for longer than a terminal is wide, and on';

test('what fits is left as it is', () => {
  expect(wrap('short', 4)).toBe('short');
  expect(wrap('x'.repeat(76), 4)).toBe('x'.repeat(76));
});

test('what does not fit is broken at spaces, and goes on at its column', () => {
  expect(wrap(sentence, 20)).toBe(
    `a sentence of many words that goes on for longer than a\n${' '.repeat(20)}terminal is wide, and on`,
  );
});

test('a command in parentheses stays whole, to be copied', () => {
  expect(wrap(`${sentence} (fleet apply --release web1)`, 4)).toBe(
    `${sentence.slice(0, -7)}\n    and on (fleet apply --release web1)`,
  );
});

test('a number stays with its unit', () => {
  expect(wrap(`${'x '.repeat(34)}for 12 min and on`, 4)).toBe(
    `${'x '.repeat(34)}for\n    12 min and on`,
  );
});

test('a word longer than a line is not cut', () => {
  expect(wrap(`see /nix/store/${'x'.repeat(90)} there`, 4).split('\n    ')).toEqual([
    'see',
    `/nix/store/${'x'.repeat(90)}`,
    'there',
  ]);
});

test('its own lines stay lines', () => {
  expect(wrap('one\ntwo', 2)).toBe('one\n  two');
});

test('the hint of an error is wrapped, and its commands stay whole, to be copied', () => {
  const lines = (hint: string, column = 0) => wrapHint(hint, column).split('\n');
  const key = `echo 'hv1, ssh-ed25519 ${'A'.repeat(80)}' >> ~/.ssh/known_hosts`;
  expect(lines(`Is it ours?\nIf they are the same, accept it: ${key}`, 2)).toEqual([
    'Is it ours?',
    '  If they are the same, accept it:',
    `  ${key}`,
  ]);
  expect(lines(`Only then:\n  ${key}`)).toEqual(['Only then:', `  ${key}`]);
  expect(
    lines(
      'Revert on top of it, on the branch that is followed: git pull --rebase origin main, then git cherry-pick 1234abcd. `ssh -v` says more, and so does the log of the server there.',
    ),
  ).toEqual([
    'Revert on top of it, on the branch that is followed:',
    'git pull --rebase origin main, then git cherry-pick 1234abcd. `ssh -v` says',
    'more, and so does the log of the server there.',
  ]);
  expect(lines('Try: git fetch origin')).toEqual(['Try: git fetch origin']);
});

test('prose behind a colon is wrapped like any other', () => {
  const hint = `One thing: ${'word '.repeat(30)}.`;
  for (const line of wrapHint(hint, 15).split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});
