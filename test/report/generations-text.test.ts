import { expect, test } from 'vitest';
import { broughtBy, type PastDeployment } from '../../src/model/past-deployment.ts';
import { type GenerationRow, generationsText } from '../../src/report/generations-text.ts';

const at = Date.UTC(2026, 10, 21, 16, 36, 12) / 1000;
const row = (change: Partial<GenerationRow>): GenerationRow => ({
  name: 'web1',
  number: 12,
  since: at,
  current: false,
  path: '/nix/store/a',
  commit: '1b16c103'.padEnd(40, '0'),
  deployment: '20261121-163600-ab12',
  ...change,
});
const kept = { number: undefined, since: 0, commit: undefined, deployment: undefined };

test('generations have heads of columns, their commit and the deployment that brought them', () => {
  const text = generationsText([
    row({ current: true }),
    row({ ...kept, name: 'database1', path: '/nix/store/b' }),
  ]);
  expect(text).toMatchInlineSnapshot(`
    "  NAME       GEN  SINCE (UTC)       COMMIT    DEPLOYMENT
    * web1        12  2026-11-21 16:36  1b16c103  20261121-163600-ab12
        /nix/store/a
      database1 kept
        /nix/store/b
    "
  `);
  expect(generationsText([])).toBe('');
});

test('generations of one vm from the same minute are told apart by seconds, and fit into 80 columns', () => {
  const name = 'x'.repeat(20);
  const text = generationsText([
    row({ name }),
    row({ name, number: 13, since: at + 20, current: true }),
    row({ name: 'a-name-of-more-than-20' }),
  ]);
  expect(text).toMatchInlineSnapshot(`
    "  NAME                  GEN  SINCE (UTC)          COMMIT    DEPLOYMENT
      xxxxxxxxxxxxxxxxxxxx   12  2026-11-21 16:36:12  1b16c103  20261121-163600-ab12
        /nix/store/a
    * xxxxxxxxxxxxxxxxxxxx   13  2026-11-21 16:36:32  1b16c103  20261121-163600-ab12
        /nix/store/a
      a-name-of-more-than-20
                             12  2026-11-21 16:36:12  1b16c103  20261121-163600-ab12
        /nix/store/a
    "
  `);
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(generationsText([row({}), row({ name: 'web2' })])).not.toContain('16:36:12');
});

const past = (id: string, change: Partial<PastDeployment>): PastDeployment =>
  ({
    id,
    operation: 'apply',
    result: 'done',
    before: new Map(),
    after: new Map([['web1', '/nix/store/a']]),
    ...change,
  }) as PastDeployment;

test('a generation is of the last deployment that brought it and was confirmed', () => {
  const all = [
    past('d1', {}),
    past('d2', { before: new Map([['web1', '/nix/store/z']]) }),
    past('unchanged', { before: new Map([['web1', '/nix/store/a']]) }),
    past('d3', { result: 'rolled-back' }),
    past('d4', { operation: 'rollback' }),
    past('d5', { after: new Map([['web2', '/nix/store/a']]) }),
  ];
  expect(broughtBy(all, 'web1', '/nix/store/a')?.id).toBe('d2');
  expect(broughtBy(all, 'web1', '/nix/store/z')).toBeUndefined();
});
