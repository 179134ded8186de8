import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { watchFiles } from '../../src/render/modules/watch.ts';
import { writable } from '../hostile/kvm-world.ts';
import { cutByPower, noteWrites } from './power-cut.ts';

const read = (path: string) => readFileSync(new URL(`../../src/${path}`, import.meta.url), 'utf8');
const libraries = ['lib', 'deployments', 'locks', 'spool', 'guest-state', 'ends']
  .map((name) => read(`host/scripts/${name}.sh`))
  .join('\n');

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fleet-ends-'));
  noteWrites(root);
  for (const folder of ['bin', 'etc/fleet', 'run/fleet', 'var/lib/fleet', 'var/lib/microvms'])
    mkdirSync(join(root, folder), { recursive: true });
});
afterEach(() => {
  expect([...cutByPower(root), ...writable(root)]).toEqual([]);
  rmSync(root, { recursive: true, force: true });
});

function sh(text: string, args: readonly string[] = [], env: Record<string, string> = {}): string {
  const run = spawnSync('sh', ['-c', `${libraries}\n${text}`, 'fleet', ...args], {
    env: { PATH: `${root}/bin:/usr/sbin:/usr/bin:/sbin:/bin`, FLEET_ROOT: root, ...env },
    encoding: 'utf8',
  });
  expect(run.stderr).toBe('');
  expect(run.status).toBe(0);
  return run.stdout.trimEnd();
}

describe('what ended a guest', () => {
  /** RESULT CODE STATUS JOB INTENT SHUTDOWN HELPER CONSOLE → who, why, intended. */
  const cases: readonly (readonly [string, readonly string[], string])[] = [
    [
      'fleet, with its reason',
      ['success', 'exited', '0', 'stop', 'fleet stop', '', '', ''],
      'fleet|fleet stop|true',
    ],
    [
      'fleet at the shutdown all the same',
      ['success', 'exited', '0', 'stop', 'deployment', 'yes', '', ''],
      'fleet|deployment|true',
    ],
    [
      'fleet that had to kill it',
      ['signal', 'killed', 'KILL', 'restart', 'fleet restart', '', '', ''],
      'fleet|fleet restart|true',
    ],
    [
      'a person who stops it',
      ['success', 'exited', '0', 'stop', '', '', '', 'terminated'],
      'person|systemctl stop|true',
    ],
    [
      'a person who restarts it',
      ['success', 'exited', '0', 'restart', '', '', '', ''],
      'person|systemctl restart|true',
    ],
    [
      'the shutdown of the hypervisor',
      ['success', 'exited', '0', 'stop', '', 'yes', '', ''],
      'shutdown|the hypervisor shuts down|true',
    ],
    [
      'a helper that failed and took it along',
      ['success', 'exited', '0', 'restart', '', '', 'microvm-virtiofsd@web.service', ''],
      'helper|microvm-virtiofsd@web.service failed|false',
    ],
    [
      'an intent that was never carried out proves nothing',
      ['signal', 'killed', 'KILL', '', 'fleet stop', '', '', ''],
      'vmm|killed|false',
    ],
    [
      'fleet, where systemd does not say who asked',
      ['success', 'exited', '0', 'unknown', 'fleet stop', '', '', ''],
      'fleet|fleet stop|true',
    ],
    [
      'nobody knows who, where systemd does not say who asked',
      ['signal', 'killed', 'KILL', 'unknown', '', '', '', ''],
      'unknown|killed|null',
    ],
    [
      'nobody knows why, where the journal does not answer',
      ['success', 'exited', '0', '', '', '', '', 'unknown'],
      'guest|unknown|false',
    ],
    [
      'the guest powers off',
      ['success', 'exited', '0', '', '', '', '', 'power-off'],
      'guest|power-off|false',
    ],
    [
      'the guest reboots',
      ['success', 'exited', '0', '', '', '', '', 'reboot'],
      'guest|reboot|false',
    ],
    ['the guest panics', ['success', 'exited', '0', '', '', '', '', 'panic'], 'guest|panic|false'],
    [
      'a panic that the VMM tells by its exit status',
      ['exit-code', 'exited', '148', '', '', '', '', 'panic'],
      'guest|panic|false',
    ],
    ['a reset without a word', ['success', 'exited', '0', '', '', '', '', ''], 'guest|reset|false'],
    [
      'somebody sends the VMM a signal',
      ['success', 'exited', '0', '', '', '', '', 'terminated'],
      'vmm|ended by a signal|false',
    ],
    [
      'SIGTERM that it does not catch',
      ['success', 'killed', 'TERM', '', '', '', '', ''],
      'vmm|ended by SIGTERM|false',
    ],
    ['SIGKILL', ['signal', 'killed', 'KILL', '', '', '', '', ''], 'vmm|killed|false'],
    [
      'a segmentation fault with a dump',
      ['core-dump', 'dumped', 'SEGV', '', '', '', '', ''],
      'vmm|segfault|false',
    ],
    [
      'a segmentation fault without one',
      ['signal', 'killed', 'SEGV', '', '', '', '', ''],
      'vmm|segfault|false',
    ],
    [
      'an assertion of the VMM',
      ['core-dump', 'dumped', 'ABRT', '', '', '', '', ''],
      'vmm|dumped core (ABRT)|false',
    ],
    [
      'out of memory',
      ['oom-kill', 'killed', 'KILL', '', '', '', '', ''],
      'vmm|out of memory|false',
    ],
    ['an exit status', ['exit-code', 'exited', '1', '', '', '', '', ''], 'vmm|exit 1|false'],
    [
      'a start that takes too long',
      ['timeout', 'killed', 'TERM', 'start', '', '', '', ''],
      'vmm|timeout|false',
    ],
    [
      'what systemd could not start',
      ['resources', '', '', 'start', '', '', '', ''],
      'vmm|did not start (resources)|false',
    ],
  ];
  test.each(cases)('%s', (_, args, expected) => {
    expect(sh('judge "$@"; echo "$who|$why|$intended"', args)).toBe(expected);
  });

  const lines: readonly (readonly [string, string, string])[] = [
    ['[    4.531] reboot: Power down', 'power-off', 'with the time of the kernel'],
    ['reboot: Power off not available: System halted instead', 'power-off', 'a halt'],
    ['[   12.000000] reboot: Restarting system', 'reboot', 'a reboot'],
    [
      '[    2.1] Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000',
      'panic',
      'a panic',
    ],
    ['qemu-system-x86_64: terminating on signal 15 from pid 1 (systemd)', 'terminated', 'a signal'],
    ['someone said reboot: Power down', '', 'a text about it'],
    ['login:', '', 'nothing'],
  ];
  test.each(lines)('the console says %j: %s (%s)', (line, expected) => {
    const text = `old\n[ 1.0] reboot: Restarting system\n${line}\nlast words`;
    expect(sh('printf %s "$1" | console_says', [text])).toBe(expected || 'reboot');
    expect(sh('printf "%s\\n" "$1" | console_says', [line])).toBe(expected);
  });
});

describe('the kernel’s log says that its OOM killer', () => {
  const killed = (pid: string) => ({
    'of the machine': `Out of memory: Killed process ${pid} (qemu-system-x86) total-vm:9kB, anon-rss:8kB`,
    'of a control group, of either version': `Memory cgroup out of memory: Killed process ${pid} (qemu-system-x86) total-vm:9kB`,
    'of whoever asked for memory': `Out of memory (oom_kill_allocating_task): Killed process ${pid} (qemu) total-vm:9kB`,
    'of a kernel before 5': `Memory cgroup out of memory: Kill process ${pid} (qemu) score 917 or sacrifice child`,
    'in its summary': `oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/system.slice/microvm@web.service,task_memcg=/x,task=qemu,pid=${pid},uid=986`,
  });
  const says = (line: string) =>
    sh('printf "one\\n%s\\nlast\\n" "$1" | oom_killed 4711 && echo yes || echo no', [line]);
  test.each(Object.entries(killed('4711')))('%s chose it', (_, line) => {
    expect(says(line)).toBe('yes');
  });
  test('chose others', () => {
    const lines = ['47', '47110', '14711'].flatMap((pid) => Object.values(killed(pid)));
    const text = [...lines, 'oom_reaper: reaped process 4711 (qemu), now anon-rss:0kB'].join('\n');
    expect(says(text)).toBe('no');
  });
});

describe('what the policy makes of it', () => {
  const policy = (recovery: object) =>
    writeFileSync(
      join(root, 'etc/fleet/watch.json'),
      JSON.stringify({
        version: 1,
        vms: { web: { state: 'running', autostart: 'always', recovery } },
      }),
    );
  /** Ends so many times at once, each after a life of so many seconds. */
  const steps = (times: number, why = 'killed', lived = 1) =>
    sh(
      `uptime_seconds() { echo 9000; }
recovery_of web
n=0
while [ "$n" -lt ${times} ]; do
  n=$((n + 1))
  count_end web ${lived}
  step=$(next_step ${why})
  case $step in later*) count_wait web ;; esac
  echo "$step"
done`,
    ).split('\n');

  test('past so many attempts it is given up, with the number', () => {
    policy({ attempts: 2, interval: 600 });
    expect(steps(3)).toEqual(['again', 'again', 'fail it ended 3 times within 600 s']);
  });
  test('or tried again, later and later, up to the longest delay', () => {
    policy({ attempts: 1, giveUp: 'keep-trying', delay: 5, backoff: 2, maxDelay: 30 });
    expect(steps(5)).toEqual(['again', 'later 10', 'later 20', 'later 30', 'later 30']);
  });
  test('a factor that is no whole number', () => {
    policy({ attempts: 0, giveUp: 'keep-trying', delay: 10, backoff: 1.5, maxDelay: 300 });
    expect(steps(3)).toEqual(['later 15', 'later 22', 'later 33']);
  });
  test('a life as long as the interval begins anew', () => {
    policy({ attempts: 1, interval: 60 });
    expect(steps(2)).toEqual(['again', 'fail it ended 2 times within 60 s']);
    expect(steps(1, 'killed', 60)).toEqual(['again']);
  });
  test('more than maxPerHour is too much, however slowly', () => {
    policy({ attempts: 9, maxPerHour: 2, interval: 1 });
    // Between two of them more than the interval.
    const file = join(root, 'run/fleet/tries/web');
    mkdirSync(join(root, 'run/fleet/tries'));
    const now = 9000;
    writeFileSync(file, `end\t${now - 3000}\nend\t${now - 1000}\nend\t${now - 4000}\n`);
    expect(steps(1, 'killed', 0)).toEqual(['fail it ended 3 times within an hour']);
  });
  test('on-failure: a power-off rests; a panic, a reboot and a reset are failures', () => {
    policy({ restart: 'on-failure', attempts: 9 });
    expect(steps(1, 'power-off')).toEqual(['rest']);
    for (const why of ['panic', 'reboot', 'reset']) expect(steps(1, why)).toEqual(['again']);
  });
  test('never: a power-off rests, all else is a failure', () => {
    policy({ restart: 'never' });
    expect(steps(1, 'power-off')).toEqual(['rest']);
    expect(steps(1)).toEqual(['fail recovery.restart is never']);
  });
  test('always: a power-off counts like any end', () => {
    policy({ attempts: 1 });
    expect(steps(2, 'power-off')).toEqual(['again', 'fail it ended 2 times within 600 s']);
  });
  test('a guest without a policy, and a policy that holds no numbers, are nothing of fleet’s', () => {
    policy({ attempts: '$(id)' });
    expect(sh('recovery_of web || echo no; recovery_of other || echo no')).toBe('no\nno');
  });
});

describe('the record of an end', () => {
  const tool = (name: string, text: string) =>
    writeFileSync(join(root, 'bin', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  const life = '0123456789abcdef0123456789abcdef';
  /** It has only just begun. */
  const now = () => readFileSync('/proc/uptime', 'utf8').split('.')[0];
  let job = '';
  /** Of the helper itself. */
  let own = '';
  /** What systemd says of the guest whose helper ended. */
  let guest = '';
  let journal = '';
  /** When it began to stop, in seconds of uptime. */
  let exit = '';
  /** Who does not answer in time. */
  let silent = '';
  /** Who never answers. */
  let hangs: string[] = [];
  /** What the kernel says. */
  let kernel = '';
  /** A job that is queued meanwhile. */
  let comes = '';
  beforeEach(() => {
    job = own = guest = exit = silent = comes = kernel = '';
    hangs = [];
    journal = 'login:';
    writeFileSync(
      join(root, 'etc/fleet/watch.json'),
      JSON.stringify({
        vms: { web: { state: 'running', autostart: 'always', recovery: { attempts: 2 } } },
      }),
    );
  });
  /** Runs ended.sh as systemd does; what it asked systemd to do. */
  function ended(
    result: string,
    code: string,
    status: string,
    unit = 'microvm',
    active = 'inactive',
  ) {
    tool(
      'systemctl',
      `${hangs.includes('systemctl') ? 'sleep 60' : ''}
case $* in
*list-jobs*) echo >>${root}/looks
	case "${own}:$*" in :*) ;; *" ${unit}@web.service") echo "19 ${unit}@web.service ${own} running" ;; esac
	[ -z "${comes}" ] || [ "$(wc -l <${root}/looks)" = 1 ] || echo "18 microvm@web.service ${comes} waiting"
	[ -z "${job}" ] || echo "17 microvm@web.service ${job} running" ;;
*is-system-running*) echo running ;;
*is-active*) [ ${active} = active ] ;;
*ActiveExitTimestamp*) [ -z "${exit}" ] || echo $((${exit || 0} * 1000000)) ;;
*'show -p ExecMainPID'*) echo ExecMainPID=4711; echo ExecMainStartTimestampMonotonic=${now()}000000; echo ExecMainExitTimestampMonotonic=${now()}500000 ;;
*'show -p ActiveState'*) printf '%s' '${guest}' ;;
show*) ;;
list-*) ;;
*) echo "systemctl $*" >>${root}/asked ;;
esac`,
    );
    tool(
      'timeout',
      `for name in ${hangs.join(' ')}; do [ "$name" != "$2" ] || { echo "$1" >>${root}/limits; exec /usr/bin/timeout "$@"; }; done
shift; case " ${silent} " in *" $1 "* | *" $2 "*) exit 124 ;; esac; exec "$@"`,
    );
    if (hangs.includes('flock'))
      tool(
        'flock',
        `case $* in *' 6') ;; *) exec /usr/bin/flock "$@" ;; esac; echo "$2" >>${root}/limits; sleep "$2"; exit 1`,
      );
    tool('systemd-run', `echo "systemd-run $*" >>${root}/asked`);
    writeFileSync(join(root, 'journal'), journal);
    tool(
      'journalctl',
      `${hangs.includes('journalctl') ? 'sleep 60' : ''}
case $* in *--sync*) ;; *-k*) printf '%s\\n' "${kernel}" ;; *) cat ${root}/journal ;; esac`,
    );
    rmSync(join(root, 'asked'), { force: true });
    const env = {
      SERVICE_RESULT: result,
      EXIT_CODE: code,
      EXIT_STATUS: status,
      INVOCATION_ID: life,
    };
    sh(read('render/modules/ended.sh'), [unit, 'web'], env);
    return existsSync(join(root, 'asked'))
      ? readFileSync(join(root, 'asked'), 'utf8').trimEnd().split('\n')
      : [];
  }
  const events = (): Record<string, unknown>[] => {
    const folder = join(root, 'var/lib/fleet/events');
    return (existsSync(folder) ? readdirSync(folder).sort() : [])
      .filter((file) => file.endsWith('.jsonl'))
      .flatMap((file) => readFileSync(join(folder, file), 'utf8').trimEnd().split('\n'))
      .map((line) => JSON.parse(line))
      .filter(({ kind }) => !kind.startsWith('spool.'));
  };
  const state = (key: string) => sh(`guest_get web ${key}`);
  const stop = [
    'systemctl stop fleet-again@web.timer',
    'systemctl stop --no-block microvm@web.service',
    'systemctl stop --no-block microvm-*@web.service',
  ];

  test('an event that names a file with the last lines; systemd starts the guest again', () => {
    journal = 'one\ntwo\nlast \u001b[31mwords\u0007 of it\n\n';
    expect(ended('signal', 'killed', 'KILL')).toEqual([]);
    const [event, ...others] = events();
    expect(others).toEqual([]);
    expect(event).toMatchObject({
      ...{ kind: 'guest.ended', vm: 'web', who: 'vmm', why: 'killed', result: 'signal' },
      ...{
        code: 'killed',
        signal: 'KILL',
        invocation: life,
        intended: false,
        last: 'last words of it',
      },
    });
    const text = readFileSync(join(root, 'var/lib/fleet/ends', String(event!.file)), 'utf8');
    expect(text).toContain('\n\none\ntwo\nlast words of it\n');
    expect([state('state'), state('restarts'), state('lastEnd')]).toEqual([
      'Starting',
      '1',
      `${event!.epoch}:${event!.seq}`,
    ]);
    // A second may begin before the event is written.
    const [at] = String(event!.file).slice('web/'.length).split('-');
    expect(state('ended')).toBe(`${state('lastEnd')} ${at} vmm killed`);
    expect(state('returned')).toMatch(/^\d+$/);
  });

  test.each([
    ['it took its guest along, however long that took to stop', 155, 'helper', 'Starting'],
    ['a person stopped its guest much later', 5, 'person', 'Terminated'],
  ])('after a helper’s end: %s', (_, ago, who, then) => {
    job = 'stop';
    exit = String(Number(now()) - ago);
    mkdirSync(join(root, 'run/fleet/failing'));
    writeFileSync(
      join(root, 'run/fleet/failing/web'),
      `${Number(now()) - 160}\tmicrovm-virtiofsd@web.service\n`,
    );
    ended('signal', 'killed', 'KILL');
    expect(events()).toMatchObject([{ kind: 'guest.ended', who, intended: who === 'person' }]);
    expect(state('state')).toBe(then);
  });

  test('a control group without memory is told as that, also where systemd does not know of it', () => {
    kernel = 'Memory cgroup out of memory: Killed process 4711 (qemu-system-x86) total-vm:9kB';
    ended('signal', 'killed', 'KILL');
    expect(events()).toMatchObject([{ who: 'vmm', why: 'out of memory', result: 'oom-kill' }]);
  });

  test('an end that cannot be told leaves the id of the one before', () => {
    ended('signal', 'killed', 'KILL');
    const [before, told] = [state('lastEnd'), state('ended')];
    rmSync(join(root, 'var/lib/fleet/events'), { recursive: true });
    writeFileSync(join(root, 'var/lib/fleet/events'), '');
    ended('exit-code', 'exited', '1');
    expect([state('restarts'), state('lastEnd')]).toEqual(['2', before]);
    expect(told).toContain('vmm killed');
    expect(state('ended')).toMatch(new RegExp(`^${before} \\d+ vmm exit 1$`));
  });

  test('after too many it is Failed, once: written down, told, then stopped', () => {
    for (let n = 0; n < 2; n++) expect(ended('exit-code', 'exited', '1')).toEqual([]);
    expect(ended('exit-code', 'exited', '1')).toEqual(stop);
    expect(state('state')).toBe('Failed');
    expect(state('why')).toBe('exit 1: it ended 3 times within 600 s');
    // Whatever ends meanwhile, as one that hung and went on running, is kept from starting again, and changes nothing.
    expect(ended('success', 'exited', '0')).toEqual(stop.slice(1));
    expect(state('why')).toBe('exit 1: it ended 3 times within 600 s');
    expect(events().map(({ kind }) => kind)).toEqual([
      ...['guest.ended', 'guest.ended', 'guest.ended', 'guest.failed', 'guest.ended'],
    ]);
  });

  test('what fleet does is told with its id, and the intent is gone', () => {
    mkdirSync(join(root, 'run/fleet/intents'));
    const file = join(root, 'run/fleet/intents/web');
    writeFileSync(file, `op-7\tfleet stop\t${life}\n`);
    job = 'stop';
    expect(ended('success', 'exited', '0')).toEqual([]);
    expect(events()).toMatchObject([
      { who: 'fleet', why: 'fleet stop', id: 'op-7', intended: true },
    ]);
    expect([state('state'), existsSync(file)]).toEqual(['Terminated', false]);
    // One that was about another life says nothing about this.
    writeFileSync(file, 'op-8\tfleet stop\tfedcba9876543210fedcba9876543210\n');
    ended('success', 'exited', '0');
    expect(events()[1]).toMatchObject({ who: 'person', id: '' });
    expect(existsSync(file)).toBe(false);
  });

  test('a start takes away what was meant for an earlier life, and nothing else', () => {
    mkdirSync(join(root, 'run/fleet/intents'));
    const file = join(root, 'run/fleet/intents/web');
    const kept = [life, '', 'fedcba9876543210fedcba9876543210'].map((meant) => {
      writeFileSync(file, `op-7\tfleet restart\t${meant}\n`);
      sh(read('render/modules/started.sh'), ['web'], { INVOCATION_ID: life });
      return existsSync(file);
    });
    expect(kept).toEqual([true, false, false]);
  });

  test('systemd that does not answer is no answer: nothing is counted, and what is known stays', () => {
    sh('guest_set web state=Ready restarts=1');
    silent = 'systemctl';
    for (let n = 0; n < 3; n++) expect(ended('success', 'exited', '0')).toEqual([]);
    expect(events()).toMatchObject(
      Array.from({ length: 3 }, () => ({ who: 'unknown', why: 'reset', intended: null })),
    );
    expect([state('state'), state('restarts')]).toEqual(['Ready', '1']);
    mkdirSync(join(root, 'run/fleet/intents'));
    writeFileSync(join(root, 'run/fleet/intents/web'), `op-7\tfleet stop\t${life}\n`);
    ended('success', 'exited', '0');
    expect(events().at(-1)).toMatchObject({ who: 'fleet', why: 'fleet stop', intended: true });
    expect(state('state')).toBe('Terminated');
  });

  test('what the policy makes of an end is done, also where systemd was silent a moment before', () => {
    for (let n = 0; n < 2; n++) ended('exit-code', 'exited', '1');
    silent = 'show';
    expect(ended('exit-code', 'exited', '1')).toEqual(stop);
    expect(state('state')).toBe('Failed');
  });

  test('a journal that does not answer says nothing about the end, and is told so', () => {
    silent = 'journalctl';
    expect(ended('success', 'exited', '0')).toEqual([]);
    expect(events()).toMatchObject([
      { who: 'guest', why: 'unknown', intended: false, last: expect.stringContaining('did not') },
    ]);
    expect(state('state')).toBe('Starting');
  });

  test('whoever waits for a record waits for less than two seconds, whatever does not answer', () => {
    job = 'stop';
    /** For how long those that hang were waited for, in seconds. */
    const waited = (...names: string[]) => {
      rmSync(join(root, 'limits'), { force: true });
      hangs = names;
      ended('signal', 'killed', 'KILL');
      const limits = readFileSync(join(root, 'limits'), 'utf8').trimEnd().split('\n');
      return limits.reduce((sum, limit) => sum + Number(limit), 0);
    };
    expect(waited('journalctl')).toBeLessThan(2);
    expect(waited('journalctl', 'flock')).toBeLessThan(2);
    // It ends no stop meanwhile.
    expect(waited('systemctl', 'flock')).toBeLessThan(5 + 2);
    rmSync(join(root, 'bin/flock'));
    sh('event_late');
    expect(events()).toMatchObject([{ who: 'person' }, { who: 'person' }, { who: 'unknown' }]);
  });

  test('where nobody waits a journal has its time, until somebody comes', () => {
    hangs = ['journalctl'];
    comes = 'stop';
    const began = performance.now();
    ended('success', 'exited', '0');
    expect(performance.now() - began).toBeLessThan(12_000);
    expect(events()).toMatchObject([{ who: 'guest', why: 'unknown', intended: false }]);
  });

  test('a guest that starts is the sooner chosen by the OOM killer the lower its priority is', () => {
    const scores = [0, 10, 100, 1000, 5000].map((priority) => {
      writeFileSync(
        join(root, 'etc/fleet/watch.json'),
        JSON.stringify({ vms: { web: { priority } } }),
      );
      mkdirSync(join(root, 'proc/4711'), { recursive: true });
      sh(read('render/modules/started.sh'), ['web'], { INVOCATION_ID: life, MAINPID: '4711' });
      return Number(readFileSync(join(root, 'proc/4711/oom_score_adj'), 'utf8'));
    });
    expect(scores).toEqual([500, 495, 450, 0, 0]);
  });

  test('a guest that is held, or stopped, ends without anything being done about it', () => {
    mkdirSync(join(root, 'var/lib/fleet/stopped'));
    writeFileSync(join(root, 'var/lib/fleet/stopped/web'), 'ada@desk\t1764450000\theld\n');
    for (let n = 0; n < 4; n++) expect(ended('signal', 'killed', 'KILL')).toEqual([]);
    expect(new Set(events().map(({ kind }) => kind))).toEqual(new Set(['guest.ended']));
  });

  test('while a deployment is locked it is only recorded', () => {
    const deployment = join(root, 'var/lib/fleet/deployments/1');
    mkdirSync(deployment, { recursive: true });
    for (const file of ['begun', 'locked']) writeFileSync(join(deployment, file), '');
    writeFileSync(join(deployment, 'meta'), 'locks\t2\n');
    for (let n = 0; n < 4; n++) expect(ended('signal', 'killed', 'KILL')).toEqual([]);
    expect([state('state'), state('restarts')]).toEqual(['Starting', '4']);
    // It looks at this guest again.
    expect(readFileSync(join(deployment, 'operated'), 'utf8')).toContain('web\n');
    writeFileSync(join(deployment, 'result'), 'done\n');
    expect(ended('signal', 'killed', 'KILL')).toEqual(stop);
  });

  const lock = () => {
    const deployment = join(root, 'var/lib/fleet/deployments/1');
    mkdirSync(deployment, { recursive: true });
    for (const file of ['begun', 'locked']) writeFileSync(join(deployment, file), '');
    writeFileSync(join(deployment, 'meta'), 'locks\t2\n');
    return () => writeFileSync(join(deployment, 'result'), 'done\n');
  };
  const restart = (how: string) =>
    writeFileSync(
      join(root, 'etc/fleet/watch.json'),
      JSON.stringify({
        vms: { web: { state: 'running', autostart: 'always', recovery: { restart: how } } },
      }),
    );
  /** As the watch does at each look; what it asked systemd to do. */
  const settle = () => {
    rmSync(join(root, 'asked'), { force: true });
    sh('settle_ends');
    return existsSync(join(root, 'asked'))
      ? readFileSync(join(root, 'asked'), 'utf8').trimEnd().split('\n')
      : [];
  };

  test.each([
    ['never', 'Failed', stop],
    ['on-failure', 'Terminated', stop.slice(1)],
  ])(
    '%s: what ended while a deployment was locked is stopped once it is not',
    (how, then, asks) => {
      restart(how);
      const free = lock();
      if (how === 'on-failure') journal = '[ 4.5] reboot: Power down';
      const [result, code, status] =
        how === 'never' ? ['signal', 'killed', 'KILL'] : ['success', 'exited', '0'];
      expect(ended(result!, code!, status!)).toEqual([]);
      expect([settle(), state('state')]).toEqual([[], 'Starting']);
      free();
      expect([settle(), state('state')]).toEqual([asks, then]);
      expect(settle()).toEqual([]);
      expect(events().map(({ kind }) => kind)).toEqual(
        how === 'never' ? ['guest.ended', 'guest.failed'] : ['guest.ended'],
      );
    },
  );

  test('but not where fleet or a person has started it since', () => {
    restart('never');
    const free = lock();
    ended('signal', 'killed', 'KILL');
    sh('guest_starting web "a deployment"');
    ended('signal', 'killed', 'KILL');
    job = 'restart';
    ended('success', 'exited', '0');
    free();
    expect(settle()).toEqual([]);
  });

  test('never holds while autostart still tries others', () => {
    restart('never');
    job = '';
    const asked = () => {
      tool('systemctl', `case $* in *SubState*autostart*) echo running ;; esac`);
      return sh('try_lock_vm web stop ended && echo acts; try_lock_vm web stop || echo looks');
    };
    expect(asked()).toBe('acts\nlooks');
  });

  test('a helper’s good end is no news; a failure is, and its guest is tried again', () => {
    expect(ended('success', 'exited', '0', 'microvm-virtiofsd')).toEqual([]);
    expect(events()).toEqual([]);
    const armed = ended('exit-code', 'exited', '1', 'microvm-virtiofsd');
    expect(armed).toContain(
      'systemd-run --quiet --unit=fleet-again@web.service --on-active=5 --timer-property=AccuracySec=1s',
    );
    expect(events()).toMatchObject([
      {
        kind: 'helper.ended',
        unit: 'microvm-virtiofsd@web.service',
        why: 'exit 1',
        intended: false,
      },
    ]);
    // One that takes a running guest along: that one's end is what counts.
    expect(ended('signal', 'killed', 'KILL', 'microvm-virtiofsd', 'active')).toEqual([]);
    job = 'restart';
    ended('success', 'exited', '0');
    expect(events().at(-1)).toMatchObject({ kind: 'guest.ended', who: 'helper', intended: false });
  });

  test.each(['stop', 'restart'])('a helper with a %s of its own goes with its guest', (type) => {
    // systemd starts a guest that ended by itself again, and its helpers with it: the guest's job is a start by then.
    [job, own] = ['start', type];
    expect(ended('timeout', 'killed', 'KILL', 'microvm-virtiofsd')).toEqual([]);
    expect([events(), existsSync(join(root, 'run/fleet/failing'))]).toEqual([[], false]);
  });

  test.each([
    ['was killed with its guest', 500000 + 400000, 'killed 9', 'inactive', 'guest'],
    ['was killed after its guest had ended', 100000, 'exited 0', 'activating', 'guest'],
    ['took its guest with it', 500000 + 400000, 'exited 1', 'activating', 'helper'],
    ['was killed long before its guest', 2500000, 'killed 9', 'inactive', 'helper'],
    ['leaves a guest that runs', 100000, 'killed 9', 'active', 'helper'],
    ['failed after an earlier guest had ended', -5000000, 'killed 9', 'inactive', 'helper'],
    ['never had a guest', undefined, '', 'inactive', 'helper'],
  ])('a helper that %s', (_, left, how, active, who) => {
    const [code, status] = how.split(' ');
    const exited = left === undefined ? 0 : Number(now()) * 1000000 + left;
    guest = `ActiveState=${active}\nExecMainCode=${code === 'killed' ? 2 : 1}\nExecMainStatus=${status}\nExecMainExitTimestampMonotonic=${exited}\n`;
    const asked = ended('signal', 'killed', 'KILL', 'microvm-virtiofsd', active);
    const withGuest = who === 'guest';
    expect(events()).toMatchObject([
      { kind: 'helper.ended', who, intended: withGuest, signal: 'KILL' },
    ]);
    // Its guest's end counts, and nothing is tried again on its behalf.
    expect(existsSync(join(root, 'run/fleet/failing/web'))).toBe(!withGuest);
    expect(asked.length > 0).toBe(!withGuest && active !== 'active');
  });

  test('no more than fifty files of a guest stay', () => {
    const folder = join(root, 'var/lib/fleet/ends/web');
    mkdirSync(folder, { recursive: true });
    for (let n = 0; n < 60; n++)
      writeFileSync(join(folder, `${1000 + n}-microvm-x`), 'x'.repeat(99));
    ended('signal', 'killed', 'KILL');
    expect(readdirSync(folder)).toHaveLength(50);
    sh('yes of a console that never ends | head -c 300000 | keep_end web 9-long');
    expect(statSync(join(folder, '9-long')).size).toBe(65_536);
  });

  const tmpfiles = spawnSync('systemd-tmpfiles', ['--version'], { encoding: 'utf8' });
  test.skipIf(tmpfiles.error || Number(tmpfiles.stdout.match(/\d+/)) < 250)(
    'what is older than its days goes, though somebody looked at it just now',
    () => {
      const [, rules = ''] = watchFiles[0]![1].split('systemd.tmpfiles.rules = [');
      const lines = [...rules.split(']')[0]!.matchAll(/"(e [^"]*)"/g)].map(([, line]) => line!);
      expect(lines).toHaveLength(2);
      writeFileSync(join(root, 'rules.conf'), lines.join('\n').replaceAll(' /var', ` ${root}/var`));
      const days = {
        'ends/web/1-old': 31,
        'ends/web/2-new': 29,
        'dumps/web/1.elf': 8,
        'dumps/web/2.elf': 6,
      };
      for (const [name, age] of Object.entries(days)) {
        const file = join(root, 'var/lib/fleet', name);
        mkdirSync(join(file, '..'), { recursive: true });
        writeFileSync(file, 'x');
        utimesSync(file, new Date(), new Date(Date.now() - age * 86_400_000));
      }
      spawnSync('systemd-tmpfiles', ['--clean', join(root, 'rules.conf')]);
      const left = ['ends', 'dumps'].map((name) =>
        readdirSync(join(root, 'var/lib/fleet', name, 'web')),
      );
      expect(left).toEqual([['2-new'], ['2.elf']]);
    },
  );
});

test('ends are told with what was said last, the youngest first, and no more of them than asked for', () => {
  const folder = join(root, 'var/lib/fleet/ends/web');
  mkdirSync(folder, { recursive: true });
  const end = (at: number, unit: string, who: string, why: string, said: string) =>
    writeFileSync(
      join(folder, `${at}-${unit}-x`),
      `unit\t${unit}@web.service\nat\t${at}\nwho\t${who}\nwhy\t${why}\nuptime\t60\n\n${said}`,
    );
  end(1760000100, 'microvm', 'person', 'systemctl stop', '');
  end(1760000200, 'microvm-virtiofsd', 'helper', 'did not start', 'no such\tfile\n\n');
  end(1760000300, 'microvm', 'guest', 'panic', 'one\n\u001b[31mtwo\u001b[0m\n');
  expect(sh('ends_of web 2').split('\n')).toEqual([
    'end\tmicrovm@web.service\t1760000300\tguest\tpanic\t60\tweb/1760000300-microvm-x\ttwo',
    'end\tmicrovm-virtiofsd@web.service\t1760000200\thelper\tdid not start\t60\tweb/1760000200-microvm-virtiofsd-x\tno such file',
  ]);
  expect(sh('ends_of none 2')).toBe('');
});

test('a story has what the spool has of the guest, and the journal’s only where no watch tells of it', () => {
  const line = (seq: number, kind: string, more = '') =>
    `{"v":1,"epoch":"001764405663-9f3c2a1b","seq":${seq},"at":1,"up":1,"kind":"${kind}"${more}}`;
  const own = Array.from({ length: 25 }, (_, n) => line(n + 1, 'guest.ready', ',"vm":"web"'));
  const others = [
    line(30, 'guest.ready', ',"vm":"web2"'),
    line(31, 'guest.failed', ',"vm":"db","why":"\\"vm\\":\\"web\\""'),
    line(32, 'network.broken', ',"what":"br0 is down"'),
    line(33, 'spool.epoch'),
  ];
  mkdirSync(join(root, 'var/lib/fleet/events'));
  const file = join(root, 'var/lib/fleet/events/001764405663-9f3c2a1b-0000000001.jsonl');
  writeFileSync(file, `${[...own, ...others].join('\n')}\n`);
  const journal = join(root, 'bin/journalctl');
  writeFileSync(journal, '#!/bin/sh\necho said\n', { mode: 0o755 });
  const told = (unit: string) => {
    const rows = sh(read('host/scripts/story.sh'), ['5', unit]).split('\n');
    const of = (word: string) => rows.flatMap((row) => row.split(`${word}\t`).slice(1));
    return { spool: of('spool'), event: of('event') };
  };
  const guest = [...own.slice(5), others[2]];
  const policy = join(root, 'etc/fleet/watch.json');
  rmSync(policy, { force: true });
  expect(told('microvm@web.service')).toEqual({ spool: guest, event: ['said'] });
  mkdirSync(join(root, 'etc/fleet'), { recursive: true });
  writeFileSync(policy, '{}');
  expect(told('microvm@web.service')).toEqual({ spool: guest, event: [] });
  expect(told('microvm@none.service')).toEqual({ spool: [others[2]], event: ['said'] });
  expect(told('nftables.service')).toEqual({ spool: others.slice(2), event: ['said'] });
});
