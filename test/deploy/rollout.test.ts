import { describe, expect, test } from 'vitest';
import type { HypervisorResult } from '../../src/deploy/put-back.ts';
import { exitCodeOf, rollOut } from '../../src/deploy/rollout.ts';
import { FleetError } from '../../src/model/errors.ts';
import { twoHypervisors, unit, withEntry } from '../plan/situation.ts';
import type { FakeHypervisor } from './fake-hypervisor.ts';
import { World, words } from './run.ts';

const both = ['hv1', 'hv2'];

/** Begin is refused the way begin.sh does. */
function refuse(hypervisor: FakeHypervisor, code: string, message: string): void {
  const run = hypervisor.run.bind(hypervisor);
  hypervisor.instead.set('begin', () => 70);
  hypervisor.run = async (...args) => {
    const result = await run(...args);
    return result.code === 70
      ? { ...result, stderr: `noise\nfleet-error\t${code}\t${message}\n` }
      : result;
  };
}

describe('before anything is changed', () => {
  test('every hypervisor is locked before the commit is made, once', async () => {
    const world = new World();
    const locked: boolean[] = [];
    world.publish = () =>
      locked.push(...both.map((name) => world.host(name).facts.lock !== undefined));
    await world.apply(['web1', 'web2'], both);
    expect(locked).toEqual([true, true]);
    expect(world.published).toBe(1);
  });

  test('a lock that is held by another frees the others again, publishes nothing: exit 5', async () => {
    const world = new World();
    refuse(world.host('hv2'), 'lock.held', '20260101-0-x\teve@laptop\tapply\t1760000000');
    await expect(world.apply(['web1', 'web2'], both)).rejects.toMatchObject({
      code: 'lock.held',
      exitCode: 5,
      message:
        'hv2 is locked by eve@laptop, who runs apply (20260101-0-x) since 2025-10-09 08:53 UTC',
    });
    expect(words(world.hv1.log)).toEqual(['begin', 'end']);
    expect(words(world.host('hv2').log)).not.toContain('checkout');
    expect(world.hv1.facts.lock).toBeUndefined();
    expect(world.published).toBe(0);
  });

  test('a failing preflight names the hypervisor and keeps its code', async () => {
    const world = new World();
    refuse(world.hv1, 'preflight.no-space', '/nix/store has 3 MiB free');
    await expect(world.apply(['web1'])).rejects.toMatchObject({
      code: 'preflight.no-space',
      exitCode: 1,
      message: 'hv1: /nix/store has 3 MiB free',
      detail: expect.stringContaining('noise'),
    });
  });

  test('a hypervisor that changed since the plan is not deployed, nor any other', async () => {
    const world = new World();
    const plans = world.plan(['web1', 'web2']).hypervisors;
    const hv2 = world.host('hv2');
    hv2.facts = { ...hv2.facts, vms: withEntry(hv2.facts.vms, 'web2', undefined) };
    const plan = rollOut(world.input(['web1'], plans));
    await expect(plan).rejects.toMatchObject({ code: 'plan.stale', exitCode: 1 });
    expect(world.published).toBe(0);
    for (const name of both) {
      expect(words(world.host(name).log)).toEqual(['begin', 'end']);
      expect(world.host(name).facts.lock).toBeUndefined();
    }
  });

  test('a guest that comes and goes by itself does not make the plan stale', async () => {
    const world = new World();
    const plans = world.plan(['web1']).hypervisors;
    world.host('hv2').vm('web2', { unit: unit('activating', { sub: 'auto-restart' }) });
    const results = await rollOut(
      world.input(
        ['web1'],
        plans.filter((p) => p.name === 'hv2'),
      ),
    );
    expect(results[0]?.hypervisor).toBe('hv2');
  });

  test('a push that is refused frees all locks', async () => {
    const world = new World();
    world.publish = () => {
      throw new FleetError('git.moved-on', 'the remote moved on');
    };
    await expect(world.apply(['web1', 'web2'], both)).rejects.toMatchObject({
      code: 'git.moved-on',
    });
    expect(both.map((name) => words(world.host(name).log))).toEqual([
      ['begin', 'end'],
      ['begin', 'end'],
    ]);
  });
});

describe('several hypervisors', () => {
  test('one that fails does not touch the other', async () => {
    const world = new World();
    world.hv1.mute.add('/nix/store/new-web1');
    const results = await world.apply(['web1', 'web2'], both);
    expect(results.map((r) => r.outcome)).toEqual(['rolled-back', 'done']);
    expect(world.host('hv2').facts.vms.get('web2')?.booted).toBe('/nix/store/new-web2');
  });

  test('are never more at a time than maxParallel', async () => {
    const names = ['a1', 'a2', 'a3', 'a4', 'a5'];
    const hypervisors = names.map(
      (n) => `  ${n}: { ssh: root@192.0.2.9, system: x86_64-linux, stateVersion: "25.11" }\n`,
    );
    const world = new World(
      `version: 1\nname: x\nrollout: { maxParallel: 2 }\nhypervisors:\n${hypervisors.join('')}networks: {}\nvms: {}\n`,
    );
    let running = 0;
    let most = 0;
    for (const host of world.hypervisors.values()) {
      const run = host.run.bind(host);
      host.run = async (...args) => {
        const before = host.log.length;
        const result = await run(...args);
        const last = host.log.at(-1) ?? '';
        if (host.log.length > before && last.startsWith('checkout')) {
          running += 1;
          most = Math.max(most, running);
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        if (host.log.length > before && last.startsWith('end')) running -= 1;
        return result;
      };
    }
    await world.apply([], names);
    expect(most).toBe(2);
  });
});

describe('the exit code', () => {
  const failure = new FleetError('x', 'x');
  const result = (outcome: HypervisorResult['outcome']): HypervisorResult => ({
    hypervisor: 'hv1',
    outcome,
    lines: [],
    ...(outcome !== 'done' && { failure }),
  });
  test.each<[number, HypervisorResult['outcome'][]]>([
    [0, []],
    [0, ['done', 'done']],
    [1, ['untouched']],
    [3, ['done', 'rolled-back', 'untouched']],
    [4, ['rolled-back', 'rollback-failed', 'done']],
  ])('is %i for %j', (code, outcomes) => {
    expect(exitCodeOf(outcomes.map(result))).toBe(code);
  });
});

test('a fleet of two is deployed side by side, each with its own steps', async () => {
  const world = new World(twoHypervisors);
  await world.apply(['web1', 'web2'], both);
  expect(words(world.hv1.log)).toEqual([
    'begin',
    'checkout',
    'build',
    'vm-update web1',
    'record',
    'end',
  ]);
  expect(words(world.host('hv2').log)).toEqual([
    'begin',
    'checkout',
    'build',
    'vm-update web2',
    'record',
    'end',
  ]);
});
