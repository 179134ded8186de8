import { PassThrough, Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { readJournal } from '../../src/app/logs/follow.ts';
import type { Ports } from '../../src/app/ports.ts';
import type { Host, Running } from '../../src/host/host.ts';
import { greeting } from '../../src/host/scripts.ts';
import { hypervisor } from '../render/build.ts';

/** A hypervisor that answers with these lines, whatever it is asked. */
function answering(lines: Iterable<string>): { ports: Ports; given: () => number } {
  let given = 0;
  function* all() {
    yield `${greeting('logs')}\n`;
    for (const line of lines) {
      given += 1;
      yield `${line}\n`;
    }
  }
  const running = (): Running => ({
    stdin: new PassThrough(),
    stdout: Readable.from(all()),
    stderr: Readable.from([]),
    exit: Promise.resolve({ code: 0 }),
  });
  const host: Partial<Host> = { name: 'hv1', open: async () => running(), close: () => {} };
  const clock = { now: () => Date.now(), sleep: async () => {} };
  return {
    ports: { connector: { connect: async () => host }, clock } as unknown as Ports,
    given: () => given,
  };
}

function* endless(line: (i: number) => string) {
  for (let i = 0; ; i += 1) yield line(i);
}

const entry = (i: number) =>
  JSON.stringify({ __CURSOR: `s=${i}`, __REALTIME_TIMESTAMP: '1', MESSAGE: 'x' });

test.each<[string, (i: number) => string]>([
  ['lines', entry],
  [
    'lines of nobody',
    (i) => entry(i).replace('"MESSAGE"', '"_SYSTEMD_UNIT":"microvm@x.service","MESSAGE"'),
  ],
  ['one line', () => entry(1)],
  ['remarks', () => 'cut'],
])(
  'a hypervisor that gives %s without end, where the last ones were asked for, is not listened to',
  async (_, line) => {
    const targets = [
      { name: 'web', unit: undefined },
      { name: 'db', unit: undefined },
    ];
    for (const follow of [true, false]) {
      const { ports, given } = answering(endless(line));
      const reading = {
        hypervisor: hypervisor('hv1'),
        names: { hypervisor: 'hv1', vms: new Set(['web', 'db']), isOwn: true },
        wanted: { lines: 50, follow, targets },
      };
      const to = { last: async () => {}, line: async () => {} };
      const reads = readJournal(
        ports,
        reading as never,
        to,
        () => {},
        new AbortController().signal,
      );
      await expect(reads).rejects.toMatchObject({ code: 'remote.too-much' });
      expect(given()).toBeLessThan(10_000);
    }
  },
);
