import { describe, expect, test } from 'vitest';
import { undoAll } from '../../src/deploy/undo.ts';
import { twoHypervisors, unit } from '../plan/situation.ts';
import { World, words } from './run.ts';

const since = (log: readonly string[], what: string) => {
  const all = words(log);
  return all.slice(all.lastIndexOf(what) + 1);
};

describe('undoing', () => {
  test('goes backwards, and one that fails does not keep the others from running', async () => {
    const ran: string[] = [];
    const undo = (title: string, works: boolean) => ({
      title,
      run: async () => {
        ran.push(title);
        if (!works) throw new Error(`${title} broke`);
      },
    });
    const { done, failed } = await undoAll([undo('a', true), undo('b', false), undo('c', true)]);
    expect(ran).toEqual(['c', 'b', 'a']);
    expect(done).toEqual(['c', 'a']);
    expect(failed).toMatchObject([{ undo: { title: 'b' }, error: { message: 'b broke' } }]);
  });
});

describe('a guest that is not healthy', () => {
  test('takes back everything this run changed, the last first, and looks at it again', async () => {
    const world = new World();
    world.hv1.mute.add('/nix/store/new-web1');
    const [result] = await world.apply(['hv1', 'db1', 'web1']);
    expect(since(world.hv1.log, 'vm-update web1')).toEqual([
      'vm-set web1',
      'vm-set db1',
      'back now',
      'checkout',
      'end',
    ]);
    expect(result).toMatchObject({
      outcome: 'rolled-back',
      failure: {
        code: 'verify.not-healthy',
        detail: 'web1 answers: expected ping, seen no answer',
      },
      lines: [
        'web1 is on its previous runner',
        'db1 is on its previous runner',
        'hv1 is on its previous system',
        'the checkout is at aaaaaaaa again',
      ],
    });
    for (const name of ['db1', 'web1']) {
      const runner = `/nix/store/old-${name}`;
      expect(world.hv1.facts.vms.get(name)).toMatchObject({ current: runner, booted: runner });
    }
    expect(world.hv1.facts.currentSystem).toBe('/nix/store/old-system');
    expect(world.hv1.log).not.toContainEqual(expect.stringMatching(/^record/));
    expect(
      world.events
        .filter((e) => e.type === 'checked')
        .map((e) => e.target)
        .slice(-2)
        .sort(),
    ).toEqual(['db1', 'web1']);
  });

  test('goes back to the runner it ran on, not to one that only waited for a restart', async () => {
    const world = new World();
    world.hv1.vm('web1', { current: '/nix/store/armed', booted: '/nix/store/old-web1' });
    world.hv1.mute.add('/nix/store/new-web1');
    await world.apply(['web1']);
    expect(world.hv1.facts.vms.get('web1')?.booted).toBe('/nix/store/old-web1');
  });

  test('that is new is stopped and set aside', async () => {
    const world = new World(
      `${twoHypervisors}  new1: { on: hv1, network: front, address: 10.1.0.9 }\n`,
    );
    world.hv1.facts = new World().hv1.facts;
    world.hv1.mute.add('/nix/store/new-new1');
    const [result] = await world.apply(['hv1', 'new1']);
    expect(since(world.hv1.log, 'vm-start new1')).toEqual([
      'vm-stop new1',
      'vm-aside new1',
      'back now',
      'checkout',
      'end',
    ]);
    expect(result?.lines).toContain('new1, which was new, is set aside');
    expect(world.hv1.facts.vms.has('new1')).toBe(false);
  });

  test('that was stopped before is stopped again', async () => {
    const world = new World();
    world.hv1.vm('web1', {
      booted: undefined,
      unit: unit('inactive'),
      virtiofsd: unit('inactive'),
    });
    world.hv1.mute.add('/nix/store/new-web1');
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
    world.hv1.instead.set('record', () => 1);
    const [result] = await world.apply(['web1']);
    expect(result?.outcome).toBe('rolled-back');
    expect(since(world.hv1.log, 'record')).toEqual([
      'vm-return db1',
      'vm-set web1',
      'vm-set db1',
      'checkout',
      'end',
    ]);
    expect(world.hv1.facts.vms.get('db1')).toMatchObject({
      booted: '/nix/store/old-db1',
      unit: { active: 'active' },
    });
  });
});

describe('putting back fails', () => {
  test('when a guest cannot be set to its previous runner, and the rest is put back', async () => {
    const world = new World();
    world.hv1.mute.add('/nix/store/new-web1');
    world.hv1.instead.set('vm-set', ([name]) => (name === 'web1' ? 1 : undefined));
    const [result] = await world.apply(['db1', 'web1']);
    expect(result?.outcome).toBe('rollback-failed');
    expect(result?.lines).toEqual([
      'db1 is on its previous runner',
      'the checkout is at aaaaaaaa again',
      'web1 is on its previous runner: FAILED: put web1 back failed on hv1 (exit 1)',
      'web1 is not as well as before: web1 is not healthy after 120 s',
    ]);
    expect(world.hv1.facts.lock).toBeUndefined();
  });

  test('when a guest is on its previous runner and not healthy there', async () => {
    const world = new World();
    world.hv1.mute.add('/nix/store/new-web1');
    world.hv1.instead.set('vm-update', () => {
      // It answered before, and does no more.
      world.hv1.mute.add('/nix/store/old-web1');
      return undefined;
    });
    expect((await world.apply(['web1']))[0]).toMatchObject({ outcome: 'rollback-failed' });
  });

  test('is not what happens to a guest that answered nobody before', async () => {
    const world = new World();
    world.hv1.mute.add('/nix/store/new-web1').add('/nix/store/old-web1');
    expect((await world.apply(['web1']))[0]).toMatchObject({ outcome: 'rolled-back' });
  });

  test('is not what happens when only the checkout cannot go back: nothing that runs changed', async () => {
    const world = new World();
    let checkouts = 0;
    world.hv1.instead.set('build', () => 1);
    world.hv1.instead.set('checkout', () => (++checkouts > 1 ? 1 : undefined));
    const [result] = await world.apply(['web1']);
    expect(result?.outcome).toBe('untouched');
    expect(result?.lines.join()).toContain('not so: the checkout is at');
  });

  test('when the hypervisor is not back on its previous system', async () => {
    const world = new World();
    world.hv1.mute.add('/nix/store/new-web1');
    world.hv1.instead.set('back', () => 'back\t1 0\n');
    const [result] = await world.apply(['hv1', 'web1']);
    expect(result?.outcome).toBe('rollback-failed');
    expect(result?.lines).toContain(
      'hv1 is on its previous system: FAILED: hv1 is not back on its previous system',
    );
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
    expect(since(world.hv1.log, 'vm-update web1')).toEqual([
      'vm-set web1',
      'vm-set db1',
      'checkout',
      'end',
    ]);
    expect(world.notes).toContain('interrupted: putting back');
  });
});
