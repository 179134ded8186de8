import { expect, test } from 'vitest';
import { exitCodeOf } from '../../src/deploy/rollout.ts';
import { Refusal } from './fake-hypervisor.ts';
import { manyHypervisors, World, words } from './run.ts';

const holds = () => new Refusal('lock.operation', 'op-1\tbob@desk\trestart web1\t1700000000');

test('a hypervisor is locked when everything is built, before anything there changes', async () => {
  const world = new World();
  await world.apply(['web1']);
  const seen = words(world.hv1.seen);
  expect(seen.indexOf('lock')).toBeGreaterThan(seen.indexOf('build'));
  expect(seen.indexOf('lock')).toBeLessThan(seen.indexOf('vm-update web1'));
});

test('an operation that does not end keeps the deployment from its hypervisor, and is named', async () => {
  const world = new World(manyHypervisors(2, '{ maxParallel: 1 }'));
  world.hv2.instead.set('lock', holds);
  const results = await world.apply(['web1', 'web2'], ['hv1', 'hv2']);
  expect(results.map(({ outcome }) => outcome)).toEqual(['rolled-back', 'untouched']);
  expect(results[1]?.failure).toMatchObject({
    code: 'lock.operation',
    blames: 'world',
    message: 'restart web1 of bob@desk (operation op-1) still holds hv2: nothing was changed there',
    hint: 'Wait for its end, or stop it there: systemctl stop fleet-operation-op-1. Then try again.',
  });
  expect(words(world.hv2.log)).not.toContain('vm-update web2');
});

test('kept from all hypervisors by operations, it is locked by somebody else', async () => {
  const world = new World(manyHypervisors(2));
  for (const hypervisor of [world.hv1, world.hv2]) hypervisor.instead.set('lock', holds);
  const results = await world.apply(['web1', 'web2'], ['hv1', 'hv2']);
  expect(results.map(({ outcome }) => outcome)).toEqual(['untouched', 'untouched']);
  expect(exitCodeOf(results)).toBe(5);
});

test('what the hypervisor itself does to a guest is named, too, and only waited for', async () => {
  const world = new World();
  const row = '-\tthe hypervisor itself\trestart web1\t1700000000';
  world.hv1.instead.set('lock', () => new Refusal('lock.operation', row));
  const [result] = await world.apply(['web1']);
  expect(result?.failure).toMatchObject({
    message: 'restart web1 by the hypervisor itself still holds hv1: nothing was changed there',
    hint: 'Wait for its end. Then try again.',
  });
});

test('what a hypervisor says of an operation never becomes part of a command', async () => {
  const world = new World();
  world.hv1.instead.set(
    'lock',
    () => new Refusal('lock.operation', 'op;reboot\tbob\trestart web1\t1'),
  );
  const [result] = await world.apply(['web1']);
  expect(result?.failure?.message).toBe('some process still holds hv1: nothing was changed there');
  expect(result?.failure?.hint).not.toContain('reboot');
});

test('a link that is lost while it waits is made anew, and it asks again', async () => {
  const world = new World();
  let asked = 0;
  world.hv1.instead.set('lock', () => (asked++ === 0 ? 'cut' : undefined));
  const [result] = await world.apply(['web1']);
  expect(asked).toBe(2);
  expect(result?.outcome).toBe('done');
});

test('who is asked to stop while an operation is waited for ends at once, and frees the lock', async () => {
  const world = new World();
  const operation = Promise.withResolvers<void>();
  world.hv1.before = (script) => {
    if (script !== 'lock') return;
    world.interrupt.abort();
    return operation.promise;
  };
  const [result] = await world.apply(['web1']);
  expect(result).toMatchObject({ outcome: 'untouched', failure: { code: 'interrupted' } });
  expect(world.hv1.facts.lock).toBeUndefined();
  operation.resolve();
});

test('a guest that was restarted while it built goes back to what it was restarted on, and that is said', async () => {
  const world = new World();
  const { hv1 } = world;
  hv1.mute.add('/nix/store/new-web1');
  hv1.before = (script) => {
    if (script === 'build') hv1.boot('web1', '/nix/store/armed');
  };
  hv1.instead.set('lock', () => {
    const deployment = hv1.deployments.get(world.id);
    if (deployment) hv1.deployments.set(world.id, { ...deployment, before: hv1.facts });
    return 'operated\tweb1\n';
  });
  const [result] = await world.apply(['web1']);
  expect(result?.outcome).toBe('rolled-back');
  expect(hv1.facts.vms.get('web1')?.booted).toBe('/nix/store/armed');
  expect(world.notes).toContain(
    'an operation ran on web1 while this built; a roll-back returns it to how that left it',
  );
});

test('who names as operated what no vm is called is not understood', async () => {
  const world = new World();
  world.hv1.instead.set('lock', () => 'operated\t../x\n');
  const [result] = await world.apply(['web1']);
  expect(result).toMatchObject({ outcome: 'untouched', failure: { code: 'lock.unreadable' } });
});
