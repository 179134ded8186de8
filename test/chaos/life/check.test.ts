import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { judgeLife } from './check.ts';
import type { Forged } from './forge.ts';
import { good } from './good.ts';
import { leaveOut } from './spoil.ts';
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

describe('a history that the lab wrote, in which a guest was killed until it was given up, then started by a person,', () => {
  const recorded = (): Forged =>
    JSON.parse(
      readFileSync(new URL('../../fixtures/life/crash-loop.json', import.meta.url), 'utf8'),
    );
  const mistake = /orphan.found .*process 5213/;

  test('has the one mistake that it had: a VMM that ended just then was taken for nobody’s', () => {
    expect(judgeLife(recorded())).toEqual([expect.stringMatching(mistake)]);
  });

  const { began, events, lives } = recorded();
  const telling = ['guest.ended', 'guest.started', 'guest.failed'];
  test.each(events.filter(({ kind, at }) => telling.includes(kind) && at >= began))(
    'is refused without $kind at $at',
    (event) => {
      const history = recorded();
      leaveOut(history, event);
      expect(judgeLife(history).length).toBeGreaterThan(1);
    },
  );

  test.each(lives.filter((life) => life.began >= began))(
    'is refused without the life of $vm that began at $began',
    (life) => {
      const history = recorded();
      history.lives = history.lives.filter(({ invocation }) => invocation !== life.invocation);
      expect(judgeLife(history).length).toBeGreaterThan(1);
    },
  );
});
