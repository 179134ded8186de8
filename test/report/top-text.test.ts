import { styleText } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { HypervisorUsage, UsageOn, VmUsage } from '../../src/model/usage.ts';
import { rowsOf } from '../../src/report/columns.ts';
import { noStyle, type Style } from '../../src/report/style.ts';
import { topPicture, topText } from '../../src/report/top-text.ts';

const [mib, gib] = [1024 ** 2, 1024 ** 3];
const now = 1_760_000_000;
const trend = (...cpu: (number | null)[]) => ({
  cpu: [...Array<null>(20 - cpu.length).fill(null), ...cpu],
  memory: [],
});
const vm = (name: string, more: Partial<VmUsage> = {}): VmUsage => ({
  ...{ name, hypervisor: 'hv1', state: 'Ready', health: 'ok', shed: false, meant: true },
  ...{ priority: 10, vcpu: 2, memoryReserved: gib + 128 * mib, trend: trend(), ...more },
});
const hypervisor = (more: Partial<HypervisorUsage> = {}): HypervisorUsage => ({
  ...{ name: 'hv1', at: now - 5, cpus: 8, cpusReserved: 6, cpu: 0.96, memory: 32 * gib },
  ...{
    memoryAvailable: 20 * gib,
    memoryReserved: 9 * gib,
    reservedFor: 3,
    memoryOfVms: 3 * gib,
    disks: [],
  },
  ...{ trend: trend(), ...more },
});
const shown = (seen: readonly UsageOn[], width = 80) => topText(seen, noStyle, width, now);

describe('what is reserved and used', () => {
  const vms = [
    vm('batch', { state: 'Terminated', meant: true, shed: true, memoryReserved: gib }),
    vm('web', {
      ...{ cpu: 0.124, memoryUsed: 812 * mib, diskUsed: 1.2 * gib, diskReserved: 20 * gib },
      ...{ receives: 2048, sends: 3 * mib, availability: { day: 1, month: 0.99999 } },
      trend: trend(0, 0.2, 0.5, 2, 1, null),
      inside: { memoryTotal: 980 * mib, memoryAvailable: 380 * mib, units: [], disks: [] },
    }),
    vm('db', { memoryUsed: 2 * gib, health: 'failing', cpu: 1.5 }),
    vm('old', { state: 'Terminated', meant: false, memoryReserved: 0 }),
  ];

  test('is a line a vm on 80 columns, who uses most memory first', () => {
    expect(
      `\n${shown([{ hypervisor: 'hv1', answer: { hypervisor: hypervisor(), vms } }])}`,
    ).toMatchInlineSnapshot(`
      "
      hv1  12 % of 8 processors, memory 12G used of 32G, 9G reserved for 3 vms
      VM     STATE             CPU     MEMORY      DISK  CPU, 1 HOUR  IN/S  OUT/S
      db     Ready, failing   150%    2G/1.1G
      web    Ready             12%  812M/1.1G  1.2G/20G         ▁█▅     2K     3M
      batch  short of memory             -/1G
      old    stopped
      "
    `);
  });

  test('has more columns where there is room', () => {
    expect(
      `\n${shown([{ hypervisor: 'hv1', answer: { hypervisor: hypervisor(), vms } }], 130)}`,
    ).toMatchInlineSnapshot(`
      "
      hv1  12 % of 8 processors, memory 12G used of 32G, 9G reserved for 3 vms
      VM     STATE             CPU     MEMORY      DISK  CPU, 1 HOUR  IN/S  OUT/S  UP, 30 D     INSIDE
      db     Ready, failing   150%    2G/1.1G
      web    Ready             12%  812M/1.1G  1.2G/20G         ▁█▅     2K     3M     99.9%  600M/980M
      batch  short of memory             -/1G
      old    stopped
      "
    `);
  });

  test('comes with what is wrong with the hypervisor, and with how old it is', () => {
    const wrong = hypervisor({
      ...{ at: now - 3600, memoryReserved: 40 * gib, stalled: 31.5, clockSynchronised: false },
      ...{ disks: [{ folder: '/var/lib/microvms', size: 100 * gib, free: 4 * gib }] },
      ...{ flakeCopies: 180, vmGenerations: 90 },
    });
    expect(
      `\n${shown([{ hypervisor: 'hv1', answer: { hypervisor: wrong, vms: [] } }])}`,
    ).toMatchInlineSnapshot(`
      "
      hv1  12 % of 8 processors, memory 12G used of 32G, 40G reserved for 3 vms
        as it was at 2025-10-09 07:53:20 UTC: no newer sample
          (systemctl status fleet-sample.timer)
        more memory is reserved than there is
        everything waits for memory 32 % of the time
        the disk of /var/lib/microvms is 96 % full, 4G are free
        its clock is not synchronised
        180 copies of flakes and 90 generations are kept: fleet gc hv1, or gc: in
          fleet.yaml
      "
    `);
  });

  test.each([
    [24, 80],
    [24, 79],
    [12, 40],
    [5, 72],
    [3, 200],
  ])('on a screen of %i × %i never takes more rows than it has', (rows, columns) => {
    const many = Array.from({ length: 100 }, (_, i) => vm(`web${i}`, { memoryUsed: i * mib }));
    // A summary that fills one line, notes, and what somebody said meanwhile.
    const stalled = hypervisor({ stalled: 31.5, flakeCopies: 180, vmGenerations: 90 });
    const silent = { hypervisor: 'hv2', answer: new Error('no answer '.repeat(20)) };
    const at = `2025-10-09 08:53:20 UTC ${'fleet.yaml cannot be read '.repeat(4)}`;
    const coloured: Style = (format, text) => styleText(format, text, { validateStream: false });
    const drawn = (vms: readonly VmUsage[]) =>
      topPicture(() => now)(
        [silent, { hypervisor: 'hv1', answer: { hypervisor: stalled, vms } }],
        coloured,
        { rows, columns },
        at,
      );
    for (const vms of [[], many.slice(0, rows - 3), many]) {
      const picture = drawn(vms);
      expect(rowsOf(picture, columns)).toBeLessThanOrEqual(rows);
      expect(picture).toContain('2025-10-09 08:53:20 UTC');
      expect(picture.endsWith('\n')).toBe(true);
    }
    expect(drawn(many).split('\n').at(-2)).toBe('…');
  });
});
