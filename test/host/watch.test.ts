import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseHealth } from '../../src/host/answers/health.ts';
import { checkVm } from '../../src/plan/checks.ts';
import { writable } from '../hostile/kvm-world.ts';
import { cutByPower } from './power-cut.ts';
import { WatchWorld } from './watch-world.ts';

let world: WatchWorld;
beforeEach(() => {
  world = new WatchWorld();
  world.guest('web');
  world.guest('db');
});
afterEach(() => {
  expect([...cutByPower(world.root), ...writable(world.root)]).toEqual([]);
  world.close();
});

/** Looks so often, and what was to be done: what it says about a guest by name. */
const judge = (times = 1) => world.judge(times).map((row) => row.join(' | '));
const only = (rows: string[], ...kinds: string[]) =>
  rows.filter((row) => kinds.some((kind) => row.startsWith(`${kind} | `)));
const unhealthy = (rows: string[]) =>
  only(rows, 'unhealthy').map((row) =>
    row
      .split(' | ')
      .filter((_, i) => [1, 3, 4].includes(i))
      .join(' | '),
  );
const heals = (rows: string[]) => only(rows, 'heal').map((row) => row.split(' | ')[1]);

/** Looks until both are known to be well. */
const settle = () => {
  world.look();
  world.told();
  world.done();
};

describe('what the judge of fleet-watch says', () => {
  beforeEach(() => void judge());

  it('three failed looks in a row are unhealthy; two are not', () => {
    world.mute('web');
    judge(2);
    world.unmute('web');
    judge();
    world.mute('web');
    expect(unhealthy(judge(2))).toEqual([]);
    const rows = judge();
    expect(unhealthy(rows)).toEqual(['web | answers | does not answer (ping 10.1.0.2)']);
    expect(heals(rows)).toEqual(['web']);
    world.unmute('web');
    expect(only(judge(3), 'ready', 'healthy')).toEqual(['healthy | web | microvm@web.service-1']);
  });

  it('looks that come sooner than `every` do not count twice', () => {
    world.recovery('web', { unhealthy: { every: 60 } });
    world.mute('web');
    expect(unhealthy(judge(8))).toEqual([]);
    expect(unhealthy(judge())).toHaveLength(1);
  });

  it('one that starts has its time: the deadline, or as long as its slowest check may take', () => {
    world.policy.deadline = 60;
    world.guest('slow', { checks: [{ tcp: 80, within: 300 }] });
    world.mute('web');
    for (const name of ['web', 'slow']) {
      world.of(name).InvocationID = `${name}-2`;
      world.of(name).ActiveEnterTimestampMonotonic = String(world.now * 1_000_000);
    }
    expect(unhealthy(judge(5))).toEqual([]);
    expect(unhealthy(judge())).toEqual([expect.stringMatching(/^web \| answers/)]);
    expect(unhealthy(judge(15))).toEqual([]);
    expect(unhealthy(judge())).toEqual(['slow | tcp 80 | expected connects, seen no connection']);
  });

  it('ports and pages have to be as fleet.yaml says', () => {
    world.vms.web.checks = [{ tcp: 22 }, { http: { port: 80, path: '/x', status: 204 } }];
    world.probed.set('web 0', '000 0.001').set('web 1', '204 0.001');
    judge();
    expect(world.is('web')).toBe('ok');
    world.probed.set('web 1', '200 0.001');
    expect(unhealthy(judge(3))).toEqual(['web | http 80/x | expected 204, seen 200']);
  });

  /** An entry that was confirmed so many seconds ago. */
  const near = (name: string, confirmed: number) => ({
    ...{ dst: world.vms[name].address, state: ['REACHABLE'], confirmed },
  });

  it('a guest that never answered a ping is well while its neighbour entry is; one that did is not', () => {
    world.guest('quiet');
    world.mute('quiet', 'db');
    world.near = [near('quiet', 9), near('db', 9)];
    judge();
    expect([world.is('quiet'), world.is('db')]).toEqual(['ok', 'bad']);
  });

  it('a neighbour entry of the life before is no answer of one that starts', () => {
    world.mute('web');
    Object.assign(world.of('web'), {
      InvocationID: 'web-2',
      ActiveEnterTimestampMonotonic: String(world.now * 1_000_000),
    });
    for (const confirmed of [18, 33]) {
      world.near = [near('web', confirmed)];
      expect(judge()).toEqual([]);
      expect(world.is('web')).toBe('bad');
    }
    world.near = [near('web', 4)];
    judge();
    expect(world.is('web')).toBe('ok');
  });

  it('a virtiofsd that died, or is younger than its guest, is the guest’s failure', () => {
    const daemon = (pid: number, age: number, parent = 1) =>
      `${pid} ${parent} S ${age} root 0::/system.slice/microvm-virtiofsd@web.service virtiofsd`;
    // One has a child, in its sandbox.
    const all = () => [daemon(10, 9999), daemon(11, 9999, 10), daemon(12, 9999)];
    world.processes = all();
    judge();
    expect(world.is('web')).toBe('ok');
    world.processes = all().slice(0, 2);
    expect(unhealthy(judge(3))).toEqual(['web | virtiofsd | 1 of its 2 virtiofsd died']);
    world.processes = all();
    judge();
    expect(world.is('web')).toBe('ok');
    world.processes = [...all().slice(0, 2), daemon(13, 3)];
    expect(unhealthy(judge(3))).toEqual([expect.stringContaining('younger than the guest')]);
  });

  it('what outlived its unit, and what nobody waits for, is told once, at the second look', () => {
    world.processes = [
      '20 1 S 9 microvm 0::/system.slice/microvm@web.service qemu-system-x86',
      '21 1 S 9 microvm 0::/user.slice/session-1.scope qemu-system-x86',
      '22 9 Z 9 microvm 0::/system.slice/microvm@web.service qemu-system-x86',
      '23 1 S 9 libvirt 0::/machine.slice/a.scope qemu-system-x86',
    ];
    expect(judge()).toEqual([]);
    expect(judge(3)).toEqual([
      'found | process 21 | process | qemu-system-x86 21',
      'found | zombie 22 | zombie | qemu-system-x86 22',
    ]);
    world.processes = [];
    expect(judge(2)).toEqual([
      'gone | process 21 | process | qemu-system-x86 21',
      'gone | zombie 22 | zombie | qemu-system-x86 22',
    ]);
  });

  it('until autostart has ended it only looks', () => {
    const autostart = world.units['fleet-autostart.service'] as Record<string, string>;
    autostart.SubState = 'running';
    world.mute('web');
    world.of('db').ActiveState = 'inactive';
    world.link('br0').flags = [];
    expect(judge(5)).toEqual([]);
    autostart.SubState = 'exited';
    world.link('br0').flags = ['UP'];
    expect(heals(judge(2))).toEqual(['db']);
  });

  it.each([
    ['a person stopped', () => world.put('var/lib/fleet/guests/web', 'state\tTerminated\n')],
    ['failed', () => world.put('var/lib/fleet/guests/web', 'state\tFailed\n')],
    ['fleet stopped', () => world.put('var/lib/fleet/stopped/web', 'ada\t1\tonce\n')],
    ['nobody started since the boot', () => Object.assign(world.vms.web, { autostart: 'never' })],
    ['waits for its next try', () => world.unit('fleet-again@web.timer', 'active')],
    ['is about to start', () => Object.assign(world.of('web'), { Job: '12' })],
  ])('one that is inactive and %s is left alone', (_, happens) => {
    world.of('web').ActiveState = 'inactive';
    world.of('db').ActiveState = 'inactive';
    happens();
    expect([...new Set(heals(judge(3)))]).toEqual(['db']);
  });

  it('several that fall at once are one incident: one after the other, what others need first', () => {
    for (const name of ['a', 'b', 'c', 'd']) world.guest(name);
    world.vms.a.dependsOn = ['b'];
    judge();
    world.mute('a', 'b', 'c');
    const rows = judge(3);
    expect(only(rows, 'incident')).toEqual(['incident | 3 of 6 guests | a b c']);
    // First the network has its chance.
    expect(heals(rows)).toEqual([]);
    expect(heals(judge())).toEqual(['b']);
    world.of('b').InvocationID = 'b-2';
    world.unit('fleet-heal@b.service', 'activating');
    world.unmute('b');
    expect(heals(judge())).toEqual([]);
    world.unit('fleet-heal@b.service', 'inactive');
    expect(heals(judge())).toEqual(['a']);
    world.unmute('a', 'c');
    expect(judge(2)).toEqual([
      expect.stringMatching(/^healthy \| a/),
      expect.stringMatching(/^healthy \| c/),
      'over',
    ]);
  });

  it('what has to wait for its turn, or gets none, keeps no other waiting; what was given up is over', () => {
    for (const name of ['a', 'b', 'c', 'd']) world.guest(name);
    judge();
    world.mute('a', 'b', 'c', 'd');
    judge(3);
    world.put('run/fleet/watch/later.a', `${world.now + 60}\n`);
    expect([1, 2, 3, 4].map(() => heals(judge()))).toEqual([['b'], ['c'], ['d'], ['a']]);
    for (const name of ['a', 'b']) world.put(`var/lib/fleet/guests/${name}`, 'state\tFailed\n');
    world.unmute('c', 'd');
    expect(judge()).toContain('over');
  });

  it('of many at once ten a look are told, whom it restarts first', () => {
    const names = Array.from({ length: 12 }, (_, i) => `m${10 + i}`);
    for (const name of names) world.guest(name);
    judge();
    world.mute(...names);
    world.put('run/fleet/watch/later.m10', '9999\n');
    const looks = [3, 1, 1].map((times) => only(judge(times), 'unhealthy', 'heal'));
    expect(looks.map((rows) => only(rows, 'unhealthy').length)).toEqual([10, 2, 0]);
    expect(heals(looks[1] ?? [])).toEqual(['m11']);
    const lives = names.map((name) => `${name} microvm@${name}.service-1 io-error\n`);
    world.put('run/fleet/watch/vmm', lives.join(''));
    expect([1, 2, 3].map(() => only(judge(), 'paused').length)).toEqual([10, 2, 0]);
    world.unmute(...names);
    expect([1, 2, 3].map(() => only(judge(), 'healthy').length)).toEqual([10, 2, 0]);
  });

  it('of many commands inside guests each has its turn within five minutes', () => {
    world.vms.web.checks = Array.from({ length: 100 }, () => ({ run: 'true' }));
    expect(only(judge(), 'run')).toHaveLength(5);
  });

  it('all on one bridge are one incident, too', () => {
    world.bridge('br1', '10.2.0.1');
    for (const name of ['a', 'b']) world.guest(name, { bridge: 'br1' });
    judge();
    world.mute('a', 'b');
    expect(only(judge(), 'incident')).toEqual(['incident | every guest on br1 | a b']);
  });

  it('a TAP that is new has its moment', () => {
    const ActiveEnterTimestampMonotonic = String((world.now + 8) * 1_000_000);
    Object.assign(world.of('web'), { InvocationID: 'new', ActiveEnterTimestampMonotonic });
    Object.assign(world.link('vm-web'), { master: undefined });
    expect(judge()).toEqual([]);
    expect(judge()).toContain('repair | master | vm-web | br0');
  });

  it('a guest that is cut off is not at fault', () => {
    Object.assign(world.link('vm-web'), { master: 'other' });
    world.mute('web');
    expect(heals(judge(5))).toEqual([]);
    expect(world.is('web')).toBe('cut');
  });
});

/** What may be wrong with a guest, as far as one look sees it. */
const wrongs: Record<string, () => void> = {
  nothing: () => {},
  'its unit': () => Object.assign(world.of('web'), { ActiveState: 'failed' }),
  'it starts': () => Object.assign(world.of('web'), { ActiveState: 'activating' }),
  virtiofsd: () => world.unit('microvm-virtiofsd@web.service', 'failed'),
  'no TAP': () => world.links.splice(world.links.indexOf(world.link('vm-web')), 1),
  'TAP down': () => Object.assign(world.link('vm-web'), { flags: [] }),
  'TAP elsewhere': () => Object.assign(world.link('vm-web'), { master: 'br1' }),
  'bridge down': () => Object.assign(world.link('br0'), { flags: [] }),
  'bridge without address': () => Object.assign(world.link('br0'), { addr_info: [] }),
  'no answer': () => world.mute('web'),
};

it.each(Object.keys(wrongs))('the watch judges as plan, apply and verify do: %s', (wrong) => {
  world.judge();
  wrongs[wrong]?.();
  world.judge();
  const health = parseHealth(world.run('health', world.vms.web.address));
  const seen = health.vms.get('web');
  const checks = checkVm(
    {
      name: 'web',
      runner: seen?.current ?? '',
      state: 'running',
      bridgeAddress: '10.1.0.1/24',
      expected: {
        address: world.vms.web.address,
        bridge: 'br0',
        tap: 'vm-web',
        further: [],
        volumes: [],
      },
    },
    health,
  );
  const failing = checks.filter(({ ok }) => !ok).map(({ check, seen }) => `${check}: ${seen}`);
  expect(world.is('web') === 'ok', failing.join('; ')).toBe(failing.length === 0);
  expect(world.is('db') === 'cut').toBe(wrong.startsWith('bridge'));
});

// NixOS runs it in bash.
describe.each(['sh', 'bash'])('fleet-watch and fleet-heal, in %s', (shell) => {
  beforeEach(() => {
    world.shell = shell;
    settle();
  });

  it('a guest that hangs is killed at once where its VMM is silent, starts again, and is Ready', () => {
    expect(world.record('web')).toMatchObject({ state: 'Ready', health: 'ok' });
    world.mute('web');
    judge(2);
    world.look();
    const [event] = world.events();
    expect(event).toMatchObject({ kind: 'guest.unhealthy', vm: 'web', check: 'answers' });
    expect(world.read(`var/lib/fleet/ends/${event?.file}`)).toContain('last words of a guest');
    expect(world.record('web')).toMatchObject({ state: 'Ready', health: 'failing' });
    world.heal('web');
    expect(world.done()).toEqual([
      'systemctl start --no-block fleet-heal@web.service',
      'systemctl reset-failed microvm*@web.service',
      'systemctl restart microvm@web.service',
    ]);
    expect(world.told()).toEqual([
      'guest.restarted | web | answers: does not answer (ping 10.1.0.2)',
    ]);
    expect(world.record('web')).toMatchObject({ state: 'Starting', restarts: '1' });
    expect(world.read('run/fleet/intents/web')).toMatch(
      /^watch\tanswers: .*\tmicrovm@web.service-1\n$/,
    );
    world.unmute('web');
    world.look();
    expect(world.told()).toEqual(['guest.ready | web', 'guest.healthy | web']);
    expect(world.record('web')).toMatchObject({ state: 'Ready', health: 'ok', restarts: '1' });
  });

  it('what fleet rendered of the network is repaired, and told, without a restart', () => {
    Object.assign(world.link('vm-web'), { master: 'other' });
    Object.assign(world.link('vm-db'), { flags: [] });
    Object.assign(world.link('br0'), { flags: [], addr_info: [] });
    world.forward('all', 0);
    world.look();
    expect(new Set(world.done())).toEqual(
      new Set([
        'ip address replace 10.1.0.1/24 dev br0',
        'ip link set dev br0 up',
        'ip link set dev vm-db up',
        'ip link set dev vm-web master br0 up',
      ]),
    );
    expect(world.forwards('all')).toBe('1');
    const what = [
      'bridge br0 is down',
      'br0 has no 10.1.0.1/24',
      'the kernel forwards no IPv4 from anywhere',
      'vm-web is in other, not in br0',
      'vm-db is down',
    ];
    expect(world.told()).toEqual(what.map((what) => `network.broken | ${what}`));
    Object.assign(world.link('vm-web'), { master: 'br0' });
    Object.assign(world.link('vm-db'), { flags: ['UP'] });
    Object.assign(world.link('br0'), {
      flags: ['UP'],
      addr_info: [{ local: '10.1.0.1', prefixlen: 24 }],
    });
    world.look();
    expect(new Set(world.told())).toEqual(
      new Set(what.map((what) => `network.repaired | ${what}`)),
    );
  });
});

describe('what is done about a guest', () => {
  beforeEach(settle);
  const found = (name = 'web') => {
    world.mute(name);
    judge(2);
    world.look();
    world.told();
    world.done();
  };

  it('is counted: so often it is restarted, and then Failed and left alone', () => {
    world.recovery('web', { attempts: 1 });
    found();
    world.heal('web');
    expect(world.told()).toEqual([expect.stringContaining('guest.restarted | web')]);
    world.of('web').ActiveEnterTimestampMonotonic = '1000000';
    world.put('run/fleet/watch/heal.web', 'hang\tnew\tanswers\tis mute\n');
    world.of('web').ActiveEnterTimestampMonotonic = String(world.now * 1_000_000);
    world.done();
    world.heal('web');
    expect(world.done()).toEqual([]);
    expect(world.told()).toEqual([
      'guest.failed | web | answers: is mute; it ended 2 times within 600 s',
    ]);
    expect(world.record('web')).toMatchObject({ state: 'Failed', health: 'failing' });
    expect(heals(judge(4))).toEqual([]);
    world.unmute('web');
    world.look();
    expect(world.record('web').state).toBe('Ready');
  });

  it('where a dump is asked for, and the VMM does not even say how it is, that is told, and it is restarted at once', () => {
    world.vms.web.dumps = { guest: true };
    found();
    world.heal('web');
    expect(world.events()).toMatchObject([
      { kind: 'guest.restarted', vm: 'web', dump: 'none: its VMM does not answer' },
    ]);
  });

  it('what was once meant to stop it does not keep it from being restarted', () => {
    world.put('run/fleet/intents/web', 'op-1\tfleet restart\tmicrovm@web.service-0\n');
    found();
    expect(world.done()).toEqual([]);
    world.heal('web');
    expect(world.told()).toEqual([expect.stringContaining('guest.restarted | web')]);
  });

  it('with giveUp: keep-trying it waits longer each time', () => {
    world.recovery('web', { attempts: 0, giveUp: 'keep-trying', delay: 30 });
    found();
    world.heal('web');
    expect(world.told()).toEqual(['guest.again | web']);
    expect(world.read('run/fleet/watch/later.web')).toBe(`${world.now + 60}\n`);
    expect(world.look().filter(([what]) => what === 'heal')).toEqual([]);
    const again = () =>
      world.put('run/fleet/watch/heal.web', 'hang\tmicrovm@web.service-1\tanswers\tmute\n');
    again();
    world.heal('web');
    expect(world.done()).toEqual([]);
    world.now += 60;
    again();
    world.heal('web');
    expect(world.told()).toEqual(['guest.restarted | web | answers: mute']);
    // One that is well by itself has nothing to wait for.
    world.put('run/fleet/watch/later.web', '9999\n');
    world.unmute('web');
    world.look();
    expect(world.read('run/fleet/watch/later.web')).toBe('');
  });

  it('with restart: false it is told and Failed, and nothing is done', () => {
    world.recovery('web', { unhealthy: { restart: false } });
    world.mute('web');
    judge(2);
    world.look();
    expect(world.told()).toEqual([expect.stringContaining('guest.unhealthy | web')]);
    expect(world.done()).toEqual([]);
    expect(world.record('web')).toMatchObject({
      state: 'Failed',
      why: expect.stringContaining('ping'),
    });
  });

  it('one paused at an I/O error is never restarted, and says so once', () => {
    world.put('qmp', '{"return": {"status": "io-error", "running": false}}\n');
    world.mute('web');
    world.look(4);
    world.heal('web');
    expect(world.told()).toEqual([
      expect.stringMatching(/^guest\.paused \| web \| paused by its VMM/),
    ]);
    expect(world.done()).toEqual([]);
    world.unmute('web');
    world.look();
    expect(world.told()).toEqual(['guest.healthy | web']);
  });

  it('a VMM that makes a folder in place of its dump leaves nothing there', () => {
    world.vms.web.dumps.guest = true;
    found();
    world.put(
      'bin/socat',
      `#!/bin/sh
      cd "$FLEET_ROOT/var/lib/fleet/dumps/.new.web" 2>/dev/null && mkdir -p memory && : >memory/old
      echo '{"return": {"status": "running"}, "id": "dump"}'\n`,
    );
    world.heal('web');
    expect(readdirSync(join(world.root, 'var/lib/fleet/dumps'))).toEqual(['web']);
    expect(readdirSync(join(world.root, 'var/lib/fleet/dumps/web'))).toEqual([]);
  });

  it.each([
    ['stopped by fleet stop', () => world.put('var/lib/fleet/stopped/web', 'ada\t1\tonce\n')],
    ['Failed', () => world.put('var/lib/fleet/guests/web', 'state\tFailed\n')],
    ['another life by now', () => Object.assign(world.of('web'), { InvocationID: 'another' })],
    ['locked by a deployment', lock],
  ])('is nothing when it is %s', (_, happens) => {
    found();
    happens();
    world.heal('web');
    expect([world.done(), world.told()]).toEqual([[], []]);
  });

  function lock() {
    for (const file of ['begun', 'locked', 'meta'])
      world.put(`var/lib/fleet/deployments/one/${file}`, 'locks\t2\n');
  }
  it('while a deployment has the lock nothing is counted, told or repaired', () => {
    lock();
    world.mute('web');
    Object.assign(world.link('vm-db'), { master: undefined });
    world.look(4);
    expect([world.told(), world.done()]).toEqual([[], []]);
  });

  it('one that nothing starts is started, whatever helpers are still up', () => {
    world.of('web').ActiveState = 'inactive';
    world.look(2);
    world.done();
    world.heal('web');
    expect(world.done()).toContain('systemctl restart microvm@web.service');
    expect(world.told()).toEqual([
      'guest.restarted | web | microvm@web is inactive, and nothing starts it',
    ]);
  });

  it('commands inside a guest have a period of their own, and failed ones are asked again at each look', () => {
    world.vms.web.checks = [{ run: 'true' }];
    world.put('var/lib/fleet/guest-keys/web/ssh_host_ecdsa_key.pub', 'ecdsa-sha2-nistp521 AAAA\n');
    world.put('ssh', `${'y\n'.repeat(100_000)}no such thing\n`);
    world.put('ssh-code', '0\n');
    world.look();
    expect([world.is('web'), only(judge(), 'run')]).toEqual(['asking', []]);
    expect(world.is('web')).toBe('ok');
    world.put('ssh-code', '3\n');
    expect(only(judge(3), 'run')).toEqual(['run | web | 10.1.0.2 | 0']);
    world.look();
    expect(only(judge(), 'run')).toEqual(['run | web | 10.1.0.2 | 0']);
    judge();
    expect(unhealthy(judge())).toEqual(['web | run true | expected exit 0, seen 3 no such thing']);
    // The guest is not believed to be brief.
    expect(world.read('large')).toBe('');
  });
});
