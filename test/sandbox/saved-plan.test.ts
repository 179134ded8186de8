import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Plan } from '../../src/plan/plan.ts';
import { parsePlanFile } from '../../src/plan/plan-file.ts';
import { staleness } from '../../src/plan/staleness.ts';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { Desk } from '../scenario/desk.ts';
import { fiveVms } from '../scenario/fleet.ts';
import { Look } from '../scenario/look.ts';
import type { WorldHost } from '../scenario/world.ts';
import { smallFleet } from './small-fleet.ts';
import { type SandboxWorld, sandboxWorld } from './world.ts';

describe('a plan that was saved', () => {
  let world: SandboxWorld;
  let desk: Desk;
  beforeAll(async () => {
    world = await sandboxWorld(2);
    desk = new Desk(world, 'saved', fiveVms(world));
    await desk.open(sandboxLock);
  }, 180_000);
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
      'hv2 is no longer part of it',
    ]);
  }, 180_000);

  it('is none when a hypervisor has a problem', async () => {
    await world.hosts[0]?.exec(
      'mkdir "$FLEET_ROOT/proc/77"; echo nixos-rebuild >"$FLEET_ROOT/proc/77/comm"',
    );
    const file = join(desk.folder, '..', 'problem.plan');
    const run = await desk.fleet(['plan', '--no-diff', '--out', file]);
    expect(run.code).toBe(1);
    expect(run.stdout).toContain(
      'problem  nixos-rebuild is running there: wait for it, or stop it',
    );
    expect(run.stderr).toContain('hv1: nixos-rebuild is running there');
    expect(statSync(file, { throwIfNoEntry: false })).toBeUndefined();
  }, 180_000);
});

describe('apply of a saved plan', { timeout: 360_000 }, () => {
  let world: SandboxWorld;
  let desk: Desk;
  let hv1: Look;
  const file = (name: string) => join(desk.folder, '..', name);
  const save = async (name: string) => {
    const run = await desk.fleet(['plan', '--no-diff', '--out', file(name)]);
    expect(run.code, run.stderr).toBe(0);
    return file(name);
  };
  beforeAll(async () => {
    world = await sandboxWorld(2);
    hv1 = new Look(world.hosts[0] as WorldHost);
    desk = new Desk(world, 'apply-saved', smallFleet(world, { confirm: '30s' }));
    await desk.open(sandboxLock);
  }, 180_000);
  afterAll(async () => {
    desk.close();
    await world.stop();
  });

  it('carries out exactly that, and does not ask: who saved it has seen it', async () => {
    const plan = await save('first.plan');
    const run = await desk.fleet(['apply', plan]);
    expect(run.code, run.stdout + run.stderr).toBe(0);
    expect(run.stdout).toContain('web1 created');
    expect(await hv1.isActive('web2')).toBe(true);
    const again = await desk.fleet(['apply', plan]);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('[plan.stale]');
  });

  it('says what changes since the commit that is deployed, and who restarts for it', async () => {
    desk.edit((d) => {
      d.vms.web1.packages = ['htop'];
      d.vms.web1.memory = '3GiB';
      d.vms.web2.autostart = 'never';
    });
    const { stdout } = await desk.fleet(['plan', '--json']);
    const [hypervisor] = (JSON.parse(stdout) as Plan).hypervisors;
    expect(hypervisor?.actions).toMatchObject([
      { kind: 'checkout' },
      { kind: 'switch', changes: [{ field: 'vms.web2.autostart', from: 'always', to: 'never' }] },
      {
        kind: 'update',
        target: 'web1',
        restarts: 'certainly',
        changes: [
          { field: 'packages', to: 'htop', restarts: 'certainly' },
          { field: 'memory', to: '3GiB', restarts: 'certainly' },
        ],
      },
    ]);
    const { stdout: text } = await desk.fleet(['plan', '--no-diff']);
    expect(text).toContain('+ package htop: restarts');
    expect(text).toContain('\nRestarts: web1.\n');
    desk.edit((d) => {
      delete d.vms.web1.memory;
      delete d.vms.web2.autostart;
    });
  });

  it('is refused with everything that moved since, and nothing is done', async () => {
    desk.edit((d) => {
      d.vms.web1.packages = ['htop'];
    });
    const plan = await save('stale.plan');
    desk.edit((d) => {
      d.vms.web1.packages = ['jq'];
    });
    await hv1.sh('mkdir -p "$FLEET_ROOT/var/lib/microvms/pet"');
    const before = await hv1.booted('web1');
    const head = await desk.git('rev-parse', 'HEAD');
    const run = await desk.fleet(['apply', plan, '--yes']);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('the saved plan is stale [plan.stale]');
    expect(run.stderr).toContain('| fleet.yaml changed\n');
    expect(run.stderr).toContain('| hv1: pet is there now\n');
    expect(await hv1.booted('web1')).toBe(before);
    expect(await desk.git('rev-parse', 'HEAD')).toBe(head);
    expect(await hv1.exists('/var/lib/fleet/lock')).toBe(false);
    await hv1.sh('rm -r "$FLEET_ROOT/var/lib/microvms/pet"');
  });

  it('remembers --on: only what was selected is deployed', async () => {
    desk.edit((d) => {
      d.vms.web1.packages = ['jq'];
      d.vms.db1.packages = ['jq'];
    });
    const run = await desk.fleet(['plan', '--no-diff', '--on', 'db1', '--out', file('on.plan')]);
    expect(run.code, run.stderr).toBe(0);
    const applied = await desk.fleet(['apply', file('on.plan')]);
    expect(applied.code, applied.stdout + applied.stderr).toBe(0);
    expect(applied.stdout).toContain('db1 updated');
    expect(applied.stdout).not.toContain('hv1');
  });

  it.each([
    ['has its own --on', ['--on', 'hv1'], 'options.saved-plan'],
    ['has its own --release', ['--release', 'web1'], 'options.saved-plan'],
  ])('%s', async (_, more, code) => {
    const run = await desk.fleet(['apply', file('on.plan'), ...more]);
    expect(run.code).toBe(64);
    expect(run.stderr).toContain(code);
  });

  it('that is none is a usage error', async () => {
    for (const name of ['nowhere.plan', 'infra/fleet.yaml']) {
      const run = await desk.fleet(['apply', file(name), '--yes']);
      expect(run.code).toBe(64);
      expect(run.stderr).toContain('plan.not-a-plan');
    }
  });
});
