import { describe, expect, test } from 'vitest';
import { expectedOf, formatExpected } from '../../src/model/expected.ts';
import type { Vm } from '../../src/model/fleet.ts';
import { twoHypervisors, withEntry } from '../plan/situation.ts';
import { Refusal } from './fake-hypervisor.ts';
import { World, words } from './run.ts';

const without = (name: string) =>
  twoHypervisors.replace(new RegExp(`^  ${name}: .*\n`, 'm'), '').replace('dependsOn: [db1], ', '');

/** hv1 as it was deployed from `before`, and the fleet.yaml of today. */
function changedFrom(before: string, now: string): World {
  const world = new World(now);
  world.hv1.facts = new World(before).hv1.facts;
  return world;
}

describe('a deployment', () => {
  test('builds everything, stops what must go, switches, then goes through guests by dependency', async () => {
    const extra = '  old1: { on: hv1, network: front, address: 10.1.0.8 }\n';
    const now = twoHypervisors.replace(
      'web1: { on: hv1, network: front, address: 10.1.0.2',
      'web1: { on: hv1, network: back, address: 10.2.0.9',
    );
    const world = changedFrom(
      twoHypervisors + extra,
      `${now}  new1: { on: hv1, network: back, address: 10.2.0.7 }\n`,
    );
    const [result] = await world.apply(['hv1', 'web1', 'db1', 'new1']);
    expect(result?.failure).toBeUndefined();
    expect(words(world.hv1.log)).toEqual([
      'begin',
      'checkout',
      'build',
      'vm-stop old1',
      'vm-stop web1',
      'switch test',
      'bridges',
      'vm-update db1',
      'vm-create new1',
      'vm-start new1',
      'vm-update web1',
      'vm-aside old1',
      'switch boot',
      'confirm',
      'end done',
    ]);
    expect(result).toMatchObject({
      outcome: 'done',
      lines: ['old1 set aside', 'hv1 switched', 'db1 updated', 'new1 created', 'web1 updated'],
    });
  });

  test('begins with a way back for every vm that it may change', async () => {
    const world = new World();
    await world.apply(['hv1', 'web1', 'db1']);
    expect(world.hv1.log[0]).toBe(
      `begin ${world.id} ada@desk apply example x86_64 1048576 90 30 /var/lib/fleet/repo db1 web1`,
    );
    expect(world.hv1.deployments.get(world.id)?.targets).toEqual(['db1', 'web1']);
  });

  test('records what was built with what it replaces, and frees the lock', async () => {
    const world = new World();
    await world.apply(['web1']);
    const { expected } = world.hv1.facts.deployed.get('web1') ?? {};
    expect(expected).toEqual(expectedOf(world.index.vms.get('web1') as Vm, world.index.networks));
    expect(world.hv1.facts.deployed.get('web1')).toMatchObject({
      fingerprint: 'print-web1',
      path: '/nix/store/new-web1',
      commit: world.newHead,
    });
    expect(world.hv1.deployments.get(world.id)?.after).toEqual([
      ['fleet', 'example'],
      [
        'record',
        'web1',
        'print-web1',
        '/nix/store/new-web1',
        '/nix/store/old-web1',
        world.newHead,
        'new',
        formatExpected(expected as NonNullable<typeof expected>),
      ],
      ['healthy', 'web1', '/nix/store/new-web1'],
      ['end'],
    ]);
    expect(world.hv1.facts.lock).toBeUndefined();
  });

  test('takes away the bridge of a further NIC that left, and joins each TAP to its own', async () => {
    const both = (bridge: string) =>
      twoHypervisors
        .replace('back: {', `back: { bridge: ${bridge},`)
        .replace(
          'network: front, address: 10.1.0.2',
          'networks: [{ name: front, address: 10.1.0.2 }, { name: back, address: 10.2.0.9 }]',
        )
        .replace('db1: { on: hv1, network: back', 'db1: { on: hv2, network: other')
        .replace('10.2.0.2', '10.3.0.9')
        .replace('dependsOn: [db1], ', '');
    const lost = new World(both('br-new'));
    const world = changedFrom(both('br-old'), both('br-new'));
    // networkd makes the new bridge at the switch.
    const made = withEntry(
      world.hv1.facts.interfaces,
      'br-new',
      lost.hv1.facts.interfaces.get('br-new'),
    );
    world.hv1.facts = { ...world.hv1.facts, interfaces: made };
    expect((await world.apply(['hv1', 'web1']))[0]?.failure).toBeUndefined();
    const further = [...world.hv1.facts.interfaces.keys()].find((n) => /^vm-web1./.test(n))!;
    expect(world.hv1.facts.interfaces.get(further)?.master).toBe('br-new');
    expect(world.hv1.log).toContain('bridges 20260101-000000-abcd br-old');

    const links = lost.hv1.facts.interfaces;
    lost.hv1.facts = {
      ...lost.hv1.facts,
      interfaces: withEntry(links, further, { master: undefined }),
    };
    await lost.apply([]);
    expect(lost.hv1.log.filter((line) => line.startsWith('vm-join'))).toEqual([
      'vm-join vm-web1 br-front',
      `vm-join ${further} br-new`,
    ]);
  });

  test('leaves a guest alone whose build gives the runner it is on', async () => {
    const world = new World();
    const before = world.hv1.facts.vms;
    world.hv1.builds.set('web1', '/nix/store/old-web1');
    expect((await world.apply(['web1']))[0]?.outcome).toBe('done');
    expect(world.hv1.facts.vms).toEqual(before);
    expect(words(world.hv1.log)).toEqual(['begin', 'checkout', 'build', 'confirm', 'end done']);
    expect(world.notes).toContain('web1: runner unchanged, not restarted');
  });

  test('does not switch to the system it is on', async () => {
    const world = new World();
    world.hv1.builds.set('hv1', '/nix/store/old-system');
    await world.apply(['hv1']);
    expect(words(world.hv1.log)).not.toContain('switch test');
    expect(words(world.hv1.log)).not.toContain('switch boot');
  });

  test('looks at a guest before it goes on with the next', async () => {
    const world = new World();
    world.hv1.mute.add('/nix/store/new-db1');
    await world.apply(['db1', 'web1']);
    expect(words(world.hv1.log)).not.toContain('vm-update web1');
  });

  test('judges a guest by itself when microvm -u ends with an error', async () => {
    const world = new World();
    world.hv1.instead.set('vm-update', () => {
      world.hv1.boot('web1', '/nix/store/new-web1');
      return 1;
    });
    expect((await world.apply(['web1']))[0]?.outcome).toBe('done');
  });

  test('fails when microvm -u does, though current is flipped already', async () => {
    const world = new World();
    world.hv1.instead.set('vm-update', () => {
      world.hv1.vm('web1', { current: '/nix/store/new-web1' });
      return 1;
    });
    const [result] = await world.apply(['web1']);
    expect(result).toMatchObject({
      outcome: 'rolled-back',
      failure: { detail: 'the script said why' },
    });
    expect(world.hv1.facts.vms.get('web1')).toMatchObject({
      current: '/nix/store/old-web1',
      booted: '/nix/store/old-web1',
    });
  });

  test('sets a runner that is built already where microvm could not tell the difference', async () => {
    const world = new World();
    world.hv1.facts = { ...world.hv1.facts, gone: new Set(['web1']) };
    expect((await world.apply(['web1']))[0]?.outcome).toBe('done');
    expect(words(world.hv1.log)).toContain('vm-set web1');
    expect(words(world.hv1.log)).not.toContain('vm-update web1');
  });

  test('lifts the hold of what it was told to release, and of nothing else', async () => {
    const world = new World();
    const hold = { from: '/nix/store/a', to: '/nix/store/b', operator: 'eve', since: 1 };
    const held = new Map([
      ['db1', hold],
      ['system.', hold],
    ]);
    world.hv1.facts = { ...world.hv1.facts, held };
    world.release = new Set(['hv1']);
    await world.apply(['hv1', 'web1']);
    expect([...world.hv1.facts.held.keys()]).toEqual(['db1']);
  });

  test('sends the commit where hypervisors have no access to the remote', async () => {
    const world = new World();
    const have: (string | undefined)[] = [];
    world.bundle = async (commit) => {
      have.push(commit);
      return Buffer.from('bundle');
    };
    await world.apply(['web1']);
    expect(have).toEqual(['a'.repeat(40)]);
    expect(words(world.hv1.log).slice(0, 3)).toEqual(['begin', 'receive', 'checkout']);
    expect(world.hv1.log[2]).toContain('bundle refs/heads/main');
  });
});

describe('nothing is activated', () => {
  test('when the build fails: everything is as it was, the checkout too', async () => {
    const world = new World(without('db1'));
    world.hv1.facts = new World().hv1.facts;
    const before = world.hv1.facts;
    world.hv1.instead.set('build', () => 1);
    const [result] = await world.apply(['hv1', 'web1']);
    expect(words(world.hv1.log)).toEqual([
      'begin',
      'checkout',
      'build',
      'back now',
      'end untouched',
    ]);
    expect(world.hv1.facts).toEqual(before);
    expect(result).toMatchObject({
      outcome: 'untouched',
      lines: [],
      failure: { message: 'build failed on hv1 (exit 1)', detail: 'the script said why' },
    });
  });

  test('when a build gives no store path', async () => {
    const world = new World();
    world.hv1.instead.set('build', () => 'built\tdb1\t/nix/store/new-db1\n');
    const [result] = await world.apply(['db1', 'web1']);
    expect(result).toMatchObject({ outcome: 'untouched', failure: { code: 'build.no-path' } });
    expect(world.hv1.log.some((l) => l.startsWith('vm-'))).toBe(false);
  });

  test.each(['checkout', 'build'] as const)(
    'when somebody interrupts during the %s: nobody waits for it',
    async (step) => {
      const world = new World();
      world.hv1.instead.set(step, () => {
        world.interrupt.abort();
        // Ended from outside.
        return new Refusal('step.ended', `step ${step} was ended from outside`);
      });
      const [result] = await world.apply(['web1']);
      expect(result).toMatchObject({
        outcome: 'untouched',
        failure: { code: 'interrupted', message: 'interrupted' },
      });
      const log = words(world.hv1.log);
      expect(log).toEqual([
        ...['begin', 'checkout', 'build'].slice(0, step === 'build' ? 3 : 2),
        'stop-preparing',
        'back now',
        'end untouched',
      ]);
    },
  );

  test('when the link is lost just then: it is ended over the next one', async () => {
    const world = new World();
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    world.hv1.before = async (name) => {
      if (name !== 'build') return;
      world.interrupt.abort();
      await ended;
    };
    let tries = 0;
    world.hv1.instead.set('stop-preparing', () => {
      tries += 1;
      if (tries === 1) return 1;
      end();
      return undefined;
    });
    const [result] = await world.apply(['web1']);
    expect(result).toMatchObject({ outcome: 'untouched', failure: { code: 'interrupted' } });
    expect(tries).toBe(2);
  });

  test('when somebody interrupts while the commit is sent: that ends', async () => {
    const world = new World();
    world.bundle = async () => Buffer.from('bundle');
    world.hv1.instead.set('receive', () => {
      world.interrupt.abort();
      return undefined;
    });
    const [result] = await world.apply(['web1']);
    expect(result).toMatchObject({ outcome: 'untouched', failure: { code: 'interrupted' } });
    expect(words(world.hv1.log)).not.toContain('checkout');
  });
});
