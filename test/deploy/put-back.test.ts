import { describe, expect, test } from 'vitest';
import type { HypervisorResult } from '../../src/model/result.ts';
import { twoHypervisors, unit, withEntry } from '../plan/situation.ts';
import { Refusal } from './fake-hypervisor.ts';
import { World, words } from './run.ts';

const off = { booted: undefined, unit: unit('inactive'), virtiofsd: unit('inactive') };

/** Both guests and the system change; web1, the last, is never healthy. */
function failing(): World {
  const world = new World();
  world.hv1.mute.add('/nix/store/new-web1');
  return world;
}

describe('a guest that is not healthy', () => {
  test('has the hypervisor take its way back, which is looked at', async () => {
    const world = failing();
    const [result] = await world.apply(['hv1', 'db1', 'web1']);
    expect(words(world.hv1.log).slice(-3)).toEqual([
      'vm-update web1',
      'back now',
      'end rolled-back',
    ]);
    expect(result).toMatchObject({
      outcome: 'rolled-back',
      failure: {
        code: 'verify.not-healthy',
        detail: 'web1 answers: expected ping, seen no answer',
      },
      lines: ['hv1 is on its previous system', 'db1 runs as before', 'web1 runs as before'],
    });
    for (const name of ['db1', 'web1']) {
      const runner = `/nix/store/old-${name}`;
      expect(world.hv1.facts.vms.get(name)).toMatchObject({ current: runner, booted: runner });
    }
    expect(world.hv1.facts).toMatchObject({
      currentSystem: '/nix/store/old-system',
      systemProfile: '/nix/store/old-system',
      checkout: { commit: 'a'.repeat(40) },
    });
    expect(words(world.hv1.log)).not.toContain('confirm');
    const looked = world.events.flatMap((e) =>
      e.type === 'checks' && e.state === 'passed' ? [e.target] : [],
    );
    expect(looked.slice(-2)).toEqual(['db1', 'web1']);
  });

  test('says which, and that it is being rolled back', async () => {
    const world = failing();
    await world.apply(['web1']);
    expect(world.notes).toContainEqual(
      expect.stringMatching(/^failed: web1 is not healthy after 120 s: answers: expected ping/),
    );
  });

  test('goes back to the runner it ran on, not to one that only waited for a restart', async () => {
    const world = failing();
    world.hv1.vm('web1', { current: '/nix/store/armed', booted: '/nix/store/old-web1' });
    expect((await world.apply(['web1']))[0]?.outcome).toBe('rolled-back');
    expect(world.hv1.facts.vms.get('web1')?.booted).toBe('/nix/store/old-web1');
  });

  test('that is new is gone again', async () => {
    const world = new World(
      `${twoHypervisors}  new1: { on: hv1, network: front, address: 10.1.0.9 }\n`,
    );
    world.hv1.facts = new World().hv1.facts;
    world.hv1.mute.add('/nix/store/new-new1');
    const [result] = await world.apply(['hv1', 'new1']);
    expect(result?.outcome).toBe('rolled-back');
    expect(world.hv1.facts.vms.has('new1')).toBe(false);
  });

  test('that was stopped before is stopped again', async () => {
    const world = failing();
    world.hv1.vm('web1', off);
    expect((await world.apply(['web1']))[0]?.outcome).toBe('rolled-back');
    expect(world.hv1.facts.vms.get('web1')).toMatchObject({
      current: '/nix/store/old-web1',
      unit: { active: 'inactive' },
    });
  });

  test('gives back a vm that was set aside or stopped on the way', async () => {
    const world = new World(
      twoHypervisors.replace(/^ {2}db1: .*\n/m, '').replace('dependsOn: [db1], ', ''),
    );
    world.hv1.facts = new World().hv1.facts;
    world.hv1.instead.set('confirm', () => 1);
    const [result] = await world.apply(['web1']);
    expect(words(world.hv1.log)).toContain('vm-aside db1');
    expect(result?.outcome).toBe('rolled-back');
    expect(world.hv1.facts.vms.get('db1')).toMatchObject({
      booted: '/nix/store/old-db1',
      unit: { active: 'active' },
    });
  });
});

describe('the hypervisor that went back by itself', () => {
  test('is not asked to do more: the next step says so, and what it did is told', async () => {
    const world = new World();
    world.hv1.instead.set('vm-update', ([name]) => {
      if (name !== 'db1') return undefined;
      world.hv1.lapse();
      return '';
    });
    const [result] = await world.apply(['db1', 'web1']);
    expect(result).toMatchObject({ outcome: 'rolled-back', failure: { code: 'back.taken' } });
    expect(words(world.hv1.log)).not.toContain('vm-update web1');
    expect(world.hv1.deployments.get(world.id)?.result).toBe('rolled-back');
  });

  test('while nobody could reach it is waited for, and looked at', async () => {
    const world = new World();
    world.hv1.instead.set('vm-update', () => {
      world.hv1.unreachable = true;
      return 'lost';
    });
    const sleep = world.clock.sleep.bind(world.clock);
    world.clock.sleep = async (ms) => {
      await sleep(ms);
      if (world.clock.time < 100_000 || !world.hv1.unreachable) return;
      world.hv1.lapse();
      world.hv1.unreachable = false;
    };
    const [result] = await world.apply(['web1']);
    expect(result).toMatchObject({
      outcome: 'rolled-back',
      failure: { code: 'ssh.timed-out' },
      lines: ['web1 runs as before'],
    });
  });

  test('and stays out of reach is nobody’s success', async () => {
    const world = new World();
    world.hv1.instead.set('vm-update', () => {
      world.hv1.unreachable = true;
      return 'lost';
    });
    const [result] = await world.apply(['web1']);
    expect(result).toMatchObject({
      outcome: 'rollback-failed',
      failure: { code: 'ssh.timed-out' },
    });
  });
});

describe('putting back fails', () => {
  test('when the hypervisor says what it could not put back, beside what it could', async () => {
    const world = failing();
    world.hv1.instead.set('back', () => {
      world.hv1.boot('db1', '/nix/store/old-db1');
      return 'changed\nback\tyes 0\nput-back\tdb1\nnot-back\tweb1 is not on its former runner\n';
    });
    const [result] = await world.apply(['db1', 'web1']);
    expect(result?.outcome).toBe('rollback-failed');
    expect(result?.lines.slice(0, 2)).toEqual([
      'db1 runs as before',
      'web1 is not on its former runner',
    ]);
    expect(world.hv1.facts.lock).toBeUndefined();
  });

  test('when it does not end', async () => {
    const world = failing();
    world.hv1.instead.set(
      'back',
      () => new Refusal('back.not-yet', 'the way back has not ended after 600 s'),
    );
    expect((await world.apply(['web1']))[0]).toMatchObject({
      outcome: 'rollback-failed',
      lines: ['the way back has not ended after 600 s'],
    });
  });

  test('when a guest is on its previous runner and not healthy there', async () => {
    const world = failing();
    world.hv1.instead.set('vm-update', () => {
      // It answered before, and does no more.
      world.hv1.mute.add('/nix/store/old-web1');
      return undefined;
    });
    expect((await world.apply(['web1']))[0]).toMatchObject({
      outcome: 'rollback-failed',
      lines: [
        'web1 is not as healthy as before: web1 is not healthy after 120 s\nweb1 answers: expected ping, seen no answer',
      ],
    });
  });

  test('is not what happens to a guest that answered nobody before', async () => {
    const world = failing();
    world.hv1.mute.add('/nix/store/old-web1');
    expect((await world.apply(['web1']))[0]).toMatchObject({ outcome: 'rolled-back' });
  });

  test('when the hypervisor is not back on its previous system, or a guest is down', async () => {
    const world = failing();
    world.hv1.instead.set('back', () => {
      world.hv1.vm('db1', off);
      return 'changed\nback\tno 0\nput-back\tsystem.\n';
    });
    const [result] = await world.apply(['hv1', 'web1']);
    expect(result?.outcome).toBe('rollback-failed');
    expect(result?.lines).toEqual([
      'hv1 is not on its previous system: /nix/store/new-hv1',
      'db1 was running before and is not running now',
    ]);
  });

  test('when the answer is lost, it is asked again', async () => {
    const world = failing();
    let asked = 0;
    world.hv1.instead.set('back', () => (++asked === 1 ? 'lost' : undefined));
    expect((await world.apply(['web1']))[0]).toMatchObject({
      outcome: 'rolled-back',
      lines: ['web1 runs as before'],
    });
    expect(asked).toBe(2);
  });
});

describe('what fleet sees after a roll-back', () => {
  const back = 'changed\nback\tno 0\nput-back\tweb1\n';
  const rows = (former: string) =>
    `${back}target\tweb1\nvm\tweb1\t/nix/store/old-web1\t/nix/store/bad\tactive\t${former}\n`;

  test('is what it says, exits with, and has the hypervisor remember', async () => {
    const world = failing();
    // It went back, and its guest crashes there: the hypervisor does not know.
    world.hv1.instead.set('back', () => {
      world.hv1.vm('web1', { ...off, lingers: true, current: '/nix/store/old-web1' });
      return rows('/nix/store/old-web1');
    });
    const [result] = await world.apply(['web1']);
    expect(result?.outcome).toBe('rollback-failed');
    expect(result?.lines).toEqual([
      expect.stringMatching(/^web1 is not as healthy as before: web1 is not healthy after 120 s\n/),
    ]);
    expect(world.hv1.deployments.get(world.id)?.result).toBe('rollback-failed');
  });

  test('counts also where the hypervisor has ended the deployment by itself', async () => {
    const world = failing();
    world.hv1.instead.set('vm-update', () => {
      world.hv1.lapse();
      world.hv1.vm('web1', off);
      return 'cut';
    });
    const [result] = await world.apply(['web1']);
    expect(result?.outcome).toBe('rollback-failed');
    expect(world.hv1.deployments.get(world.id)?.result).toBe('rollback-failed');
  });

  test('has to be the runner that the hypervisor says it was on, not a booted that nobody saw well', async () => {
    const world = failing();
    world.hv1.vm('web1', { booted: '/nix/store/bad' });
    world.hv1.instead.set('back', () => {
      world.hv1.boot('web1', '/nix/store/bad');
      return rows('/nix/store/old-web1');
    });
    const [result] = await world.apply(['web1']);
    expect(result).toMatchObject({
      outcome: 'rollback-failed',
      lines: [
        'web1 is not as healthy as before: web1 is not healthy after 120 s\nweb1 current: expected /nix/store/old-web1, seen /nix/store/bad\nweb1 booted: expected /nix/store/old-web1, seen /nix/store/bad',
      ],
    });
  });

  test('of a guest that crashed before is only that it is on its runner, and that is said', async () => {
    const world = failing();
    world.hv1.vm('web1', { booted: undefined, unit: unit('activating', { sub: 'auto-restart' }) });
    world.hv1.instead.set('back', () => {
      world.hv1.vm('web1', { ...off, lingers: true, current: '/nix/store/old-web1' });
      return rows('/nix/store/old-web1');
    });
    const [result] = await world.apply(['web1']);
    expect(result).toMatchObject({
      outcome: 'rolled-back',
      lines: ['web1 is on its previous runner; it had just started before this, or kept crashing'],
    });
  });

  test('is looked at until it holds still', async () => {
    const world = failing();
    let looks = 0;
    world.hv1.before = (name) => {
      // Up whenever one looks, and never for long.
      if (name === 'health' && words(world.hv1.log).includes('back now'))
        world.hv1.boot('db1', `/nix/store/old-db1`);
      looks += 1;
    };
    const [result] = await world.apply(['web1']);
    expect(looks).toBeGreaterThan(100);
    expect(result).toMatchObject({
      outcome: 'rollback-failed',
      lines: ['web1 runs as before', 'db1 keeps restarting'],
    });
  });

  test('has no guest running that did not run before', async () => {
    const world = failing();
    world.hv1.vm('web1', off);
    world.hv1.instead.set('back', () => {
      world.hv1.vm('web1', { ...off, current: '/nix/store/old-web1', lingers: true });
      return 'changed\nback\tno 0\ntarget\tweb1\n';
    });
    const [result] = await world.apply(['web1']);
    expect(result).toMatchObject({
      outcome: 'rollback-failed',
      lines: ['web1 did not run before and runs now'],
    });
  });
});

describe('a failure', () => {
  test('of a guest blames the commit', async () => {
    const world = failing();
    const [result] = await world.apply(['web1']);
    expect(result?.failure).toMatchObject({ code: 'verify.not-healthy', blames: 'commit' });
  });

  test('of a hypervisor that was rebooted meanwhile is told as that, and blames no commit', async () => {
    const world = new World();
    world.hv1.instead.set('vm-update', () => {
      world.hv1.lapse();
      world.hv1.facts = { ...world.hv1.facts, bootId: 'another' };
      return 1;
    });
    const [result] = await world.apply(['web1']);
    expect(result).toMatchObject({
      outcome: 'rolled-back',
      failure: {
        code: 'host.rebooted',
        blames: 'world',
        message: 'hv1 was rebooted during the deployment',
      },
    });
  });

  test('that a look finds after a reboot is the reboot', async () => {
    const world = new World();
    world.hv1.instead.set('vm-update', () => {
      world.hv1.facts = { ...world.hv1.facts, bootId: 'another' };
      return undefined;
    });
    const [result] = await world.apply(['web1']);
    expect(result?.failure).toMatchObject({ code: 'host.rebooted', blames: 'world' });
    expect(world.notes).toContain('failed: hv1 was rebooted during the deployment');
  });

  test('on a full disk is the disk’s, with what to do', async () => {
    const world = failing();
    world.hv1.instead.set('back', () => 'boot\tboot\nfull\t/var/lib/microvms\n');
    const [result] = await world.apply(['web1']);
    expect(result?.failure).toMatchObject({
      code: 'host.disk-full',
      blames: 'world',
      message: 'the disk of /var/lib/microvms on hv1 is full',
      hint: expect.stringContaining('Free space'),
      detail: expect.stringContaining('web1 is not healthy'),
    });
  });

  test('of a unit that was stopped from outside blames the world', async () => {
    const world = new World();
    world.hv1.instead.set('vm-update', () => new Refusal('step.ended', 'ended from outside'));
    const [result] = await world.apply(['web1']);
    expect(result?.failure).toMatchObject({ code: 'step.ended', blames: 'world' });
  });

  test('of a guest that was stopped because its hypervisor heard of nobody blames no commit', async () => {
    const world = failing();
    world.hv1.before = (name) => {
      if (name === 'health' && words(world.hv1.log).includes('vm-update web1')) world.hv1.lapse();
    };
    const [result] = await world.apply(['web1']);
    expect(result?.failure).toMatchObject({ code: 'back.taken', blames: 'world' });
  });
});

describe('an interrupt', () => {
  test('ends the step in hand and puts back what was changed', async () => {
    const world = new World();
    world.hv1.instead.set('vm-update', ([name]) => {
      if (name === 'web1') world.interrupt.abort();
      return undefined;
    });
    const [result] = await world.apply(['db1', 'web1']);
    expect(result).toMatchObject({ outcome: 'rolled-back', failure: { code: 'interrupted' } });
    expect(words(world.hv1.log).slice(-3)).toEqual([
      'vm-update web1',
      'back now',
      'end rolled-back',
    ]);
    expect(world.notes).toContain('interrupted: finishing the current step, then rolling back');
  });

  test('before the last look puts back, too', async () => {
    const world = new World();
    world.hv1.before = (name) => {
      if (name === 'health' && words(world.hv1.log).includes('vm-update web1'))
        world.interrupt.abort();
    };
    expect((await world.apply(['web1']))[0]?.outcome).toBe('rolled-back');
    expect(words(world.hv1.log)).not.toContain('confirm');
  });

  test('after the confirmations were sent changes nothing: all is done', async () => {
    const world = new World();
    world.hv1.instead.set('confirm', () => {
      world.interrupt.abort();
      return undefined;
    });
    expect((await world.apply(['web1']))[0]).toMatchObject({ outcome: 'done' });
    expect(world.hv1.facts.deployed.get('web1')?.path).toBe('/nix/store/new-web1');
  });
});

describe('a guest that is not fleet’s, after the switch of its hypervisor was rolled back', () => {
  /** The previous system has `old` in its microvm.vms: its switch does `change` to it. */
  async function rolledBack(
    change: (world: World, count: number) => void,
    master = 'br-old',
    before: (world: World) => void = () => {},
  ) {
    const world = failing();
    const link = { name: 'lan-old', up: true, addresses: [] };
    world.hv1.vm('old', {
      name: 'old',
      declarative: true,
      unit: unit('active'),
      virtiofsd: unit('inactive'),
    });
    before(world);
    const { interfaces } = world.hv1.facts;
    world.hv1.facts = {
      ...world.hv1.facts,
      interfaces: withEntry(interfaces, 'lan-old', { ...link, master: 'br-old' }),
    };
    let looks = 0;
    world.hv1.instead.set('health', () => {
      if (!world.hv1.log.includes(`back ${world.id} now 600`)) return undefined;
      const now = world.hv1.facts.interfaces;
      world.hv1.facts = {
        ...world.hv1.facts,
        interfaces: withEntry(now, 'lan-old', { ...link, master: master || undefined }),
      };
      change(world, ++looks);
      return undefined;
    });
    world.hv1.instead.set('runners', () => 'vm\told\ntap\tlan-old\n== end\n');
    const [result] = await world.apply(['hv1', 'web1']);
    return result;
  }

  const said = (result: HypervisorResult | undefined) =>
    result?.lines.filter((line) => line.startsWith('old '));

  test('is not mentioned when it ran on', async () => {
    const result = await rolledBack(() => {});
    expect(result?.outcome).toBe('rolled-back');
    expect(said(result)).toEqual([]);
  });

  test('is said to have been restarted, once it runs', async () => {
    const result = await rolledBack((world, count) => {
      const state = count < 4 ? 'activating' : 'active';
      world.hv1.vm('old', { unit: unit(state, { invocation: 'another' }) });
    });
    expect(result).toMatchObject({ outcome: 'rolled-back' });
    expect(result?.lines).toContain(
      'old was restarted by the switch to the previous system, and runs',
    );
  });

  test('that does not come up is a roll-back that failed', async () => {
    const result = await rolledBack((world) => world.hv1.vm('old', { unit: unit('inactive') }));
    expect(result).toMatchObject({ outcome: 'rollback-failed' });
    expect(said(result)).toEqual(['old was running before and is not running now']);
  });

  test.each([1, 5])(
    'that starts again and again is one, too: at every look, or every %i',
    async (every) => {
      const result = await rolledBack((world, count) =>
        world.hv1.vm('old', {
          unit: unit('active', { invocation: `life-${Math.floor(count / every)}` }),
        }),
      );
      expect(result).toMatchObject({ outcome: 'rollback-failed' });
      expect(said(result)).toEqual(['old keeps restarting']);
    },
  );

  test('that is down and out of its bridge has one verdict', async () => {
    const result = await rolledBack((world) => world.hv1.vm('old', { unit: unit('failed') }), '');
    expect(said(result)).toEqual(['old was running before and is not running now']);
  });

  test('that kept crashing before may go on', async () => {
    const crashing = (world: World) =>
      world.hv1.vm('old', { unit: unit('activating', { sub: 'auto-restart' }) });
    const result = await rolledBack(crashing, 'br-old', crashing);
    expect(result?.outcome).toBe('rolled-back');
    expect(said(result)).toEqual([
      'old is on its previous runner; it had just started before this, or kept crashing',
    ]);
  });

  test('is named when its bridge has lost it', async () => {
    const result = await rolledBack(() => {}, '');
    expect(result).toMatchObject({ outcome: 'rollback-failed' });
    expect(said(result)).toEqual(['old is not in br-old any more: its lan-old is in no bridge']);
  });
});
