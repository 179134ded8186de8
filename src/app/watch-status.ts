import { unlessInterrupted } from '../deploy/interrupt.ts';
import type { Emit } from '../model/events.ts';
import type { FleetStatus } from '../model/status.ts';
import { KeptHosts } from './kept-hosts.ts';
import type { Ports } from './ports.ts';
import { type StatusInput, status } from './status.ts';

/** Ms between two looks. */
const pause = 2000;

/**
 * Looks at the fleet again and again, over connections that are kept, until somebody asks to stop. Changes nothing.
 * @throws as `status`; Interrupted, which is how it ends
 */
export async function watchStatus(
  ports: Ports,
  input: StatusInput,
  show: (seen: FleetStatus) => void | Promise<void>,
  emit: Emit,
  signal: AbortSignal,
): Promise<never> {
  const connector = new KeptHosts(ports.connector);
  try {
    for (;;) {
      await show(await status({ ...ports, connector }, input, emit, signal));
      await unlessInterrupted(signal, () => ports.clock.sleep(pause));
    }
  } finally {
    connector.close();
  }
}
