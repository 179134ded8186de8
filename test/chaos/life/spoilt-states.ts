import { zero } from './forge.ts';
import { tap, web } from './good.ts';
import { type Event, find, life, more, type Spoilt, untold } from './spoil.ts';

/** Of guests that are stopped or given up, networks, deployments, and how all of it ends. */
export const spoiltStates: readonly Spoilt[] = [
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
          ...{ vm: 'web', invocation, result: 'signal', who: 'vmm', intended: false },
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
