import { describe, expect, test } from 'vitest';
import { parseFacts } from '../../src/host/answers/facts.ts';
import { parseStatus, parseStory } from '../../src/host/answers/status.ts';
import { deployedFacts, index } from '../plan/situation.ts';
import { factsText } from './facts-text.ts';

const facts = factsText(deployedFacts(index(), 'hv1'));
const says = (at: number, text: string, vm = 'web1') =>
  `journal\t${at}.000123 systemd[1]: microvm@${vm}.service: ${text}`;
const figures = (...rows: string[]) => parseStatus(`${facts}${rows.join('\n')}\nend\n`).figures;

describe('status', () => {
  test('has the facts that are read alone, and what is asked besides', () => {
    const answer = [
      'from\t5000000',
      'before\tweb1\t1000000\t67108864',
      'load\t0.42\t0.21\t0.10',
      'release\t25.11.20251120.abc',
      'past\t20251120-1\tada@desk\tc0ffee\t1759999000',
      'past\t20251120-2\tada@desk\tdeadbeef\t1759999900\tuntouched\tbuild failed\tcommit',
      'phase\t20251121-1\t1760000000\t007\tswitch\tbegin',
      'orphan\tprocess\t4711 qemu-system-x86 (vm-left)',
      'watched\t4990',
      'to\t5000200',
      'after\tweb1\t1100000\t67108864',
    ];
    const seen = parseStatus(`${facts}${answer.join('\n')}\nend\n`);
    expect(seen.facts).toEqual(parseFacts(facts));
    expect(seen.figures).toMatchObject({
      ...{ uptime: 5000, load: [0.42, 0.21, 0.1], release: '25.11.20251120.abc' },
      orphans: [{ what: 'process', name: '4711 qemu-system-x86 (vm-left)' }],
      watched: 4990,
      guests: new Map([['web1', { memoryKiB: 65_536, cpuPercent: 50 }]]),
      past: [
        { id: '20251120-1', operator: 'ada@desk', commit: 'c0ffee', started: 1_759_999_000 },
        {
          ...{ id: '20251120-2', operator: 'ada@desk', commit: 'deadbeef', started: 1_759_999_900 },
          ...{ result: 'untouched', failure: 'build failed', isOfCommit: true },
        },
      ],
      phases: new Map([['20251121-1', { name: 'switch', since: 1_760_000_000, runs: true }]]),
    });
  });

  test('that is cut off is refused, wherever', () => {
    const whole = `${facts}from\t1\nend\n`;
    for (const end of [facts.length - 8, facts.length, whole.length - 3])
      expect(() => parseStatus(whole.slice(0, end))).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^(facts|status)\.unreadable$/) }),
      );
  });

  test.each([
    ['an exit code', ['Main process exited, code=exited, status=1/FAILURE'], { code: 1 }],
    ['what fails before it', ['Control process exited, code=exited, status=7/x'], { code: 7 }],
    ['a signal', ['Main process exited, code=killed, status=9/KILL'], { signal: 'KILL' }],
    ['a core', ['Main process exited, code=dumped, status=11/SEGV'], { signal: 'SEGV' }],
    [
      'what is run before it and fails',
      [
        'Control process exited, code=exited, status=7/NOTRUNNING',
        "Failed with result 'exit-code'.",
      ],
      { code: 7 },
    ],
    [
      'its own end, not that of what is run after it',
      [
        'Main process exited, code=killed, status=9/KILL',
        'Control process exited, code=exited, status=1/FAILURE',
      ],
      { signal: 'KILL' },
    ],
    ['an end that was meant', ['Deactivated successfully.'], { code: 0 }],
    [
      'a lack of memory, that is told before',
      [
        'A process of this unit has been killed by the OOM killer.',
        'Main process exited, code=killed, status=9/KILL',
        "Failed with result 'oom-kill'.",
      ],
      { signal: 'KILL', outOfMemory: true },
    ],
  ])('tells %s', (_, texts, last) => {
    const { ends } = figures(...texts.map((text) => says(1000, text)));
    expect(ends.get('web1')).toEqual({ restarts: 0, last: { at: 1000, ...last } });
  });

  test('counts restarts, each guest for itself, and says that there may have been more', () => {
    const again = 'Scheduled restart job, restart counter is at 1.';
    const rows = [says(1, again), says(2, again), says(3, again, 'db1')];
    expect(figures(...rows).ends.get('web1')?.restarts).toBe(2);
    expect(figures(...rows).ends.get('db1')?.restarts).toBe(1);
    expect(figures(...rows).endsCut).toBe(false);
    expect(figures(...rows, 'journal\tcut').endsCut).toBe(true);
  });

  test('tells whether the last end was followed by a return, and how many there were of late', () => {
    const [ended, again] = [
      'Main process exited, code=exited, status=7/x',
      'Scheduled restart job, x',
    ];
    const times = [1000, 3000, 3100, 3200];
    const rows = times.flatMap((at) => [says(at, ended), says(at + 5, again)]);
    const last = { at: 3200, code: 7, broughtBack: true };
    expect(figures(...rows).ends.get('web1')).toEqual({ restarts: 4, lately: 3, last });
    const stopped = figures(...rows, says(3300, 'Deactivated successfully.')).ends.get('web1');
    expect(stopped?.last).toEqual({ at: 3300, code: 0 });
  });

  test('heeds no line that systemd did not write about a guest', () => {
    const { ends } = figures(
      'journal\t1.0 qemu[77]: microvm@web1.service: Scheduled restart job, x',
      'journal\t1.0 systemd[1]: Started MicroVM web1: Scheduled restart job',
    );
    expect(ends.size).toBe(0);
  });
});

describe('what a hypervisor knows of its guests', () => {
  test('is their state, since when, why, and the event that tells of the last end', () => {
    const event = { at: 1760000000, who: 'guest', why: 'kernel panic', last: 'x' };
    const rows = [
      'health\tfailing',
      'invocation\tabc1',
      'state\tFailed',
      'since\t1760000005',
      'why\tit ended 5 times',
      'restarts\t5',
    ];
    const { known } = figures(
      ...rows.map((row) => `known\tweb1\t${row}`),
      `lastend\tweb1\t${JSON.stringify(event)}`,
    );
    expect(known?.get('web1')).toEqual({
      ...{ state: 'Failed', since: 1_760_000_005, why: 'it ended 5 times', restarts: 5 },
      ...{ health: 'failing', invocation: 'abc1' },
      lastEnd: { at: 1_760_000_000, who: 'guest', why: 'kernel panic' },
    });
  });

  test('is when it started them, and their last end without the spool, unless that is of one before', () => {
    const rows = [
      'state\tReady',
      'restarts\t1',
      'returned\t1760000009 x 1760000001',
      'lastEnd\te:7',
    ];
    const ended = (id: string) => `known\tweb1\tended\t${id} 1760000008 guest kernel panic`;
    const told = (...more: string[]) =>
      figures(...rows.map((row) => `known\tweb1\t${row}`), ...more).known?.get('web1');
    expect(told(ended('e:7'))).toEqual({
      ...{ state: 'Ready', restarts: 1, returned: [1_760_000_009, 1_760_000_001] },
      lastEnd: { at: 1_760_000_008, who: 'guest', why: 'kernel panic' },
    });
    const event = JSON.stringify({ at: 1_760_000_010, who: 'vmm', why: 'killed' });
    expect(told(ended('e:6'), `lastend\tweb1\t${event}`)?.lastEnd).toMatchObject({ who: 'vmm' });
    expect(told(ended('e:6'))?.lastEnd).toBeUndefined();
    // It counted more than a newer one has times of: these are not all, and the count tells.
    const older = [ended('e:6'), `lastend\tweb1\t${event}`];
    expect(told(...older)?.returned).toHaveLength(2);
    rows[1] = 'restarts\t3';
    expect(told(...older)).toMatchObject({ restarts: 3, lastEnd: { who: 'vmm' } });
    expect(told(...older)).not.toHaveProperty('returned');
    expect(told(ended('e:7'))?.returned).toHaveLength(2);
    // Nor are those of a day before.
    [rows[1], rows[2]] = ['restarts\t2', 'returned\t1760000009 1759900000 1759800000'];
    expect(told(...older)).not.toHaveProperty('returned');
  });

  test('is nothing where an older generation writes none, and what nobody understands is left out', () => {
    expect(figures().known?.size).toBe(0);
    const { known } = figures(
      'known\tweb1\tstate\tHappy',
      'known\tdb1\tstate\tReady',
      'lastend\tdb1\tno',
    );
    expect([...(known ?? [])]).toEqual([['db1', { state: 'Ready', restarts: 0 }]]);
  });
});

test('a story is what systemd did, what units said last, how guests ended, and what was kept', () => {
  const text = [
    'event\t1760000000.5 systemd[1]: Started MicroVM web1.',
    'event\tno line of systemd',
    'spool\t{"v":1,"epoch":"001764405663-9f3c2a1b","seq":7,"at":1760000001,"up":9,"kind":"guest.unhealthy","vm":"web1","why":"no answer"}',
    'spool\t{"v":1,"epoch":',
    'line\tOct 09 08:53:20 qemu[77]: kernel panic',
    'end\tmicrovm@web1.service\t1760000300\tguest\tpanic\t300\tweb1/1760000300-microvm-x\tKernel panic',
    'end\tmicrovm@web1.service\tyesterday\tguest\tpanic\t300\tx\t',
    'dump\t1760000300.elf\t1048576',
    'dump\t../../etc/shadow\t1',
    'core\t1760000301\t11\tpresent',
    'inside\t{"v":1,"load":0.5,"memory":{"total":2048,"available":1024},"failed":1,"units":["a.service"],"disks":[{"mount":"/data","size":9,"free":4}]}',
  ].join('\n');
  expect(parseStory(text)).toEqual({
    events: [{ at: 1_760_000_000, text: 'Started MicroVM web1.' }],
    happened: [
      {
        ...{ epoch: '001764405663-9f3c2a1b', seq: 7, at: 1_760_000_001, up: 9, vm: 'web1' },
        ...{ kind: 'guest.unhealthy', fields: { why: 'no answer' } },
      },
    ],
    lines: ['Oct 09 08:53:20 qemu[77]: kernel panic'],
    ends: [
      {
        ...{ unit: 'microvm@web1.service', at: 1_760_000_300, who: 'guest', why: 'panic' },
        ...{ ran: 300, last: 'Kernel panic' },
      },
    ],
    dumps: [{ file: '1760000300.elf', bytes: 1_048_576 }],
    cores: [{ at: 1_760_000_301, signal: 11 }],
    inside: {
      ...{ memoryTotal: 2048, memoryAvailable: 1024, load: 0.5, failedUnits: 1 },
      ...{ units: ['a.service'], disks: [{ mount: '/data', size: 9, free: 4 }] },
    },
  });
  expect(parseStory('inside\t{"memory":7,').inside).toBeUndefined();
});
