import { unlessInterrupted } from '../deploy/interrupt.ts';
import type { Host } from '../host/host.ts';
import type { Ports } from './ports.ts';

/**
 * Runs work that only looks, and so ends at once when a person asks to stop, and git with it. Connections that it opened through these
 * `ports` are closed however it ends, unless its result `keeps` them and closes them later.
 * @throws Interrupted
 */
export async function looking<T>(
  ports: Ports,
  signal: AbortSignal,
  work: (ports: Ports) => Promise<T>,
  keeps = false,
): Promise<T> {
  const open = new Set<Host>();
  const leaving = new AbortController();
  let isOver = false;
  const connect: Ports['connector']['connect'] = async (hypervisor) => {
    const host = await ports.connector.connect(hypervisor);
    // Nobody waits for the work any more; whatever still runs over these connections fails.
    if (isOver) host.close();
    else open.add(host);
    return host;
  };
  let isKept = false;
  try {
    const result = await unlessInterrupted(signal, () =>
      work({
        ...ports,
        connector: { connect },
        // What is kept may write later.
        ...(!keeps && { surroundings: { ...ports.surroundings, over: leaving.signal } }),
      }),
    );
    isKept = keeps;
    return result;
  } finally {
    isOver = !isKept;
    if (isOver) {
      for (const host of open) host.close();
      leaving.abort();
    }
  }
}
