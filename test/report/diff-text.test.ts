import { expect, test } from 'vitest';
import type { GenerationDiff } from '../../src/model/generation-diff.ts';
import { diffText } from '../../src/report/diff-text.ts';
import { noStyle } from '../../src/report/style.ts';

const generation = {
  ...{ number: 11, path: '/nix/store/a', since: 1_764_000_000, commit: 'a'.repeat(40) },
  deployment: '20261128-155203-4f1c',
};
const diff: GenerationDiff = {
  name: 'web1',
  from: generation,
  to: { ...generation, number: 12 },
  fields: [{ field: 'packages', from: 'htop '.repeat(30).trim(), to: 'curl' }],
  commits: [
    '4f1c9a2 web1, web2: packages, memory; hv1: a check of the address that its guests have',
  ],
  closure: { sizes: [0, 1024 ** 3], lines: [`linux: ${'6.12.41, '.repeat(20)}∅ → 6.12.42`] },
};

test('fits a terminal of 80 columns', () => {
  for (const line of diffText(diff, noStyle).split('\n')) expect(line.length).toBeLessThan(81);
});

test('says what Nix compared where it found nothing', () => {
  const text = diffText({ ...diff, closure: { sizes: [1, 1], lines: [] } }, noStyle);
  expect(text).toContain('\n  no package differs in version or by 8 KiB\n');
});
