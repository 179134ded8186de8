import { describe, expect, test } from 'vitest';
import type { Facts } from '../../src/model/facts.ts';
import { changed, planHv1, unit, withEntry } from './situation.ts';

const MiB = 1024;
const problems = (facts: Partial<Facts>, todo = ['web1']) =>
  planHv1({ fingerprints: changed(...todo), facts: () => facts }).problems;
const free = (folder: string, mebibytes: number) => ({
  freeKiB: new Map([[folder, mebibytes * MiB]]),
});
const memory = (mebibytes: number) => ({
  memory: { totalKiB: 8 * MiB * MiB, availableKiB: mebibytes * MiB },
});

describe('too little', () => {
  test.each<[string, Partial<Facts>, string]>([
    [
      'room in the store',
      free('/nix/store', 700),
      '/nix/store has 700 MiB free, 1024 MiB are needed: fleet gc hv1',
    ],
    [
      'room for fleet’s records',
      free('/var/lib/fleet', 3),
      '/var/lib/fleet has 3 MiB free, 64 MiB are needed: make room on its file system',
    ],
    [
      'room for the vms',
      free('/var/lib/microvms', 63),
      '/var/lib/microvms has 63 MiB free, 64 MiB are needed: make room on its file system',
    ],
    [
      'memory',
      memory(312),
      '312 MiB of memory are available, a build needs 512 MiB: stop something there, or wait',
    ],
  ])('%s is found before a build, with the number', (_, facts, expected) => {
    expect(problems(facts)).toEqual([expected]);
  });

  test('of all of it is said of all of it', () => {
    const facts = { ...memory(1), freeKiB: new Map(['/nix/store', '/boot'].map((d) => [d, 1])) };
    expect(problems(facts, ['hv1'])).toHaveLength(3);
  });

  test('does not stop what needs no build', () => {
    const plan = planHv1({
      facts: (f) => ({
        ...free('/nix/store', 1),
        ...memory(1),
        vms: withEntry(f.vms, 'web1', { unit: unit('failed') }),
      }),
    });
    expect(plan.actions).toMatchObject([{ kind: 'start' }]);
    expect(plan.problems).toEqual([]);
  });
});

test('just enough is enough, and what is not known stops nobody', () => {
  const freeKiB = new Map([
    ['/nix/store', MiB * MiB],
    ['/var/lib/fleet', 64 * MiB],
    ['/boot', 32 * MiB],
  ]);
  expect(problems({ freeKiB, ...memory(512) }, ['hv1', 'web1'])).toEqual([]);
  expect(problems({ freeKiB: new Map([['/nix/store', Number.NaN]]), memory: undefined })).toEqual(
    [],
  );
});
