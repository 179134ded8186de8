import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { Desk } from '../scenario/desk.ts';
import { Look } from '../scenario/look.ts';
import type { WorldHost } from '../scenario/world.ts';
import { instead } from './instead.ts';
import { smallFleet } from './small-fleet.ts';
import { type SandboxWorld, sandboxWorld } from './world.ts';

describe('a lock', { timeout: 480_000 }, () => {
  let world: SandboxWorld;
  let desk: Desk;
  let hv1: Look;
  let host: WorldHost;
  beforeAll(async () => {
    world = await sandboxWorld(2);
    host = world.hosts[0] as WorldHost;
    hv1 = new Look(host);
    desk = new Desk(world, 'unlock', smallFleet(world, { confirm: '120s' }));
    await desk.open(sandboxLock);
    await desk.apply(0);
  }, 480_000);
  afterAll(async () => {
    desk.close();
    await world.stop();
  });

  const unlock = (...more: string[]) => desk.fleet(['unlock', 'hv1', '--yes', ...more]);
  /** fleet is killed while it updates web2. Returns the deployment's id. */
  const kill = async (name: string): Promise<string> => {
    desk.edit((d) => {
      for (const vm of ['web1', 'web2']) d.vms[vm].packages = [name];
    });
    await desk.fleet(['apply', '--yes'], (stderr, kill) => {
      if (stderr.includes('hv1: update web2')) kill('SIGKILL');
    });
    return (await hv1.sh('readlink "$FLEET_ROOT/var/lib/fleet/lock"')).split('/').at(-1) as string;
  };

  it('that nobody has is none; of a hypervisor that is not there is a usage error', async () => {
    expect(await unlock()).toMatchObject({ code: 0, stdout: 'hv1 is not locked.\n' });
    const run = await desk.fleet(['unlock', 'hv9', '--yes']);
    expect(run.code).toBe(64);
    expect(run.stderr).toContain('did you mean "hv1"?');
  });

  it('of a deployment that is at work, though its fleet is gone, is not taken: 5', async () => {
    const id = await kill('htop');
    const run = await unlock();
    expect(run.code).toBe(5);
    expect(run.stderr).toMatch(/is still running on hv1 \[unlock\.at-work\]/);
    expect(run.stderr.replace(/\s+/g, ' ')).toMatch(
      new RegExp(
        `frees the lock in \\d+ s\\. Before that: finish it \\(fleet apply --resume ${id}\\) or roll`,
      ),
    );
    const rollback = await desk.fleet(['rollback', 'web2', '--yes']);
    expect([rollback.code, rollback.stdout]).toEqual([5, '']);
    expect(rollback.stderr).toContain('hv1 is locked by');
    // Nor does another apply.
    const apply = await desk.apply(5);
    expect(apply.stderr).toContain('fleet unlock hv1');
  });

  it('of one that died is freed, what it changed is put back, and asked about before', async () => {
    const id = (await hv1.sh('readlink "$FLEET_ROOT/var/lib/fleet/lock"')).split('/').at(-1);
    await hv1.sh(`systemctl stop fleet-back-${id}.timer`);
    expect((await desk.fleet(['plan', '--no-diff'])).stdout.replace(/\s+/g, ' ')).toContain(
      'it is no longer running; apply will clean it up',
    );
    const asked = await desk.fleet(['unlock', 'hv1']);
    expect(asked.code).toBe(64);
    expect(await hv1.exists('/var/lib/fleet/lock')).toBe(true);

    const run = await unlock('--json');
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toContain('is no longer running.\nWhat it changed will be rolled back.');
    expect(JSON.parse(run.stdout)).toMatchObject({
      kind: 'unlock',
      hypervisor: 'hv1',
      deployment: { id, operation: 'apply', result: 'rolled-back' },
    });
    expect(await hv1.exists('/var/lib/fleet/lock')).toBe(false);
    await vi.waitFor(async () => expect(await hv1.isActive('web1')).toBe(true), 10_000);
    expect((await desk.fleet(['history', 'hv1', '--last', '1'])).stdout).toContain('rolled back');
  });

  it('is waited for with --lock-timeout; one that died is put in order by the apply that follows', async () => {
    // hv2 still waits for the fleet that was killed.
    const undone = await desk.fleet(['apply', '--resume', '--undo', '--yes']);
    expect(undone.code, undone.stdout + undone.stderr).toBe(0);
    expect(undone.stderr).toContain(
      'Nothing had been changed on hv2 yet: there was nothing to roll back.',
    );
    const id = await kill('tmux');
    const dies = () =>
      Promise.all(
        world.hosts.map((hypervisor) =>
          hypervisor.exec(`systemctl stop fleet-back-${id}.timer 'fleet-${id}-*.service'`),
        ),
      );
    let dead: ReturnType<typeof dies> | undefined;
    const args = ['apply', '--yes', '--lock-timeout', '5m'];
    const run = await desk.fleet(args, (stderr) => {
      if (stderr.includes('; waiting')) dead ??= dies();
    });
    await dead;
    expect(run.code, run.stdout + run.stderr).toBe(0);
    expect(run.stderr).toMatch(/^hv\d: hv\d is locked by .*; waiting$/m);
    expect(await hv1.sh(`cat "$FLEET_ROOT/var/lib/fleet/deployments/${id}/result"`)).toBe(
      'rolled-back',
    );
    expect((await desk.fleet(['plan'])).stdout).toContain('No changes.');
  });

  it('of one whose way back fails is free all the same, and that is said: 4', async () => {
    const id = await kill('vim');
    const failing = 'case "$*" in *start*microvm@web*) exit 1 ;; esac';
    const mend = instead(world, 'systemctl', failing, 1);
    await host.exec(`systemctl stop fleet-back-${id}.timer 'fleet-${id}-*.service'`);
    const run = await unlock();
    mend();
    expect(run.code, run.stdout + run.stderr).toBe(4);
    expect(await hv1.exists('/var/lib/fleet/lock')).toBe(false);
  });
});
