import { describe, expect, test } from 'vitest';
import type { Event, EventBody } from '../../src/model/events.ts';
import { stamping } from '../../src/model/stamp.ts';
import { World } from './run.ts';

type Checks = EventBody & { readonly type: 'checks' };

/** What is told of a deployment on hv1. */
async function told(world: World, changed: readonly string[]): Promise<Event[]> {
  const events: Event[] = [];
  const emit = stamping((event) => events.push(event), world.clock, world.id);
  await world.apply(changed, ['hv1'], { emit });
  return events;
}
const phasesOf = (events: readonly Event[]) =>
  events.flatMap((event) => (event.type === 'phase' ? [event.phase] : []));
const checksOf = (events: readonly EventBody[], state: Checks['state']) =>
  events.filter((event): event is Checks => event.type === 'checks' && event.state === state);

/** web1 never answers on what is built for it. */
function mute(): World {
  const world = new World();
  world.hv1.mute.add('/nix/store/new-web1');
  return world;
}

describe('what the engine tells', () => {
  test('goes through the phases in their order', async () => {
    const phases = phasesOf(await told(new World(), ['hv1', 'db1', 'web1']));
    expect(phases).toEqual(['lock', 'checkout', 'build', 'switch', 'guests', 'verify', 'confirm']);
  });

  test('ends with the roll-back where something fails, and says in which phase it did', async () => {
    const events = await told(mute(), ['db1', 'web1']);
    expect(phasesOf(events)).toEqual(['lock', 'checkout', 'build', 'guests', 'roll-back']);
    expect(events.find(({ type }) => type === 'failure')).toMatchObject({
      phase: 'guests',
      hypervisor: 'hv1',
      failure: {
        code: 'verify.not-healthy',
        message: 'web1 is not healthy after 120 s',
        blames: 'commit',
        target: 'web1',
        checks: [{ target: 'web1', check: 'answers', expected: 'ping', seen: 'no answer' }],
      },
    });
    expect(events.at(-1)).toMatchObject({
      type: 'hypervisor',
      state: 'end',
      outcome: 'rolled-back',
      failure: { code: 'verify.not-healthy' },
    });
  });

  test('every event carries version, time and deployment; every step its phase', async () => {
    const world = new World();
    const events = await told(world, ['hv1', 'web1']);
    for (const event of events)
      expect(event).toMatchObject({
        version: 1,
        deployment: world.id,
        time: expect.stringMatching(/Z$/),
      });
    const steps = events.flatMap((e) =>
      e.type === 'step' && e.state === 'begin' ? [`${e.phase}: ${e.step}`] : [],
    );
    expect(steps).toEqual([
      'checkout: check out the commit',
      'build: build',
      'switch: switch, boot default untouched',
      'guests: update web1',
      'verify: set the boot default',
      'confirm: confirm',
    ]);
  });

  test('a check that does not hold yet is told of once a second, with what is seen, and how long it may take', async () => {
    const waiting = checksOf(await told(mute(), ['web1']), 'waiting').filter((e) =>
      e.checks.some(({ check }) => check === 'answers'),
    );
    const times = waiting.map(({ ms = 0 }) => ms);
    expect(times.length).toBeGreaterThan(100);
    expect(times.length).toBeLessThanOrEqual(121);
    for (const event of waiting)
      expect(event).toMatchObject({
        hypervisor: 'hv1',
        target: 'web1',
        limitMs: 120_000,
        checks: [{ check: 'answers', ok: false, expected: 'ping', seen: 'no answer' }],
      });
  });

  test('a guest that is well is told of while it settles', async () => {
    const events = await told(new World(), ['web1']);
    const settling = checksOf(events, 'waiting').filter(({ target }) => target === 'web1');
    expect(settling.length).toBeGreaterThan(3);
    for (const event of settling)
      expect(event).toMatchObject({
        limitMs: 15_000,
        checks: [{ check: 'settled', expected: 'same invocation for 15 s' }],
      });
  });

  test('what changes is told of at once', async () => {
    const world = new World();
    let looks = 0;
    const { hv1 } = world;
    hv1.instead.set('health', () => {
      looks += 1;
      // Within the first second.
      if (looks === 4) hv1.mute.delete('/nix/store/new-web1');
      return undefined;
    });
    hv1.mute.add('/nix/store/new-web1');
    const events = await told(world, ['web1']);
    const waiting = checksOf(events, 'waiting').filter(({ target }) => target === 'web1');
    expect(waiting.slice(0, 2).map(({ checks }) => checks.map(({ check }) => check))).toEqual([
      ['answers'],
      ['settled'],
    ]);
    expect(checksOf(events, 'passed').map(({ target }) => target)).toEqual(['web1']);
  });

  test('checks that failed carry what was expected and seen', async () => {
    const [failed] = checksOf(await told(mute(), ['web1']), 'failed');
    expect(failed).toMatchObject({
      target: 'web1',
      checks: [{ target: 'web1', check: 'answers', expected: 'ping', seen: 'no answer' }],
    });
  });
});
