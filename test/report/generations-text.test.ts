import { expect, test } from 'vitest';
import {
  broughtBy,
  failedOn,
  outcomeOf,
  type PastDeployment,
} from '../../src/model/past-deployment.ts';
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
  const rows = [
    row({ operator: 'ada@desk', subject: 'web1: more memory', outcome: 'rolled-back' }),
    row({
      current: true,
      outcome: 'returned-to',
      failed: [{ deployment: '20261121-170000-cd34', why: 'web1 is not healthy' }],
      number: 14,
      same: [13],
      changes: [{ field: 'memory', from: '1 GiB', to: '2 GiB' }],
    }),
    row({ ...kept, name: 'database1', path: '/nix/store/b' }),
    row({ ...kept, name: 'database1', number: 9, same: [7, 8], path: '/nix/store/c' }),
  ];
  const text = generationsText(rows, at + 3 * 3600);
  expect(text).toMatchInlineSnapshot(`
    "  NAME        GEN       AGE  COMMIT    DEPLOYMENT
      web1         12       3 h  1b16c103  20261121-163600-ab12
        web1: more memory (ada@desk, rolled back since)
    * web1      13-14       3 h  1b16c103  20261121-163600-ab12
        (rolled back to)
        ~ memory: 1 GiB → 2 GiB
        a deployment on it failed: 20261121-170000-cd34: web1 is not healthy
      database1  kept
      database1   7-9
        to return to it: 9
    "
  `);
  expect(generationsText([], at)).toBe('');
});

test('generations fit into 80 columns', () => {
  const name = 'x'.repeat(20);
  const changes = ['a', 'b', 'c', 'd', 'e'].map((field) => ({ field: field.repeat(20), to: '1' }));
  const text = generationsText(
    [row({ name, changes }), row({ name: 'a-name-of-more-than-20', subject: 'why '.repeat(30) })],
    at + 20,
  );
  expect(text).toContain('  20 s  ');
  expect(text).toContain('and 1 more');
  expect(text).toContain('a-name-of-more-than-20\n');
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
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

test('what became of a generation is the last that happened to it, and who failed on it is named', () => {
  const [a, b] = ['/nix/store/a', '/nix/store/b'].map((path) => new Map([['web1', path]]));
  const of = (change: Partial<PastDeployment>) => past('d', { targets: ['web1'], ...change });
  const applied = of({ before: a!, after: b! });
  const back = of({ operation: 'rollback', before: b!, after: a! });
  const failed = of({ result: 'rolled-back', before: a!, after: new Map() });
  const is = (all: PastDeployment[]) =>
    ['a', 'b'].map((n) => outcomeOf(all, 'web1', `/nix/store/${n}`));
  expect(is([applied])).toEqual([undefined, 'applied']);
  expect(is([applied, failed, back])).toEqual(['returned-to', 'rolled-back']);
  expect(is([applied, back, applied])).toEqual(['returned-to', 'applied']);
  // A roll-back of another vm has this one in what was before it, and not in what it brought.
  expect(is([applied, of({ operation: 'rollback', before: b!, after: new Map() })])).toEqual([
    undefined,
    'applied',
  ]);
  expect(failedOn([applied, back, failed], 'web1', '/nix/store/a')).toEqual([failed]);
  expect(failedOn([failed], 'web2', '/nix/store/a')).toEqual([]);
});

test('however many a hypervisor names, they are shown', () => {
  const many = Array.from({ length: 200_000 }, () => row({}));
  expect(generationsText(many, at).split('\n').length).toBeGreaterThan(200_000);
});
