import { describe, expect, test } from 'vitest';
import { judgeLife } from './check.ts';
import type { Forged } from './forge.ts';
import { good } from './good.ts';
import { spoiltEvents } from './spoilt-events.ts';
import { spoiltStates } from './spoilt-states.ts';

describe('a history is accepted where', () => {
  test.each(Object.entries(good))('%s', (_, make) => {
    expect(judgeLife(make())).toEqual([]);
  });
});

// A checker that cannot fail shows nothing.
describe('a history is refused where', () => {
  test.each([...spoiltEvents, ...spoiltStates])('%s, and %s', (name, _, spoil, said) => {
    const history: Forged = good[name]();
    spoil(history);
    expect(judgeLife(history).join('\n')).toMatch(said);
  });
});
