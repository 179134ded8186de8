import { describe, expect, test } from 'vitest';
import { age } from '../../src/model/age.ts';
import type { Facts } from '../../src/model/facts.ts';
import type { VmFacts } from '../../src/model/guest-facts.ts';
import { systemName } from '../../src/model/names.ts';
import { emptyFacts, planHv1, runner, short, unit, withEntry } from './situation.ts';

const { now } = emptyFacts;
const ago = (hours: number, minutes = 0) => now - hours * 3600 - minutes * 60;

describe('an age', () => {
  test.each([
    [0, 'less than a minute'],
    [59, 'less than a minute'],
    [60, '1 min'],
    [3600, '1 h'],
    [3 * 3600 + 12 * 60 + 59, '3 h 12 min'],
    [24 * 3600, '1 d'],
    [400 * 24 * 3600 + 5 * 3600, '400 d 5 h'],
  ])('of %d seconds is said in its two largest units', (seconds, words) => {
    expect(age(now - seconds, now)).toBe(words);
  });

  test('is never of the future: links may be newer than what was asked first', () => {
    expect(age(now + 5, now)).toBe('less than a minute');
  });

  test('is not made up where there is none', () => {
    expect(age(undefined, now)).toBeUndefined();
    expect(age(now, Number.NaN)).toBeUndefined();
    // What Nix gives everything in the store.
    expect(age(1, now)).toBeUndefined();
  });
});

const drift = (facts: (f: Facts) => Partial<Facts>) =>
  planHv1({ facts })
    .drift.filter((d) => ['restart-pending', 'profile', 'reboot'].includes(d.code))
    .map((d) => `${d.target}: ${d.message}`);
const web1 = (change: Partial<VmFacts>) => (f: Facts) => ({
  vms: withEntry(f.vms, 'web1', change),
});
const held = {
  from: '/nix/store/bad',
  to: runner('web1'),
  operator: 'ada@desk',
  since: ago(1),
};

describe('a vm whose next start is not what it is now', () => {
  const byHand = { current: '/nix/store/by-hand', currentSince: ago(3, 12) };
  const off = { booted: undefined, unit: unit('inactive') };

  test('is said with how long that has been so', () => {
    expect(drift(web1(byHand))).toEqual([
      'web1: current differs from booted for 3 h 12 min: a reboot would boot it',
    ]);
  });

  test('is said without an age where nobody knows it', () => {
    expect(drift(web1({ current: '/nix/store/by-hand' }))).toEqual([
      'web1: current differs from booted: a reboot would boot it',
    ]);
  });

  test('is said of one that does not run', () => {
    expect(drift(web1({ ...byHand, ...off }))).toEqual([
      'web1: current differs from what was deployed for 3 h 12 min: the next start boots it',
    ]);
    expect(drift(web1({ ...byHand, ...off, booted: runner('web1') }))).toEqual([
      'web1: current differs from booted for 3 h 12 min: the next start boots it',
    ]);
  });

  test('is not said of one that is only stopped', () => {
    expect(drift(web1(off))).toEqual([]);
  });

  test('is said of one that is held, and apply does not restart it into that', () => {
    const facts = (f: Facts) => ({ ...web1(byHand)(f), held: new Map([['web1', held]]) });
    expect(drift(facts)).toHaveLength(1);
    expect(planHv1({ facts }).actions).toEqual([]);
  });

  test('is restarted when it is held and `current` is what it is held on', () => {
    const facts = (f: Facts) => ({
      ...web1({ booted: '/nix/store/older' })(f),
      held: new Map([['web1', held]]),
    });
    expect(short(planHv1({ facts }).actions)).toEqual(['restart web1']);
  });

  test('is said of an orphan', () => {
    const pet = { ...byHand, name: 'pet', booted: '/nix/store/pet', unit: unit() };
    expect(drift((f) => ({ vms: withEntry(f.vms, 'pet', pet) }))).toEqual([
      'pet: current differs from booted for 3 h 12 min: a reboot would boot it',
    ]);
  });

  test('is said of one that runs without any current', () => {
    expect(drift(web1({ current: undefined }))).toEqual([
      'web1: current is missing: a reboot would not start it again',
    ]);
  });
});

describe('a hypervisor whose next boot is not what it is now', () => {
  const deployed = (f: Facts) => withEntry(f.deployed, systemName, {});

  test('is said with the age of what moved last', () => {
    const change = { systemProfile: '/nix/store/by-hand', currentSystemSince: ago(50) };
    expect(
      drift((f) => ({ ...change, deployed: deployed(f), systemProfileSince: ago(2) })),
    ).toEqual([
      'hv1: the system profile differs from the running system for 2 h: a reboot would boot it',
    ]);
    expect(drift(() => ({ ...change, systemProfileSince: ago(60) }))).toEqual([
      'hv1: the system profile differs from the running system for 2 d 2 h: a reboot would boot it',
    ]);
  });

  test('is said to wait for a reboot at least since its last activation', () => {
    expect(drift(() => ({ rebootFor: ['kernel'], currentSystemSince: ago(26) }))).toEqual([
      'hv1: kernel of the running system waits for a reboot, for at least 1 d 2 h',
    ]);
  });
});
