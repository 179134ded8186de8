import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Host } from '../host/host.ts';
import type { Check } from '../model/fleet.ts';
import type { CheckResult } from './checks.ts';

/** One probe must not take longer than this; the deadline of the guest decides how often. */
const probeMs = 3000;

/** The checks that fleet.yaml asks for, made through the ssh connection to the hypervisor. */
export function probe(
  host: Host,
  target: string,
  address: string,
  checks: readonly Check[],
): Promise<CheckResult[]> {
  return Promise.all(
    checks.map(async (check): Promise<CheckResult> => {
      const name = check.kind === 'tcp' ? `tcp ${check.port}` : `http ${check.port}${check.path}`;
      const expected = check.kind === 'tcp' ? 'connects' : String(check.status);
      let seen: string;
      try {
        const socket = await host.connectTcp(address, check.port, probeMs);
        seen = check.kind === 'tcp' ? 'connects' : String(await status(socket, address, check));
        socket.destroy();
      } catch (error) {
        seen = error instanceof Error ? error.message : String(error);
      }
      return { target, check: name, ok: seen === expected, expected, seen };
    }),
  );
}

function status(
  socket: Duplex,
  address: string,
  check: { readonly port: number; readonly path: string },
): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        createConnection: () => socket,
        headers: { host: `${address}:${check.port}`, connection: 'close' },
        path: check.path,
      },
      (response) => {
        clearTimeout(timer);
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    // `timeout` of request() needs an agent, and there is none.
    const timer = setTimeout(
      () => asked.destroy(new Error(`no answer within ${probeMs / 1000} s`)),
      probeMs,
    );
    asked.once('error', (error) => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    });
    asked.end();
  });
}
