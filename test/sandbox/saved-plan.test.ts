import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parsePlanFile } from '../../src/plan/plan-file.ts';
import { staleness } from '../../src/plan/staleness.ts';
import { demoLock } from '../../src/sandbox/demo-fleet.ts';
import { Desk } from '../scenario/desk.ts';
import { fiveVms } from '../scenario/fleet.ts';
import { type SandboxWorld, sandboxWorld } from './world.ts';

describe('a plan that was saved', () => {
  let world: SandboxWorld;
  let desk: Desk;
  beforeAll(async () => {
    world = await sandboxWorld(2);
    desk = new Desk(world, 'saved', fiveVms(world));
    await desk.open(demoLock);
  }, 60_000);
  afterAll(async () => {
    desk.close();
    await world.stop();
  });

  const save = async (name: string, ...more: string[]) => {
    const file = join(desk.folder, '..', name);
    const run = await desk.fleet(['plan', '--no-diff', '--out', file, ...more]);
    expect(run.code, run.stderr).toBe(0);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    return parsePlanFile(readFileSync(file, 'utf8'), name);
  };

  it('is good for as long as nobody touches desk or hypervisors, and says what was touched', async () => {
    const first = await save('first.plan');
    expect(first.plan.hypervisors.map((h) => h.name)).toEqual(['hv1', 'hv2']);
    expect(staleness(first, await save('same.plan'))).toEqual([]);

    await world.hosts[1]?.exec('mkdir -p "$FLEET_ROOT/var/lib/microvms/pet"');
    expect(staleness(first, await save('pet.plan'))).toEqual(['hv2: pet is there now']);

    desk.edit((d) => {
      d.vms.vm2.packages = ['htop'];
    });
    expect(staleness(first, await save('edited.plan', '--on', 'hv1'))).toEqual([
      'the plan was made without --on, not with --on hv1',
      'fleet.yaml changed',
      'hv2 is not looked at any more',
    ]);
  }, 60_000);

  it('is none when a hypervisor has a problem', async () => {
    await world.hosts[0]?.exec(
      'mkdir "$FLEET_ROOT/proc/77"; echo nixos-rebuild >"$FLEET_ROOT/proc/77/comm"',
    );
    const file = join(desk.folder, '..', 'problem.plan');
    const run = await desk.fleet(['plan', '--no-diff', '--out', file]);
    expect(run.code).toBe(1);
    expect(run.stdout).toContain('problem  nixos-rebuild is at work there: wait for it, or end it');
    expect(run.stderr).toContain('hv1: nixos-rebuild is at work there');
    expect(statSync(file, { throwIfNoEntry: false })).toBeUndefined();
  }, 60_000);
});
