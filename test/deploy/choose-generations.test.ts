import { describe, expect, test } from 'vitest';
import { chooseGenerations, type Numbers } from '../../src/deploy/choose-generations.ts';
import {
  type Generation,
  type Generations,
  noGenerations,
  type RunnerWiring,
} from '../../src/host/answers/generations.ts';
import type { FleetError } from '../../src/model/errors.ts';
import { formatExpected } from '../../src/model/expected.ts';
import { systemName } from '../../src/model/names.ts';
import { deployedFacts, index } from '../plan/situation.ts';

const at = (name: string, number: number | undefined, current = false): Generation => ({
  name,
  number,
  path: `/nix/store/${name}-${number ?? 'kept'}`,
  since: 1,
  current,
});
const reached = (tap: string, bridge: string) =>
  formatExpected({ tap, bridge, address: '10.1.0.2', further: [], volumes: [] });
const wiring = (...taps: [name: string, bridge: string][]) => ({
  wires: taps.map(([name, bridge]) => ({ names: [name], bridge, addresses: [] as string[] })),
  bridges: [...new Set(taps.map(([, bridge]) => bridge))],
  declares: [] as string[],
});

/** db1 and web1 run on hv1, in br-back and br-front, under generation 7; web1 was in br-old until 6. */
const facts = {
  ...deployedFacts(index(), 'hv1'),
  currentSystem: `/nix/store/${systemName}-7`,
};
const moved: Generations = {
  ...noGenerations,
  all: [
    at(systemName, 5),
    at(systemName, 6),
    at(systemName, 7, true),
    at('db1', 1),
    at('db1', 2, true),
    at('web1', 2),
    at('web1', 3),
    at('web1', 4),
    at('web1', 5, true),
  ],
  expected: new Map([
    ['db1-1', reached('vm-db1', 'br-back')],
    ['web1-2', reached('vm-web1', 'br-old')],
    ['web1-3', reached('vm-web1', 'br-old')],
    ['web1-4', reached('vm-web1', 'br-front')],
  ]),
  systems: new Map([
    [`${systemName}-5`, wiring(['vm-db1', 'br-back'], ['vm-web1', 'br-old'])],
    [`${systemName}-6`, wiring(['vm-db1', 'br-back'], ['vm-web1', 'br-old'])],
    [`${systemName}-7`, wiring(['vm-db1', 'br-back'], ['vm-web1', 'br-front'])],
  ]),
};

function choose(
  wanted: string[],
  numbers: Record<string, number | 'kept'> = {},
  generations = moved,
) {
  const search = { hypervisor: 'hv1', facts, generations };
  return chooseGenerations(
    { ...search, numbers: new Map(Object.entries(numbers)) as Numbers },
    wanted,
  );
}
const chosen = (...args: Parameters<typeof choose>) =>
  Object.fromEntries([...choose(...args)].map(([name, g]) => [name, g.number ?? 'kept']));
const refusal = (...args: Parameters<typeof choose>) => {
  try {
    choose(...args);
  } catch (error) {
    const { code, message, hint } = error as FleetError;
    return { code, message, hint };
  }
  throw new Error('not refused');
};

describe('generations that fit together', () => {
  test('of a vm alone, the youngest that has today’s network', () => {
    expect(chosen(['web1'])).toEqual({ web1: 4 });
    expect(chosen(['web1', 'db1'])).toEqual({ web1: 4, db1: 1 });
  });

  test('of a vm with its hypervisor, across a change of network', () => {
    expect(chosen(['web1', systemName])).toEqual({ [systemName]: 6, web1: 3 });
    expect(chosen(['web1', systemName], { [systemName]: 5, web1: 2 })).toEqual({
      [systemName]: 5,
      web1: 2,
    });
  });

  test('a vm that had another network then is refused, with the command that works', () => {
    expect(refusal(['web1'], { web1: 2 })).toEqual({
      code: 'rollback.network',
      message:
        "web1 used a network at that generation that the hypervisor's current system does not have",
      hint: 'Roll them back together: fleet rollback hv1 web1 --to hv1=6 --to web1=2',
    });
  });

  test('a hypervisor whose system of then would cut a vm off is refused, with the command that works', () => {
    expect(refusal([systemName])).toEqual({
      code: 'rollback.network',
      message: 'web1 would be cut off: hv1 had another network for it at generation 6',
      hint: 'Roll them back together: fleet rollback hv1 web1 --to hv1=6 --to web1=3',
    });
    expect(refusal([systemName, 'db1'], { [systemName]: 5 }).hint).toBe(
      'Roll them back together: fleet rollback hv1 db1 web1 --to hv1=5 --to db1=1 --to web1=3',
    );
  });

  test('numbers that do not fit are refused, with those that do', () => {
    expect(refusal(['web1', systemName], { [systemName]: 6, web1: 4 }).hint).toBe(
      'Roll them back together: fleet rollback hv1 web1 --to hv1=6 --to web1=3',
    );
  });

  test('a vm that was not there yet, or has no generation left that fits, is said to have none', () => {
    const all = moved.all.filter((g) => g.name !== 'web1' || g.number === 4 || g.current);
    expect(refusal([systemName], {}, { ...moved, all }).hint).toBe(
      'No generations of hv1, web1 fit together: fleet rollback --list lists them all. Nothing was changed.',
    );
  });

  test('a generation that is not there', () => {
    expect(refusal(['web1'], { web1: 9 })).toMatchObject({ code: 'rollback.no-generation' });
    const all = [at('web1', 1, true)];
    expect(refusal(['web1'], {}, { ...moved, all }).message).toBe(
      'web1 has no previous generation',
    );
  });
});

test('a guest in a subnet that its bridge had not then does not fit', () => {
  const withSubnet = (address: string) => {
    const own = { names: ['br-front'], bridge: undefined, addresses: [address] };
    const { wires, ...rest } = wiring(['vm-db1', 'br-back'], ['vm-web1', 'br-front']);
    return { ...rest, wires: [...wires, own] };
  };
  const systems = (six: string, seven: string) => ({
    ...moved,
    systems: new Map([
      [`${systemName}-6`, withSubnet(six)],
      [`${systemName}-7`, withSubnet(seven)],
    ]),
  });
  const [same, other] = ['10.1.0.1/24', '10.9.0.1/24'];
  expect(chosen(['web1'], {}, systems(same, same))).toEqual({ web1: 4 });
  expect(refusal(['web1'], {}, systems(same, other)).hint).toContain(
    'fleet rollback hv1 web1 --to hv1=6 --to web1=4',
  );
  expect(refusal([systemName], {}, systems(other, same)).message).toContain('web1');
});

describe('a generation from before fleet', () => {
  const runner: RunnerWiring = { taps: ['vm-s-web1'], addresses: ['10.1.0.2'], virtiofs: false };
  const adopted = (more: Partial<RunnerWiring>, ...wires: [string, string][]): Generations => ({
    ...moved,
    all: [
      at(systemName, 6),
      at(systemName, 7, true),
      at('db1', 1, true),
      at('web1', 1),
      at('web1', 2, true),
    ],
    runners: new Map([['web1-1', { ...runner, ...more }]]),
    expected: new Map(),
    systems: new Map([
      [`${systemName}-6`, wiring(['vm-db1', 'br-back'], ['vm-s-*', 'br-s'])],
      [`${systemName}-7`, wiring(['vm-db1', 'br-back'], ['vm-web1', 'br-front'], ...wires)],
    ]),
  });

  test('is reached by the TAPs that its own runner names', () => {
    const found = choose(['web1'], {}, adopted({}, ['vm-s-*', 'br-s'])).get('web1');
    expect(found?.expected).toMatchObject({
      tap: 'vm-s-web1',
      bridge: 'br-s',
      address: '10.1.0.2',
      virtiofs: false,
    });
    expect(found?.isSilent).toBeUndefined();
  });

  test('is not asked where nothing says its address', () => {
    const found = choose(['web1'], {}, adopted({ addresses: [] }, ['vm-s-*', 'br-s'])).get('web1');
    expect(found?.isSilent).toBe(true);
  });

  test('is refused at once where its TAP enters no bridge any more', () => {
    expect(refusal(['web1'], {}, adopted({})).hint).toBe(
      'Roll them back together: fleet rollback hv1 web1 --to hv1=6 --to web1=1',
    );
  });

  test('of the hypervisor takes along the vms that it has no TAP file for, and those of its microvm.vms', () => {
    const before = adopted({}, ['vm-s-*', 'br-s']);
    const along = 'Roll them back together: fleet rollback hv1 web1 --to hv1=6 --to web1=1';
    expect(refusal([systemName], {}, before).hint).toBe(along);
    const same = { ...wiring(['vm-*1', 'br-front']), declares: ['web1'] };
    same.wires.unshift({ names: ['vm-db1'], bridge: 'br-back', addresses: [] });
    const systems = new Map([...before.systems, [`${systemName}-6`, same] as const]);
    expect(refusal([systemName], {}, { ...before, systems }).hint).toBe(along);
  });
});
