import { expect, test } from 'vitest';
import type { FleetStatus, HypervisorStatus, VmStatus } from '../../src/model/status.ts';
import { statusText } from '../../src/report/status-text.ts';
import { storyText } from '../../src/report/story-text.ts';
import { noStyle } from '../../src/report/style.ts';

const now = 1_760_000_000;
const origin = { commit: 'c0ffee00'.repeat(5), since: now - 90_000 };
const vm = (name: string, more: Partial<VmStatus> = {}): VmStatus => ({
  ...{ name, hypervisor: 'hv1', standing: 'well', state: 'Ready', wanted: 'running', health: 'ok' },
  ...{ findings: [], checks: [], now, since: now - 7200, address: '10.1.0.2', origin },
  ...{ use: { memoryKiB: 524_288, cpuPercent: 50 }, memoryMiB: 1024, vcpu: 2, diskKiB: 1_048_576 },
  ...more,
});
const hypervisor = (name: string, more: Partial<HypervisorStatus> = {}): HypervisorStatus => ({
  ...{ name, standing: 'well', reachable: true, findings: [], checks: [], now, uptime: 86_400 },
  ...{ rebootFor: [], load: [0.5, 0.4, 0.3], memory: { totalKiB: 100, availableKiB: 75 }, origin },
  ...more,
});
const text = (more: Partial<FleetStatus> = {}, width = 80) =>
  statusText(
    { fleet: 'example', ok: true, hypervisors: [hypervisor('hv1')], vms: [vm('web1')], ...more },
    noStyle,
    width,
  );
const sick = vm('db1', {
  ...{ standing: 'wrong', state: 'Failed', health: 'failing', since: now - 180 },
  findings: [{ code: 'no-answer', message: 'does not answer (ping 10.1.0.3)', wrong: true }],
  ends: { restarts: 12, cut: true, last: { at: now - 180, signal: 'KILL', outOfMemory: true } },
});

test('a fleet that is well is a sentence and two tables', () => {
  expect(text()).toBe(`example: 1 vm on 1 hypervisor, nothing wrong.

HYPERVISOR  STATE    UP   LOAD  MEM  COMMIT    AGE
hv1         reached  1 d   0.5  25%  c0ffee00  1 d

VM    STATE  HEALTH  FOR  ON   COMMIT    MEM  CPU  DISK  ADDRESS   AGE
web1  Ready  ok      2 h  hv1  c0ffee00  50%  25%    1G  10.1.0.2  1 d
`);
});

test('what is wrong comes first, with its reason and how it ended', () => {
  const [summary, , head, more, reason] = text({ ok: false, vms: [sick, vm('web1')] }).split('\n');
  expect(summary).toBe('example: 1 of 2 vms is not well.');
  expect(`${head}${more}`).toBe(
    'db1 on hv1: Failed for 3 min; last end 3 min ago: killed by KILL, out of  memory; restarted at least 12 times in 24 h',
  );
  expect(reason).toBe('  ! does not answer (ping 10.1.0.3)');
});

test('one that its hypervisor restarted is not among those of which nothing is to be told', () => {
  const message = 'it ended (hung), and its hypervisor started it again: fleet logs web1';
  const known = { state: 'Ready', restarts: 3 } as const;
  const shown = text({
    vms: [
      vm('web1', {
        ...{ standing: 'noted', known, ends: { restarts: 3, cut: false } },
        findings: [{ code: 'came-back', message, wrong: false }],
      }),
    ],
  });
  expect(shown).toContain('1 vm on 1 hypervisor, nothing wrong, 1 ended and came back.');
  expect(shown).toContain('web1 on hv1: Ready for 2 h; restarted 3 times in 24 h\n');
  expect(shown).toMatch(/^VM .* RST .*\nweb1 .* 3 /m);
});

test('what was deployed last to one that is wrong is told, with the way back; not long after, and not of a first one', () => {
  const last = {
    ...origin,
    since: now - 3000,
    operator: 'ada@desk',
    subject: 'Grow',
    follows: 'c',
  };
  const told = (more: Partial<typeof last>) =>
    text({ vms: [{ ...sick, origin: { ...last, ...more } }] });
  expect(told({})).toContain(`  ! does not answer (ping 10.1.0.3)
    changed 50 min ago by ada@desk: c0ffee00 Grow
    (fleet diff db1) shows how, (fleet rollback db1) takes it back
`);
  expect(told({ since: now - 90_000 })).not.toContain('rollback');
  const check = { target: 'db1', check: 'bridge', ok: false, expected: 'br up', seen: 'br down' };
  const cutOff = { ...sick, checks: [check], origin: last };
  expect(text({ vms: [cutOff] })).not.toContain('rollback');
  const { follows: _, ...first } = last;
  expect(text({ vms: [{ ...sick, origin: first }] })).not.toContain('rollback');
  expect(text({ vms: [vm('web1', { origin: last })] })).not.toContain('rollback');
});

test('of many notes the first are told, and a hint about many failures once', () => {
  const waits = [{ code: 'reboot', message: 'kernel waits for a reboot', wrong: false }];
  const lost = [
    { code: 'ssh.lost', message: 'no answer', hint: 'Look at the cable.', wrong: true },
  ];
  const shown = text({
    hypervisors: [
      ...[1, 2].map((n) =>
        hypervisor(`lost${n}`, { standing: 'wrong', reachable: false, findings: lost }),
      ),
      ...[1, 2, 3, 4, 5, 6, 7, 8].map((n) =>
        hypervisor(`hv${n}`, { standing: 'noted', findings: waits }),
      ),
    ],
  });
  expect(shown.match(/no answer\n/g)).toHaveLength(4);
  expect(shown.match(/Look at the cable/g)).toHaveLength(1);
  expect(shown.match(/kernel waits/g)).toHaveLength(6);
  expect(shown).toContain('2 more with notes (fleet status NAME): hv7, hv8\n');
});

test('what to do about a host key is told of each that shows one', () => {
  const rows = ['hv1', 'hv2'].map((name) => {
    const hint = `If they are the same, accept it: ssh-keyscan ${name}`;
    const found = { code: 'ssh.unknown-host-key', message: 'unknown host key', hint, wrong: true };
    return hypervisor(name, { standing: 'wrong', reachable: false, findings: [found] });
  });
  const shown = text({ hypervisors: rows });
  for (const name of ['hv1', 'hv2']) expect(shown).toContain(`ssh-keyscan ${name}`);
});

test('a deployment that is under way says its step and seconds', () => {
  const underWay = { id: 'd1', operation: 'apply', operator: 'ada@desk', since: now - 20 };
  const moving = { ...underWay, phase: 'switch', phaseSince: now - 4 };
  const shown = text({
    hypervisors: [hypervisor('hv1', { standing: 'moving', underWay: moving })],
  });
  expect(shown).toContain('nothing wrong, 1 changing.');
  expect(shown).toContain('hv1: apply d1 by ada@desk under way for 20 s; switch for 4 s\n');
});

test.each([80, 120, 200])('%i columns are kept, and used', (width) => {
  const long = vm('a-vm-with-a-name-that-is-long', {
    ...{ hypervisor: 'a-hypervisor-with-a-long-name' },
    origin: { ...origin, operator: 'ada@desk', subject: 'Grow the disk, and '.repeat(9) },
  });
  const lines = text({ vms: [sick, long] }, width).split('\n');
  const table = lines.slice(lines.findIndex((line) => line.startsWith('HYPERVISOR')));
  expect(Math.max(...table.map((line) => line.length))).toBeLessThanOrEqual(width);
  expect(table.some((line) => line.includes('Grow the disk'))).toBe(width >= 200);
  // Blocks, too: what is wrong with it is one line where there is room.
  const blocks = lines.slice(0, lines.indexOf('', 2));
  expect(Math.max(...blocks.map((line) => line.length))).toBeLessThanOrEqual(width);
  expect(blocks.filter((line) => line.startsWith('  '))).toHaveLength(width === 80 ? 2 : 1);
});

test.each([60, 80, 200])('a story of %i columns keeps and uses them', (width) => {
  const why = 'it ended, and nobody knows why, for its journal did not answer in time. '.repeat(2);
  const done = { kind: 'restart' as const, vm: 'db1', operator: 'eve@desk', started: now - 60 };
  const failure = { code: 'vm.not-stopped', message: why.trim() };
  const lines = storyText(
    {
      status: { kind: 'vm', row: { ...sick, checks: [] } },
      events: [{ at: now - 180, text: why.trim() }],
      ...{ happened: [], lines: [], deployments: [], ends: [], dumps: [], cores: [] },
      operations: [
        {
          hypervisor: 'hv1',
          operation: {
            ...done,
            id: 'o1',
            ended: now - 58,
            result: 'failed',
            isKilled: false,
            failure,
          },
        },
      ],
    },
    noStyle,
    width,
  ).split('\n');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
  // Where it happened, and where it was done.
  const whole = lines.filter((line) => line.includes(why.trim()));
  expect(whole).toHaveLength(width === 200 ? 2 : 0);
});

test('a subject that would move the cursor is shown, not obeyed', () => {
  const evil = vm('web1', { origin: { ...origin, subject: 'a\u001b[2Jb' } });
  expect(text({ vms: [evil] }, 200)).not.toContain('\u001b');
});

test('a story tells checks with expected and seen, events, and last lines behind a mark', () => {
  const row = {
    ...sick,
    checks: [
      { target: 'db1', check: 'microvm@', ok: true, expected: 'active', seen: 'active' },
      { target: 'db1', check: 'answers', ok: false, expected: 'ping', seen: 'no answer' },
    ],
  };
  const events = [{ at: now - 180, text: 'Main process exited, code=killed, status=9/KILL' }];
  const lines = ['qemu[7]: \u001b[31mpanic'];
  const done = { kind: 'restart', vm: 'db1', operator: 'eve@desk', started: now - 60 };
  const operation = {
    ...{ ...done, id: 'o1', ended: now - 58, result: 'done' as const },
    ...{ isKilled: false, failure: undefined },
  };
  const operations = [{ hypervisor: 'hv1', operation }];
  const status = { kind: 'vm' as const, row };
  const ends = [
    { unit: 'microvm@db1.service', at: now - 180, who: 'vmm', why: 'killed', ran: 7200, last: 'x' },
    { unit: 'microvm-virtiofsd@db1.service', at: now - 200, who: 'helper', why: 'did not start' },
  ];
  const kept = {
    dumps: [{ file: '1.elf', bytes: 2 ** 28 }],
    cores: [{ at: now - 180, signal: 11 }],
    inside: {
      ...{ memoryTotal: 2 ** 28, memoryAvailable: 2 ** 27, load: 0.5, failedUnits: 6 },
      ...{ units: ['a.service'], disks: [{ mount: '/data', size: 2 ** 30, free: 2 ** 29 }] },
    },
  };
  const happened = [
    {
      ...{ epoch: '001764405663-9f3c2a1b', seq: 7, at: now - 190, up: 9, vm: 'db1' },
      ...{ kind: 'guest.unhealthy', fields: { check: 'answers', why: 'no answer' } },
    },
  ];
  const story = storyText(
    { status, events, happened, lines, deployments: [], operations, ends, ...kept },
    noStyle,
  );
  expect(story).toContain('  2025-10-09 08:50:20  vmm: killed, after 2 h; it said last: x\n');
  expect(story).toContain('  microvm-virtiofsd@db1.service: helper: did not start\n');
  expect(story).toContain('  /var/lib/fleet/dumps/db1/1.elf, 256 MiB\n');
  expect(story).toContain('core of its VMM, signal 11: coredumpctl info');
  expect(story).toContain('  ok    microvm@: active\n');
  expect(story).toContain('  FAIL  answers: expected ping, seen no answer\n');
  expect(story).toContain(
    'Events (UTC)\n  2025-10-09 08:50:10  is unhealthy: no answer (check answers)\n  2025-10-09 08:50:20  Main process exited, code=killed, status=9/KILL\n',
  );
  expect(story).toContain('  2025-10-09 08:52 UTC  hv1  restart db1  done after 2 s\n');
  expect(story).toContain('  | qemu[7]: panic\n');
  expect(story).toContain('memory      512 MiB of 1 GiB\n');
  expect(story.replace(/\s+/g, ' ')).toContain(
    'inside 128 MiB of 256 MiB available, load 0.5, /data 512 MiB of 1 GiB free, 6 failed: a.service … ',
  );
});
