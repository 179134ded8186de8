import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { demand, shortages } from '../../src/model/capacity.ts';
import type { Amounts, Capacity } from '../../src/model/fleet.ts';
import { askers, reckoning, shortageLine } from '../../src/model/shortage-text.ts';
import { formatSize } from '../../src/model/units.ts';

const plain: Omit<Capacity, 'declared'> = {
  reserve: { vcpu: 0, memory: 0, disk: 0 },
  overcommit: { vcpu: 1, memory: 1, disk: 1 },
  perVm: 0,
};
const asks = (name: string, amounts: Partial<Amounts>) =>
  demand(name, 'running', { vcpu: 0, memory: 0, disk: 0, ...amounts }, 0);

describe('what is asked for', () => {
  test('up to the last MiB is no shortage, one more is', () => {
    expect(shortages({ memory: 1024 }, plain, [asks('a', { memory: 1024 })])).toEqual([]);
    const found = shortages({ memory: 1024 }, plain, [asks('a', { memory: 1025 })]);
    expect(found).toMatchObject([{ resource: 'memory', toGive: 1024, asked: 1025 }]);
  });

  test('of something that is not known is not looked at', () => {
    expect(shortages({}, plain, [asks('a', { vcpu: 99, memory: 99, disk: 99 })])).toEqual([]);
  });

  test('by a stopped vm is its disk', () => {
    expect(demand('a', 'stopped', { vcpu: 4, memory: 1024, disk: 2048 }, 128)).toEqual({
      name: 'a',
      vcpu: 0,
      memory: 0,
      disk: 2048,
    });
  });

  test('is listed biggest first, then by name', () => {
    const vms = [asks('c', { vcpu: 1 }), asks('a', { vcpu: 1 }), asks('b', { vcpu: 2 })];
    expect(shortages({ vcpu: 1 }, plain, vms)[0]?.by.map(({ name }) => name)).toEqual([
      'b',
      'a',
      'c',
    ]);
  });
});

describe('what there is to give', () => {
  test('is the rest after the reserve, times the overcommitment', () => {
    const capacity = {
      reserve: { ...plain.reserve, vcpu: 1 },
      overcommit: { ...plain.overcommit, vcpu: 4 },
      perVm: 0,
    };
    expect(shortages({ vcpu: 4 }, capacity, [asks('a', { vcpu: 12 })])).toEqual([]);
    expect(shortages({ vcpu: 4 }, capacity, [asks('a', { vcpu: 13 })])).toMatchObject([
      { there: 4, reserve: 1, overcommit: 4, toGive: 12, asked: 13 },
    ]);
  });

  test('is nothing when the reserve is more than there is', () => {
    const capacity = { ...plain, reserve: { ...plain.reserve, memory: 2048 } };
    expect(shortages({ memory: 1024 }, capacity, [])).toEqual([]);
    expect(shortages({ memory: 1024 }, capacity, [asks('a', { memory: 1 })])).toMatchObject([
      { toGive: 0 },
    ]);
  });

  test('is not less for being reckoned with fractions', () => {
    const capacity = { ...plain, overcommit: { ...plain.overcommit, vcpu: 0.29 } };
    expect(shortages({ vcpu: 100 }, capacity, [asks('a', { vcpu: 29 })])).toEqual([]);
  });
});

describe('in words', () => {
  const many = Array.from({ length: 8 }, (_, i) => asks(`vm${i}`, { memory: 1024 * (8 - i) }));
  const reserve = { ...plain.reserve, memory: 2048 };
  const [short] = shortages({ memory: 32 * 1024 }, { ...plain, reserve }, many);

  test('it says what is asked, what there is, and how much too much', () => {
    expect(shortageLine(short!)).toBe('36 GiB of memory asked for, 30 GiB to give: 6 GiB too much');
    expect(reckoning(short!)).toBe('32 GiB less 2 GiB in reserve');
  });

  test('it names the biggest and sums the others', () => {
    expect(askers(short!).map(({ name, amount }) => `${name} ${amount}`)).toEqual([
      'vm0 8 GiB',
      'vm1 7 GiB',
      'vm2 6 GiB',
      'vm3 5 GiB',
      'vm4 4 GiB',
      '3 more vms 6 GiB',
    ]);
  });

  test('nobody is lost: those named and the others ask for all that is asked', () => {
    const amounts = fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(amounts, (list) => {
        const vms = list.map((vcpu, i) => asks(`v${i}`, { vcpu }));
        const [found] = shortages({ vcpu: 0 }, plain, vms);
        const sum = askers(found!).reduce(
          (all, { amount }) => all + Number.parseInt(amount, 10),
          0,
        );
        expect(sum).toBe(found!.asked);
      }),
    );
  });

  test.each([
    [0, '0 GiB'],
    [1, '1 MiB'],
    [1024, '1 GiB'],
    [1025, '1025 MiB'],
    [31_999, '31.2 GiB'],
    [32 * 1024, '32 GiB'],
    [1024 ** 2, '1 TiB'],
    [1.5 * 1024 ** 2, '1536 GiB'],
    [12.5 * 1024 ** 2, '12.5 TiB'],
  ])('%d MiB is %s', (mib, text) => {
    expect(formatSize(mib)).toBe(text);
  });
});
