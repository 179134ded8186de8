import { describe, expect, test } from 'vitest';
import { systemName } from '../../src/model/names.ts';
import type { Plumbing } from '../../src/model/network-facts.ts';
import { twoHypervisors, unit, withEntry } from '../plan/situation.ts';
import { World, words } from './run.ts';

/** The answer of a switch that ends with `code`, having activated what it was given. */
function switching(world: World, answer: (toplevel: string) => string | 'lost') {
  world.hv1.instead.set('switch', ([, toplevel = '', mode]) => {
    if (mode !== 'test') return undefined;
    world.hv1.facts = { ...world.hv1.facts, currentSystem: toplevel };
    return answer(toplevel);
  });
}

describe('a switch', () => {
  test('is looked at over a fresh connection, and made the boot default only when all is well', async () => {
    const world = new World();
    const [result] = await world.apply(['hv1']);
    expect(result?.outcome).toBe('done');
    expect(words(world.hv1.log)).toEqual([
      'begin',
      'checkout',
      'build',
      'switch test',
      'switch boot',
      'confirm',
      'end done',
    ]);
    const { seen } = world.hv1;
    const test = seen.findIndex((line) => /^switch .* test /.test(line));
    expect(seen.slice(test + 1, test + 2)).toEqual(['connect']);
    expect(seen[test + 2]).toMatch(/^facts/);
    expect(world.hv1.log).toContain(`switch ${world.id} boot new`);
    expect(world.hv1.facts).toMatchObject({
      currentSystem: '/nix/store/new-hv1',
      systemProfile: '/nix/store/new-hv1',
    });
  });

  test.each([4, 100])('that ends with %i and looks well is well', async (code) => {
    const world = new World();
    switching(world, () => `switched\t${code}\n`);
    expect((await world.apply(['hv1']))[0]?.outcome).toBe('done');
  });

  test('that stops a guest which is none of its business is taken back, and the guest runs again', async () => {
    const world = new World();
    switching(world, () => {
      world.hv1.vm('web1', { unit: unit('inactive'), booted: undefined });
      return 'switched\t0\n';
    });
    expect((await world.apply(['hv1']))[0]?.outcome).toBe('rolled-back');
    expect(world.hv1.facts.vms.get('web1')?.unit.active).toBe('active');
  });

  test('that ends with another status is taken back', async () => {
    const world = new World();
    switching(world, () => 'switched\t2\n');
    const [result] = await world.apply(['hv1']);
    expect(result).toMatchObject({ outcome: 'rolled-back', failure: { code: 'switch.failed' } });
    expect(words(world.hv1.log)).toContain('back now');
    expect(words(world.hv1.log)).not.toContain('switch boot');
  });

  test.each<[string, (world: World) => void, RegExp]>([
    [
      'a bridge has no address',
      (w) => {
        w.hv1.facts = {
          ...w.hv1.facts,
          interfaces: withEntry(w.hv1.facts.interfaces, 'br-front', { addresses: [] }),
        };
      },
      /bridge br-front: expected up with 10\.1\.0\.1\/24, seen up with no address/,
    ],
    [
      'a unit fails that did not before',
      (w) => {
        w.hv1.facts = { ...w.hv1.facts, failedUnits: ['nginx.service'] };
      },
      /failed units: .*seen nginx\.service/,
    ],
    [
      'a guest was restarted by it',
      (w) => w.hv1.boot('web1', '/nix/store/old-web1'),
      /web1 untouched: .*seen restarted/,
    ],
    [
      'a guest was stopped by it',
      (w) => w.hv1.vm('web1', { unit: unit('inactive') }),
      /web1 untouched: .*seen inactive/,
    ],
    [
      'a TAP left its bridge',
      (w) => {
        w.hv1.facts = {
          ...w.hv1.facts,
          interfaces: withEntry(w.hv1.facts.interfaces, 'vm-web1', { master: undefined }),
        };
      },
      /web1 tap: expected in br-front, seen in no bridge/,
    ],
  ])('after which %s is taken back', async (_, harm, seen) => {
    const world = new World();
    switching(world, () => {
      harm(world);
      return 'switched\t0\n';
    });
    const [result] = await world.apply(['hv1']);
    expect(result?.failure?.detail).toMatch(seen);
    expect(words(world.hv1.log)).toContain('back now');
    expect(words(world.hv1.log)).not.toContain('confirm');
  });

  const docker = { chain: 'ip filter FORWARD', names: ['docker0'] };
  test.each<[string, Partial<Plumbing>, RegExp]>([
    ['fleet’s table is missing', { table: 'missing' }, /hv1 firewall: .*seen missing/],
    [
      'the kernel forwards nothing',
      { closed4: new Set(['all', 'br-front']) },
      /hv1 forwarding: expected on, seen no IPv4 from anywhere/,
    ],
    ['dnsmasq failed', { dnsmasq: 'failed' }, /hv1 dnsmasq: expected active, seen failed/],
    [
      'somebody else’s chain drops what guests send',
      { drops: [docker] },
      /hv1 forward br-front: expected dropped by nobody else, seen ip filter FORWARD/,
    ],
  ])('after which %s is taken back, unless it was so before', async (_, broken, seen) => {
    const plumbing = (world: World) => ({ ...world.hv1.facts.plumbing, ...broken });
    const world = new World();
    switching(world, () => {
      world.hv1.facts = { ...world.hv1.facts, plumbing: plumbing(world) };
      return 'switched\t0\n';
    });
    const [result] = await world.apply(['hv1']);
    expect(result).toMatchObject({ outcome: 'rolled-back', failure: { blames: 'commit' } });
    expect(result?.failure?.detail).toMatch(seen);
    // A switch that only a new vm needs mends nothing else, and breaks nothing either.
    const other = new World(
      `${twoHypervisors}  new1: { on: hv1, network: front, address: 10.1.0.9 }\n`,
    );
    other.hv1.facts = { ...world.hv1.facts, plumbing: plumbing(other) };
    other.on = 'new1';
    expect((await other.apply(['hv1', 'new1']))[0]?.outcome).toBe('done');
    expect(words(other.hv1.log)).toContain('switch test');
    expect(words(other.hv1.log)).not.toContain('repair');
  });

  test('that takes down again what was repaired just before it is taken back', async () => {
    const world = new World();
    const broken = () => {
      const { plumbing } = world.hv1.facts;
      world.hv1.facts = { ...world.hv1.facts, plumbing: { ...plumbing, table: 'missing' } };
    };
    broken();
    switching(world, () => {
      broken();
      return 'switched\t0\n';
    });
    const [result] = await world.apply(['hv1']);
    expect(words(world.hv1.log)).toContain('repair');
    expect(result?.outcome).toBe('rolled-back');
    expect(result?.failure?.detail).toContain('hv1 firewall: expected as deployed, seen missing');
  });

  test('gives bridges and TAPs time to come back', async () => {
    const world = new World();
    const { interfaces } = world.hv1.facts;
    switching(world, () => {
      world.hv1.facts = {
        ...world.hv1.facts,
        interfaces: withEntry(interfaces, 'vm-web1', { master: undefined }),
      };
      const began = world.clock.time;
      world.hv1.instead.set('facts', () => {
        if (world.clock.time - began >= 10_000)
          world.hv1.facts = { ...world.hv1.facts, interfaces };
        return undefined;
      });
      return 'switched\t0\n';
    });
    expect((await world.apply(['hv1']))[0]?.outcome).toBe('done');
  });

  test('is not judged by a unit that failed before it', async () => {
    const world = new World();
    world.hv1.facts = { ...world.hv1.facts, failedUnits: ['old.service'] };
    switching(world, () => 'switched\t4\n');
    expect((await world.apply(['hv1']))[0]?.outcome).toBe('done');
  });

  test('is not judged by fleet-autostart, which fails minutes after a reboot', async () => {
    const world = new World();
    switching(world, () => {
      world.hv1.facts = { ...world.hv1.facts, failedUnits: ['fleet-autostart.service'] };
      return 'switched\t4\n';
    });
    expect((await world.apply(['hv1']))[0]?.outcome).toBe('done');
  });
});

describe('a switch that takes the link down', () => {
  test('goes on when a fresh connection finds everything well', async () => {
    const world = new World();
    switching(world, () => 'lost');
    expect((await world.apply(['hv1']))[0]?.outcome).toBe('done');
    expect(words(world.hv1.log)).toEqual([
      'begin',
      'checkout',
      'build',
      'switch test',
      'follow',
      'switch boot',
      'confirm',
      'end done',
    ]);
  });

  /** The link goes with the switch; the hypervisor is back after `ms`, on what it had before. */
  function cutFor(world: World, ms: number): void {
    switching(world, () => {
      world.hv1.unreachable = true;
      return 'lost';
    });
    const sleep = world.clock.sleep.bind(world.clock);
    world.clock.sleep = async (pause) => {
      await sleep(pause);
      if (world.clock.time < ms || !world.hv1.unreachable) return;
      world.hv1.lapse();
      world.hv1.unreachable = false;
    };
  }

  test.each([
    ['soon', 30_000],
    ['late', 105_000],
  ])(
    'waits for the hypervisor to put itself back, %s, and asks it how that went',
    async (_, ms) => {
      const world = new World();
      cutFor(world, ms);
      const [result] = await world.apply(['hv1']);
      expect(result).toMatchObject({
        outcome: 'rolled-back',
        failure: { code: 'switch.unreachable' },
        lines: ['hv1 is on its previous system'],
      });
      expect(words(world.hv1.log).slice(-2)).toEqual(['back now', 'end rolled-back']);
      expect(world.hv1.facts).toMatchObject({
        currentSystem: '/nix/store/old-system',
        lock: undefined,
      });
    },
  );

  test('that came back before anybody looked is no puzzle: the hypervisor rolled back by itself', async () => {
    const world = new World();
    switching(world, () => {
      world.hv1.lapse();
      return 'switched\t0\n';
    });
    const [result] = await world.apply(['hv1']);
    expect(result).toMatchObject({
      outcome: 'rolled-back',
      failure: {
        code: 'switch.unreachable',
        message: 'no answer for 90 s after the switch: the hypervisor rolled back by itself',
      },
    });
  });

  test('and never comes back is a roll-back that nobody has seen', async () => {
    const world = new World();
    cutFor(world, Number.POSITIVE_INFINITY);
    const [result] = await world.apply(['hv1']);
    expect(result).toMatchObject({
      outcome: 'rollback-failed',
      failure: { code: 'switch.unreachable' },
    });
    expect(result?.lines.join(' ')).toContain(
      'unreachable; it rolls itself back after 90 s (rollout.confirm) without contact fleet could not verify this',
    );
    // Twice the time in which it has to hear of us, and some patience.
    expect(world.clock.time).toBeLessThan(240_000);
  });
});

describe('the first switch of an adopted host', () => {
  const access = {
    sshd: true,
    ports: [22],
    rootLogin: 'prohibit-password',
    firewall: true,
    openPorts: [22],
    openRanges: [],
    wheelNeedsPassword: true,
    sudoers: [],
    publicKeys: null,
    allowUsers: null,
    allowGroups: null,
    denyUsers: null,
    denyGroups: null,
    keysFiles: ['/etc/ssh/authorized_keys.d/%u'],
    extraConfig: '',
    network: {
      dhcp: true,
      makes: [],
      bridges: {},
      interfaces: {},
      firewall: true,
      open: ['tcp 22'],
      ranges: [],
      forwards: [],
      autostart: [],
    },
  };
  const adopt = (users: object) => {
    const world = new World();
    world.hv1.facts = {
      ...world.hv1.facts,
      deployed: withEntry(world.hv1.facts.deployed, systemName, undefined),
    };
    world.hv1.instead.set('access', () => `access\t${JSON.stringify({ ...access, users })}\n`);
    return world;
  };

  test('is refused, with nothing switched, when we could not get in again', async () => {
    const world = adopt({});
    const [result] = await world.apply(['hv1']);
    expect(result).toMatchObject({
      outcome: 'untouched',
      failure: { code: 'adoption.locked-out' },
    });
    expect(result?.failure?.message).toContain('there is no user root');
    expect(words(world.hv1.log)).not.toContain('switch test');
  });

  test('asks for the port that sshd took us in on, not the one in front of it', async () => {
    const world = adopt({ root: { groups: [], keys: ['ssh-ed25519 AAAA ada@desk'] } });
    world.hv1.facts = { ...world.hv1.facts, sshdPort: 2222 };
    const [result] = await world.apply(['hv1']);
    expect(result?.failure?.message).toContain('sshd does not listen on port 2222');
  });

  test('goes on when we could', async () => {
    const world = adopt({ root: { groups: [], keys: ['ssh-ed25519 AAAA ada@desk'] } });
    expect((await world.apply(['hv1']))[0]?.outcome).toBe('done');
  });

  test('has to bring fleet’s table and name service, which nobody had before', async () => {
    const world = adopt({ root: { groups: [], keys: ['ssh-ed25519 AAAA ada@desk'] } });
    const { plumbing } = world.hv1.facts;
    world.hv1.facts = {
      ...world.hv1.facts,
      plumbing: { ...plumbing, table: 'missing', dnsmasq: 'inactive' },
    };
    const [result] = await world.apply(['hv1']);
    expect(result?.outcome).toBe('rolled-back');
    expect(result?.failure?.detail).toMatch(/hv1 firewall: .*\nhv1 dnsmasq: /);
  });

  const bridged = () => {
    const world = adopt({ root: { groups: [], keys: ['ssh-ed25519 AAAA ada@desk'] } });
    const link = (name: string, change: object) => ({
      name,
      up: true,
      master: undefined,
      addresses: [],
      ...change,
    });
    world.hv1.facts = {
      ...world.hv1.facts,
      interfaces: new Map([
        ...world.hv1.facts.interfaces,
        ['br-a', link('br-a', { addresses: ['10.91.1.1/24'] })],
        ['vm-a-web1', link('vm-a-web1', { master: 'br-a' })],
      ]),
    };
    const found = [
      'made\tbr-a',
      'port\tvm-a-web1\tbr-a',
      'other\tWeb_1',
      'other-tap\tWeb_1\tvm-a-web1',
    ];
    world.hv1.instead.set('runners', () => [...found, 'user\tops', '== end', ''].join('\n'));
    return world;
  };

  test('is refused, with nothing switched, when it cuts a guest off', async () => {
    const world = bridged();
    const [result] = await world.apply(['hv1']);
    expect(result).toMatchObject({ outcome: 'untouched', failure: { code: 'adoption.cut-off' } });
    expect(result?.failure?.message).toContain('bridge br-a (10.91.1.1/24), with Web_1 in it');
    expect(result?.failure?.hint).toContain('--drop br-a');
    expect(words(world.hv1.log)).not.toContain('switch test');
  });

  test('goes on when a person has named what it cuts off, and says what else goes', async () => {
    const world = bridged();
    world.dropped = new Set(['br-a']);
    expect((await world.apply(['hv1']))[0]?.outcome).toBe('done');
    const notes = world.events.flatMap((event) => (event.type === 'note' ? [event.text] : []));
    expect(notes).toContain('removed by the first switch: user ops');
  });

  test('goes on when the new system has the bridge, its address and the TAP in it', async () => {
    const world = bridged();
    const old = world.hv1.instead.get('access');
    const files = [
      ['90-br-a.netdev', '[NetDev]', 'Name=br-a'],
      ['90-br-a.network', '[Match]', 'Name=br-a', '[Network]', 'Address=10.91.1.1/24'],
      ['90-vms.network', '[Match]', 'Name=vm-a-*', '[Network]', 'Bridge=br-a'],
    ];
    const lines = files.flatMap(([file, ...text]) =>
      text.map((line) => `networkd\t${file}\t${line}\n`),
    );
    world.hv1.instead.set('access', (args) => `${String(old?.(args))}${lines.join('')}`);
    expect((await world.apply(['hv1']))[0]?.outcome).toBe('done');
  });

  test('is the only one that is asked', async () => {
    const world = new World();
    await world.apply(['hv1']);
    expect(words(world.hv1.log)).not.toContain('access');
  });
});
