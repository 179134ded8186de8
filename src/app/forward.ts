import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Interrupted } from '../deploy/interrupt.ts';
import type { Host } from '../host/host.ts';
import { type Listening, listen } from '../host/listen.ts';
import { FleetError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import { looking } from './looking.ts';
import type { Ports } from './ports.ts';
import { machineOf } from './reach/machines.ts';
import { knownConfig } from './workspace/known-config.ts';
import type { Where } from './workspace/where.ts';

export interface ForwardInput {
  readonly where: Where;
  /** Of a vm or a hypervisor. */
  readonly name: string;
  readonly forwards: readonly { readonly local: number; readonly port: number }[];
  /** Told when all of them are listened on. */
  readonly ready: (forwards: readonly Forwarded[]) => void;
}

export interface Forwarded {
  /** Port of 127.0.0.1 here. */
  readonly local: number;
  /** Where it leads. */
  readonly address: string;
  readonly port: number;
}

/** What a connection to a port may take. */
const connectMs = 10_000;

/**
 * Makes ports of a vm, or of a hypervisor itself, reachable here until somebody asks to stop. Who cannot be connected
 * is told of; the others go on.
 * @throws FleetError `select.nothing`, `forward.port`; as `knownConfig` and `connect`; Interrupted, which is its end
 */
export async function forward(
  ports: Ports,
  { where, name, forwards, ready }: ForwardInput,
  emit: Emit,
  signal: AbortSignal,
): Promise<never> {
  const open: Listening[] = [];
  try {
    return await looking(ports, signal, async (ports) => {
      const { index } = await knownConfig(ports, where, emit);
      const { hypervisor, vm } = machineOf(index, name);
      const address = vm?.nics[0]?.address ?? '127.0.0.1';
      const dial = dialling(await ports.connector.connect(hypervisor), () =>
        ports.connector.connect(hypervisor),
      );
      const onSocket = (port: number) => (socket: Socket) =>
        void dial(address, port).then(
          (remote) => join(socket, remote),
          (error: unknown) => {
            socket.destroy();
            if (!(error instanceof FleetError)) throw error;
            emit({ type: 'warning', hypervisor: hypervisor.name, text: error.message });
          },
        );
      for (const { local, port } of forwards) open.push(await listen(local, onSocket(port)));
      ready(forwards.map(({ port }, i) => ({ local: open[i]!.port, address, port })));
      return new Promise<never>((_, reject) =>
        signal.addEventListener('abort', () => reject(new Interrupted()), { once: true }),
      );
    });
  } finally {
    for (const one of open) one.close();
  }
}

/** Connects through a hypervisor, also when its connection was lost meanwhile. */
function dialling(
  first: Host,
  connect: () => Promise<Host>,
): (address: string, port: number) => Promise<Duplex> {
  let host = Promise.resolve(first);
  return async (address, port) => {
    const used = host;
    try {
      return await (await used).connectTcp(address, port, connectMs);
    } catch (error) {
      const isGone = error instanceof FleetError && error.code === 'ssh.lost';
      if (!isGone) throw error;
      // A connection that cannot be made anew is lost to the next as well.
      if (host === used) host = connect().catch(() => used);
      return (await host).connectTcp(address, port, connectMs);
    }
  };
}

/** Each hears of the other's end. */
function join(here: Socket, there: Duplex): void {
  there.on('error', () => {});
  here.pipe(there);
  there.pipe(here);
  here.once('close', () => there.destroy());
  // What has arrived is still written.
  there.once('close', () => here.destroySoon());
  if (here.destroyed) there.destroy();
}
