import { expect, test } from 'vitest';
import { inParallel } from '../../src/deploy/parallel.ts';

test('nothing more is begun after a failure', async () => {
  const begun: number[] = [];
  const work = inParallel([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 2, async (n) => {
    begun.push(n);
    await new Promise((done) => setImmediate(done));
    if (n === 2) throw new Error('two');
    return n;
  });
  await expect(work).rejects.toThrow('two');
  await new Promise((done) => setTimeout(done, 20));
  expect(begun.length).toBeLessThanOrEqual(3);
});

test('results are in the order of items', async () => {
  const slow = (n: number) => new Promise<number>((done) => setTimeout(done, 30 - 10 * n, n));
  expect(await inParallel([0, 1, 2], 3, slow)).toEqual([0, 1, 2]);
});
