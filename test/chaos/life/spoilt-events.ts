import { zero } from './forge.ts';
import { web } from './good.ts';
import { type Event, find, life, more, type Spoilt, untold } from './spoil.ts';

/** Of numbers, ends and starts. */
export const spoiltEvents: readonly Spoilt[] = [
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
    /by person \(killed\), and what was done was vmm-kill/,
  ],
  [
    'QEMU is killed',
    'it is told as a power-off',
    (h) => {
      find(h, 'guest.ended').why = 'power-off';
    },
    /by vmm \(power-off\), and what was done was vmm-kill/,
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
];
