import { expect, test } from 'vitest';
import { looking } from '../../src/app/looking.ts';
import type { Ports } from '../../src/app/ports.ts';
import type { Host } from '../../src/host/host.ts';
import type { Hypervisor } from '../../src/model/fleet.ts';
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

test('what is kept may write later, and over its connections, also after an interrupt', async () => {
  const interrupt = new AbortController();
  const closed: string[] = [];
  const connect = async ({ name }: { readonly name: string }) =>
    ({ name, close: () => closed.push(name) }) as unknown as Host;
  const connecting = { ...ports, connector: { connect } } as Ports;
  const open =
    (name: string) =>
    ({ connector, surroundings }: Ports) =>
      connector.connect({ name } as Hypervisor).then((host) => ({ host, surroundings }));
  const kept = await looking(connecting, interrupt.signal, open('kept'), true);
  await looking(connecting, interrupt.signal, open('seen'));
  // What was interrupted is not kept.
  const waiting = looking(
    connecting,
    interrupt.signal,
    async (looked) => {
      await open('waiting')(looked);
      interrupt.abort();
      return new Promise<never>(() => {});
    },
    true,
  );
  await expect(waiting).rejects.toMatchObject({ code: 'interrupted' });
  expect(closed).toEqual(['seen', 'waiting']);
  expect(kept.surroundings.over?.aborted ?? false).toBe(false);
});
