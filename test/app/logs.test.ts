import { PassThrough, Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { lastLines } from '../../src/app/incident/last-lines.ts';
import { InOrder } from '../../src/app/logs/in-order.ts';
import { wantedNames } from '../../src/app/logs/wanted.ts';
import { lineOf } from '../../src/app/logs/whose.ts';
import { moment } from '../../src/cli/moment.ts';
import type { JournalEntry } from '../../src/host/answers/journal.ts';
import type { Host } from '../../src/host/host.ts';
import { greeting } from '../../src/host/scripts.ts';
import { indexFleet } from '../../src/model/index.ts';
import type { LogLine, LogUnit } from '../../src/model/log-line.ts';
import { fleet, hypervisor, network, nic, vm } from '../render/build.ts';

const entry = (unit: string, more: Partial<JournalEntry> = {}): JournalEntry => ({
  cursor: 's=1',
  at: 1,
  unit,
  isAbout: false,
  isOutput: true,
  by: unit,
  priority: 6,
  text: 'x',
  ...more,
});
const whose = (of: JournalEntry, isOwn = false, unit?: LogUnit) => {
  const line = lineOf(of, { hypervisor: 'hv1', vms: new Set(['web']), isOwn, unit });
  return line && `${line.name} ${line.unit}`;
};

test('a line is of the vm whose unit it is, in the part that it belongs to', () => {
  const about = { isAbout: true, isOutput: false };
  expect(whose(entry('microvm@web.service'))).toBe('web console');
  expect(whose(entry('microvm@web.service', about))).toBe('web microvm');
  expect(whose(entry('microvm-virtiofsd@web.service'))).toBe('web virtiofsd');
  expect(whose(entry('microvm-macvtap-interfaces@web.service'))).toBe('web tap');
  expect(whose(entry('fleet-guest-keys@web.service'))).toBe('web fleet');
  for (const unit of [
    'microvm@db.service',
    'microvm@web.timer',
    'sshd.service',
    'constructor@web.service',
    '',
  ])
    expect(whose(entry(unit)), unit).toBeUndefined();
});

test('of a hypervisor all is but what its guests print', () => {
  expect(whose(entry('sshd.service'), true)).toBe('hv1 system');
  expect(whose(entry(''), true)).toBe('hv1 system');
  expect(whose(entry('fleet-autostart.service'), true)).toBe('hv1 fleet');
  expect(whose(entry('microvm@db.service'), true)).toBeUndefined();
  expect(whose(entry('microvm@db.service', { isAbout: true }), true)).toBe('hv1 system');
  expect(whose(entry('microvm@web.service'), true)).toBe('web console');
  expect(whose(entry('sshd.service'), true, 'fleet')).toBeUndefined();
});

test('--unit is one part; the unit as a whole has its console', () => {
  const output = entry('microvm@web.service');
  const said = entry('microvm@web.service', { isAbout: true, isOutput: false });
  expect([whose(output, false, 'console'), whose(said, false, 'console')]).toEqual([
    'web console',
    undefined,
  ]);
  expect([whose(output, false, 'microvm'), whose(said, false, 'microvm')]).toEqual([
    'web console',
    'web microvm',
  ]);
  expect(whose(output, false, 'tap')).toBeUndefined();
});

const index = indexFleet(
  fleet({
    hypervisors: [hypervisor('hv1'), hypervisor('hv2')],
    networks: [network('front', 1, 'hv1'), network('back', 2, 'hv2')],
    vms: [
      vm('web1', 'hv1', [nic('web1', 'front', '10.1.0.2')]),
      vm('web2', 'hv1', [nic('web2', 'front', '10.1.0.3')]),
      vm('db1', 'hv2', [nic('db1', 'back', '10.2.0.2')]),
    ],
  }),
);
const wanted = (names: readonly string[], unit?: LogUnit) =>
  wantedNames(index, names, unit).map(
    ({ hypervisor, vms, isOwn }) => `${hypervisor}${isOwn ? '!' : ''} ${[...vms].join(' ')}`,
  );

test('names are asked of the hypervisors that have them, each once', () => {
  expect(wanted(['db1', 'web*', 'web1'])).toEqual(['hv1 web1 web2', 'hv2 db1']);
  expect(wanted(['hv1', 'db1'])).toEqual(['hv1! ', 'hv2 db1']);
  expect(wanted(['*'], 'console')).toEqual(['hv1 web1 web2', 'hv2 db1']);
  expect(wanted(['hv1'], 'fleet')).toEqual(['hv1! ']);
  expect(() => wanted(['hv1'], 'console')).toThrow('hv1 is a hypervisor');
  expect(() => wanted(['nobody'])).toThrow('there is no vm or hypervisor nobody');
});

test('last lines wait for all, and are shown in the order of their times', async () => {
  const shown: number[] = [];
  const show = async (lines: readonly LogLine[]) => void shown.push(...lines.map(({ at }) => at));
  const at = (...times: number[]) => times.map((at) => ({ at }) as LogLine);
  const order = new InOrder(2, false, show);
  await order.last(at(3, 1));
  expect(shown).toEqual([]);
  await order.last(at(2));
  expect(shown).toEqual([1, 2, 3]);
  await order.line(at(4)[0]!);
  expect(shown).toEqual([1, 2, 3, 4]);
});

test.each([
  ['15m', '2026-11-29T08:26:00Z'],
  ['2h', '2026-11-29T06:41:00Z'],
  ['3d', '2026-11-26T08:41:00Z'],
  ['2026-11-28', '2026-11-28T00:00:00Z'],
  ['2026-11-28 23:59', '2026-11-28T23:59:00Z'],
  ['2026-11-28T23:59:58Z', '2026-11-28T23:59:58Z'],
  ['2026-11-28 23:59:58 UTC', '2026-11-28T23:59:58Z'],
  ['2026-02-30', undefined],
  ['2026-13-01', undefined],
  ['25:00', undefined],
  ['yesterday', undefined],
  ['-5m', undefined],
  ['99999d', '1970-01-01T00:00:00Z'],
])('--since %s', (text, expected) => {
  const now = Date.parse('2026-11-29T08:41:00Z');
  expect(moment(text, now)).toBe(expected && Date.parse(expected) / 1000);
});

test('of the lines that an incident has none take more than their share, also empty ones', async () => {
  const said = function* () {
    yield `${greeting('logs')}\n`;
    for (let n = 0; n < 40_000; n++)
      yield `{"__CURSOR":"s=1","__REALTIME_TIMESTAMP":"${n}","_SYSTEMD_UNIT":"microvm@web.service","_TRANSPORT":"stdout","MESSAGE":""}\n`;
  };
  const open = async () => ({
    ...{ stdin: new PassThrough(), stdout: Readable.from(said()), stderr: Readable.from([]) },
    exit: Promise.resolve({ code: 0 }),
  });
  const lines = await lastLines({ name: 'hv1', open } as unknown as Host, 'web', { lines: 1000 });
  expect(lines.at(-1)?.at).toBe(39_999);
  expect(lines).toHaveLength((1024 * 1024) / 64);
});
