import { getEventListeners } from 'node:events';
import { expect, test, vi } from 'vitest';
import { cancelLimit, changing } from '../../src/app/cancelling.ts';
import { looking } from '../../src/app/looking.ts';
import type { Ports } from '../../src/app/ports.ts';
import type { EventBody } from '../../src/model/events.ts';
import type { Hypervisor, Rollout } from '../../src/model/fleet.ts';

const hypervisor = { name: 'hv1' } as Hypervisor;

/** Ports that make connections when they are told to, and count those that are open. */
function counted(made: Promise<void> = Promise.resolve()) {
  const open = new Set<number>();
  let n = 0;
  const connect = async () => {
    const own = ++n;
    await made;
    open.add(own);
    return { close: () => void open.delete(own) };
  };
  return { open, ports: { connector: { connect } } as unknown as Ports };
}

test('what only looks ends at once when asked to, and its connections are closed', async () => {
  const stop = new AbortController();
  const { open, ports } = counted();
  const ended = looking(ports, stop.signal, async ({ connector }) => {
    await connector.connect(hypervisor);
    return new Promise<never>(() => {});
  });
  await vi.waitFor(() => expect(open.size).toBe(1));
  stop.abort();
  await expect(ended).rejects.toMatchObject({
    code: 'interrupted',
    message: 'interrupted; nothing was changed',
  });
  expect(open.size).toBe(0);
  expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
});

test('a connection that comes about when nobody waits for it any more is closed', async () => {
  const stop = new AbortController();
  let arrive = () => {};
  const { open, ports } = counted(
    new Promise((resolve) => {
      arrive = resolve;
    }),
  );
  const connected = vi.fn();
  const ended = looking(ports, stop.signal, async ({ connector }) => {
    connected(await connector.connect(hypervisor));
  });
  stop.abort();
  await expect(ended).rejects.toMatchObject({ code: 'interrupted' });
  arrive();
  await vi.waitFor(() => expect(connected).toHaveBeenCalled());
  expect(open.size).toBe(0);
});

test('connections are closed with the work, unless its result keeps them', async () => {
  const { open, ports } = counted();
  const never = new AbortController().signal;
  const work = ({ connector }: Ports) => connector.connect(hypervisor);
  await looking(ports, never, work);
  expect(open.size).toBe(0);
  const kept = await looking(ports, never, work, true);
  expect(open.size).toBe(1);
  kept.close();
  const fails = async ({ connector }: Ports) => {
    await connector.connect(hypervisor);
    throw new Error('no');
  };
  await expect(looking(ports, never, fails, true)).rejects.toThrow('no');
  expect(open.size).toBe(0);
});

test('what changes something comes to its own end, and is told to be cancelling', async () => {
  const stop = new AbortController();
  const told: EventBody[] = [];
  const emit = (event: EventBody) => void told.push(event);
  let finish = (_: number) => {};
  const ended = changing({ emit, signal: stop.signal, within: 60_000 }, () => {
    return new Promise<number>((resolve) => {
      finish = resolve;
    });
  });
  expect(told).toEqual([]);
  stop.abort();
  expect(told).toEqual([{ type: 'cancelling', within: 60_000 }]);
  finish(3);
  expect(await ended).toBe(3);
  expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
});

test('nobody waits for ever for what is cancelling: it is told to give up', async () => {
  const stop = new AbortController();
  let hasGivenUp = false;
  const ended = changing({ emit: () => {}, signal: stop.signal, within: 50 }, (giveUp) => {
    giveUp.addEventListener('abort', () => {
      hasGivenUp = true;
    });
    return new Promise<never>(() => {});
  });
  stop.abort();
  await expect(ended).rejects.toMatchObject({ code: 'cancel.timed-out', exitCode: 4 });
  expect(hasGivenUp).toBe(true);
});

test('that nothing was changed is said, and is no failed roll-back', async () => {
  const stop = new AbortController();
  const how = { emit: () => {}, signal: stop.signal, within: 20, mayHaveChanged: () => false };
  const ended = changing(how, () => new Promise<never>(() => {}));
  stop.abort();
  await expect(ended).rejects.toMatchObject({
    code: 'cancel.timed-out',
    message:
      'no hypervisor was changed, but the deployment did not end within 1 s of being asked to stop',
    exitCode: 1,
  });
});

test('what is waited for follows from the limits in fleet.yaml', () => {
  const limits = { build: 3_600_000, switch: 300_000, guest: 420_000 };
  const rollout = { limits, confirm: 90_000, deadline: 120_000, settle: 15_000 } as Rollout;
  const usual = cancelLimit(rollout);
  expect(usual).toBe(2_040_000);
  // Nothing runs on what is being built: it is ended.
  expect(cancelLimit({ ...rollout, limits: { ...limits, build: 7_200_000 } })).toBe(usual);
  expect(cancelLimit({ ...rollout, limits: { ...limits, switch: 720_000 } })).toBe(usual + 300_000);
  expect(cancelLimit({ ...rollout, confirm: 390_000 })).toBe(usual + 900_000);
});

test('what was asked to stop before it began is not begun', async () => {
  const work = vi.fn();
  const how = { emit: () => {}, signal: AbortSignal.abort(), within: 1000 };
  await expect(changing(how, work)).rejects.toMatchObject({ code: 'interrupted' });
  expect(work).not.toHaveBeenCalled();
});
