import { describe, expect, test } from 'vitest';
import { judgeLife } from './check.ts';
import { Forge, type Forged, zero } from './forge.ts';

const web = { vm: 'web' };
const tap = { what: 'vm-web' };

/** Histories as they should be, by what was done. */
const good = {
  'nothing was done': () => new Forge().history(300),
  'QEMU is killed': () =>
    new Forge()
      .injure('vmm-kill', 100, web)
      .end('web', 101, 'signal', 'crash', false)
      .start('web', 107, 'web2')
      .history(300),
  'a guest hangs': () =>
    new Forge()
      .injure('hang', 100, web)
      .tell('guest.unhealthy', 150, web)
      .tell('guest.restarted', 150, { ...web, why: 'it hangs' })
      .end('web', 155, 'signal', 'fleet', true)
      .start('web', 160, 'web2')
      .history(400),
  'it crashes until it is given up, and a person starts it': () =>
    new Forge()
      .injure('vmm-kill', 100, web)
      .end('web', 101, 'signal', 'crash', false)
      .start('web', 107, 'web2')
      .injure('vmm-kill', 110, web)
      .end('web', 111, 'signal', 'crash', false)
      .start('web', 117, 'web3')
      .injure('vmm-kill', 120, web)
      .end('web', 121, 'signal', 'crash', false)
      .tell('guest.failed', 121, { ...web, why: '3 ends in 10 minutes' })
      .injure('fleet-start', 200, web)
      .start('web', 201, 'web4')
      .history(400),
  'it is given up, and left alone': () =>
    new Forge()
      .injure('vmm-kill', 100, web)
      .end('web', 101, 'signal', 'crash', false)
      .start('web', 107, 'web2')
      .injure('vmm-kill', 110, web)
      .end('web', 111, 'signal', 'crash', false)
      .start('web', 117, 'web3')
      .injure('vmm-kill', 120, web)
      .end('web', 121, 'signal', 'crash', false)
      .tell('guest.failed', 121, { ...web, why: '3 ends in 10 minutes' })
      .history(400, { web: 'Failed' }),
  'somebody stops it': () =>
    new Forge()
      .injure('fleet-stop', 100, web)
      .end('web', 101, 'success', 'fleet', true)
      .tell('vm.stopped', 101, web)
      .history(300, { web: 'Terminated' }),
  'its TAP is taken out of its bridge': () =>
    new Forge()
      .injure('tap-out', 100, tap)
      .tell('network.broken', 112, tap)
      .tell('network.repaired', 113, tap)
      .history(300),
  'the power is cut': () => {
    const history = new Forge()
      .boot('power-cut', 100, '001764450104-00000001')
      .start('web', 110, 'web2')
      .start('db', 120, 'db2')
      .history(300);
    return history;
  },
  'a deployment restarts one': () =>
    new Forge()
      .injure('deploy', 100, { until: zero + 140 })
      .tell('deployment.began', 101, { id: 'd1' })
      .tell('deployment.locked', 110, { id: 'd1' })
      .end('web', 115, 'success', 'fleet', true)
      .start('web', 117, 'web2')
      .tell('deployment.ended', 139, { id: 'd1', result: 'done' })
      .history(300),
} satisfies Record<string, () => Forged>;

describe('a history is accepted where', () => {
  test.each(Object.entries(good))('%s', (_, make) => {
    expect(judgeLife(make())).toEqual([]);
  });
});

type Event = Forged['events'][number];
const find = (history: Forged, kind: string) =>
  history.events.find((e) => e.kind === kind && e.at > zero + 10) as Event;
/** Leaves an event out, and numbers the others as if it had never been. */
const untold = (kind: string) => (history: Forged) => {
  const { epoch, seq } = find(history, kind);
  history.events = history.events.filter((e) => e.epoch !== epoch || e.seq !== seq);
  for (const event of history.events) if (event.epoch === epoch && event.seq > seq) event.seq -= 1;
  for (const file of Object.values(history.remembered))
    if (file?.lastEnd?.startsWith(epoch)) {
      const own = Number(file.lastEnd.split(':')[1]);
      if (own > seq) file.lastEnd = `${epoch}:${own - 1}`;
    }
};
/** Tells one more, after all others. */
const more = (kind: string, at: number, fields: object) => (history: Forged) => {
  const { epoch, seq, up, at: before } = history.events.at(-1) as Event;
  const time = zero + at;
  history.events.push({ epoch, seq: seq + 1, up: up + time - before, at: time, kind, ...fields });
};
const life = (history: Forged, invocation: string) =>
  history.lives.find((l) => l.invocation === invocation) as Forged['lives'][number];

/** What spoils a good history, and what is said of it. */
const spoilt: readonly [keyof typeof good, string, (history: Forged) => void, RegExp][] = [
  ['QEMU is killed', 'a number is missing', (h) => h.events.splice(4, 1), /:6 comes after .*:4/],
  [
    'QEMU is killed',
    'a number comes twice',
    (h) => {
      (h.events[5] as Event).seq = 5;
    },
    /:5 comes after .*:5/,
  ],
  [
    'QEMU is killed',
    'the first event is gone',
    (h) => h.events.shift(),
    /:2 is the first of its epoch/,
  ],
  [
    'QEMU is killed',
    'a line is half',
    (h) => h.unreadable.push('{"seq":2,"why":"cra'),
    /a line that is no event/,
  ],
  [
    'QEMU is killed',
    'time runs backwards',
    (h) => {
      (h.events[5] as Event).up = 0;
    },
    /before the one that it follows/,
  ],
  [
    'nothing was done',
    'an epoch has no form',
    (h) => {
      for (const event of h.events) event.epoch = '17';
    },
    /is of no epoch/,
  ],
  [
    'the power is cut',
    'the epoch goes on after the boot',
    (h) => {
      const first = h.events[0]?.epoch ?? '';
      for (const [n, event] of h.events.entries()) {
        event.epoch = first;
        event.seq = n + 1;
        event.up = n;
      }
    },
    /goes on after it/,
  ],
  [
    'the power is cut',
    'the new epoch sorts before the old one',
    (h) => {
      for (const event of h.events) event.epoch = event.epoch.replace('104-', '000-');
    },
    /sorts before/,
  ],
  ['the power is cut', 'no boot is told', untold('host.booted'), /host\.booted is told 0 times/],
  [
    'the power is cut',
    'a boot is told twice',
    more('host.booted', 200, {}),
    /host\.booted is told 2 times/,
  ],
  ['QEMU is killed', 'no end is told', untold('guest.ended'), /web1, ended at .*no event tells/],
  [
    'QEMU is killed',
    'an end is told twice',
    (h) => more('guest.ended', 200, { ...web, invocation: 'web1', result: 'signal' })(h),
    /its end is told 2 times/,
  ],
  [
    'QEMU is killed',
    'the end of a life that goes on is told',
    (h) => more('guest.ended', 200, { ...web, invocation: 'web2' })(h),
    /it did not end/,
  ],
  [
    'QEMU is killed',
    'the end of a life that never was is told',
    (h) => more('guest.ended', 200, { ...web, invocation: 'ghost' })(h),
    /there was no such life/,
  ],
  [
    'QEMU is killed',
    'its end is told of another guest',
    (h) => {
      find(h, 'guest.ended').vm = 'db';
    },
    /that was a life of web/,
  ],
  [
    'QEMU is killed',
    'the result is not systemd’s',
    (h) => {
      find(h, 'guest.ended').result = 'success';
    },
    /told as success, and it was signal/,
  ],
  [
    'QEMU is killed',
    'a person is named for a crash',
    (h) => {
      find(h, 'guest.ended').who = 'person';
    },
    /by person, and what was done was vmm-kill/,
  ],
  [
    'QEMU is killed',
    'a crash is told as intended',
    (h) => {
      find(h, 'guest.ended').intended = true;
    },
    /told as intended/,
  ],
  [
    'QEMU is killed',
    'it is told much later',
    (h) => {
      find(h, 'guest.ended').at += 60;
    },
    /60 s off/,
  ],
  ['QEMU is killed', 'nothing was done to it', (h) => h.injuries.pop(), /nothing was done to it/],
  [
    'QEMU is killed',
    'another guest ended, too',
    (h) => {
      Object.assign(life(h, 'db1'), { ended: zero + 101, result: 'success' });
    },
    /db, invocation db1, ended .*no event tells/,
  ],
  [
    'nothing was done',
    'an injury had no effect',
    (h) => {
      h.injuries.push({ kind: 'vmm-kill', at: zero + 100, until: zero + 101, vm: 'web', code: 0 });
    },
    /vmm-kill of web at .*it went on as before/,
  ],
  [
    'a guest hangs',
    'nobody noticed that it hung',
    (h) => {
      const { web: truth } = h.truth.guests;
      h.events = h.events.filter((e) => e.at < zero + 100);
      h.lives = h.lives.filter((l) => l.invocation !== 'web2');
      const first = life(h, 'web1');
      delete first.ended;
      if (truth) Object.assign(truth, { answers: false, invocation: 'web1' });
    },
    /hang of web at .*it went on as before/,
  ],
  [
    'a guest hangs',
    'the watch restarted it without a word',
    untold('guest.restarted'),
    /web2, started at .*nobody had a reason/,
  ],
  ['QEMU is killed', 'no start is told', untold('guest.started'), /web2, .*it is told 0 times/],
  [
    'QEMU is killed',
    'a start is told that never was',
    more('guest.started', 200, { ...web, invocation: 'ghost' }),
    /a start at .* is told, and there was none/,
  ],
  [
    'somebody stops it',
    'it is started all the same',
    (h) => {
      h.lives.push({ vm: 'web', invocation: 'web2', began: zero + 200 });
      more('guest.started', 200, { ...web, invocation: 'web2' })(h);
      Object.assign(h.truth.guests.web ?? {}, { active: true, answers: true });
    },
    /web2, started at .*it was stopped/,
  ],
  [
    'somebody stops it',
    'it runs in the end',
    (h) => Object.assign(h.truth.guests.web ?? {}, { active: true }),
    /web: runs, and was stopped/,
  ],
  [
    'somebody stops it',
    'it is remembered as Ready',
    (h) => Object.assign(h.remembered.web ?? {}, { state: 'Ready' }),
    /web: is Ready, and was stopped/,
  ],
  [
    'it is given up, and left alone',
    'it is started by nobody',
    (h) => {
      h.lives.push({ vm: 'web', invocation: 'web4', began: zero + 200 });
      more('guest.started', 200, { ...web, invocation: 'web4' })(h);
    },
    /web4, started at .*it was given up at/,
  ],
  [
    'it is given up, and left alone',
    'it is given up twice',
    more('guest.failed', 200, { ...web, why: 'again' }),
    /it was given up already/,
  ],
  [
    'it is given up, and left alone',
    'nobody says why',
    (h) => {
      delete find(h, 'guest.failed').why;
      delete h.remembered.web?.why;
    },
    /and nobody says why/,
  ],
  [
    'it is given up, and left alone',
    'nobody told of it',
    untold('guest.failed'),
    /is Failed, and the spool does not say so/,
  ],
  [
    'it is given up, and left alone',
    'it runs and answers',
    (h) => Object.assign(h.truth.guests.web ?? {}, { active: true, answers: true }),
    /is Failed, and runs and answers/,
  ],
  [
    'QEMU is killed',
    'it is given up too early',
    (h) => {
      more('guest.failed', 200, { ...web, why: 'one end' })(h);
    },
    /after 1 ends, 3 are allowed/,
  ],
  [
    'it crashes until it is given up, and a person starts it',
    'it is restarted for ever',
    (h) => {
      untold('guest.failed')(h);
      h.injuries = h.injuries.filter((i) => i.kind !== 'fleet-start');
      for (const [n, at] of [130, 140].entries()) {
        const invocation = `web${n + 5}`;
        h.injuries.push({ kind: 'vmm-kill', at: zero + at, until: zero + at + 1, vm: 'web' });
        more('guest.ended', at + 1, {
          ...{ vm: 'web', invocation, result: 'signal', who: 'crash', intended: false },
        })(h);
      }
    },
    /web ended 5 times until .*nobody gave it time/,
  ],
  [
    'its TAP is taken out of its bridge',
    'nobody tells',
    (h) => {
      untold('network.broken')(h);
    },
    /tap-out of vm-web at .*nobody tells of it/,
  ],
  [
    'its TAP is taken out of its bridge',
    'nobody repairs it',
    (h) => {
      untold('network.repaired')(h);
      Object.assign(h.truth.guests.web ?? {}, { bridge: undefined });
    },
    /nobody tells that it was repaired\n.*in no bridge/s,
  ],
  [
    'its TAP is taken out of its bridge',
    'its guest is restarted for it',
    (h) => {
      Object.assign(life(h, 'web1'), { ended: zero + 113, result: 'success' });
      more('guest.ended', 113, {
        ...{ vm: 'web', invocation: 'web1', result: 'success', who: 'fleet', intended: true },
      })(h);
    },
    /web1, ended at .*nothing was done to it/,
  ],
  [
    'nothing was done',
    'something breaks by itself',
    more('network.broken', 200, { what: 'br-front' }),
    /br-front broke at .*nothing was done to it/,
  ],
  [
    'its TAP is taken out of its bridge',
    'it is told at each look',
    more('network.repaired', 130, tap),
    /network\.repaired of vm-web at .* is no news/,
  ],
  [
    'a guest hangs',
    'failed looks are told, not transitions',
    (h) => {
      const { epoch, seq } = find(h, 'guest.restarted');
      for (const event of h.events) if (event.epoch === epoch && event.seq >= seq) event.seq += 1;
      const at = h.events.findIndex((e) => e.kind === 'guest.restarted');
      h.events.splice(at, 0, { ...find(h, 'guest.unhealthy'), seq });
    },
    /guest\.unhealthy of web at .* is no news/,
  ],
  [
    'a deployment restarts one',
    'the watch restarts one meanwhile',
    (h) => {
      const end = h.events.at(-1) as Event;
      h.events.splice(
        -1,
        1,
        { ...end, kind: 'guest.restarted', vm: 'db' },
        { ...end, seq: end.seq + 1 },
      );
    },
    /guest\.restarted of db while it held the lock/,
  ],
  [
    'a deployment restarts one',
    'it fails',
    (h) => {
      const [injury] = h.injuries;
      if (injury) injury.code = 3;
    },
    /it ended with 3/,
  ],
  [
    'a deployment restarts one',
    'its end is not told',
    untold('deployment.ended'),
    /its lock or its end is not told/,
  ],
  [
    'QEMU is killed',
    'it does not come back',
    (h) => Object.assign(h.truth.guests.web ?? {}, { active: false, answers: false }),
    /web: does not run/,
  ],
  [
    'QEMU is killed',
    'it comes back and does not answer',
    (h) => Object.assign(h.truth.guests.web ?? {}, { answers: false }),
    /web: does not answer/,
  ],
  [
    'QEMU is killed',
    'it is Starting for ever',
    (h) => Object.assign(h.remembered.web ?? {}, { state: 'Starting' }),
    /web: is Starting, neither Ready nor Failed/,
  ],
  [
    'QEMU is killed',
    'its file is of the life before',
    (h) => Object.assign(h.remembered.web ?? {}, { invocation: 'web1' }),
    /of another life/,
  ],
  [
    'QEMU is killed',
    'its file does not know the last end',
    (h) => Object.assign(h.remembered.web ?? {}, { lastEnd: 'x:1' }),
    /its last end is .*, remembered is x:1/,
  ],
  [
    'QEMU is killed',
    'its file is gone',
    (h) => {
      delete h.remembered.web;
    },
    /web: nothing is remembered of it/,
  ],
  [
    'nothing was done',
    'nobody looked',
    (h) => {
      delete h.truth.guests.web;
    },
    /web: nobody looked at it/,
  ],
  [
    'nothing was done',
    'the bridge is down',
    (h) => Object.assign(h.truth.bridges['br-front'] ?? {}, { up: false }),
    /br-front is not up/,
  ],
  [
    'nothing was done',
    'the bridge has no address',
    (h) => Object.assign(h.truth.bridges['br-front'] ?? {}, { addresses: [] }),
    /br-front has no address/,
  ],
];

describe('a history is refused where', () => {
  test.each(spoilt)('%s, and %s', (name, _, spoil, said) => {
    const history = good[name]() as Forged;
    spoil(history);
    expect(judgeLife(history).join('\n')).toMatch(said);
  });
});
