import { expect, test } from 'vitest';
import { looking } from '../../src/app/looking.ts';
import type { Ports } from '../../src/app/ports.ts';
import { here } from '../surroundings.ts';

const ports = { surroundings: here } as Ports;

test('git of work that only looks is over when the work is, or is interrupted', async () => {
  const interrupt = new AbortController();
  const own = async ({ surroundings }: Ports) => surroundings.over;
  const ended = await looking(ports, interrupt.signal, own);
  expect(ended?.aborted).toBe(true);
  let over: AbortSignal | undefined;
  const waiting = looking(ports, interrupt.signal, ({ surroundings }) => {
    over = surroundings.over;
    return new Promise(() => {});
  });
  interrupt.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'interrupted' });
  expect(over?.aborted).toBe(true);
});

test('what is kept may write later, also after an interrupt', async () => {
  const { signal } = new AbortController();
  const kept = await looking(ports, signal, async ({ surroundings }) => [surroundings.over], true);
  expect(kept).toEqual([undefined]);
});
