import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { Desk } from '../scenario/desk.ts';
import { Look } from '../scenario/look.ts';
import { smallFleet } from './small-fleet.ts';
import { type SandboxWorld, sandboxWorld } from './world.ts';

describe('apply --restart never', { timeout: 360_000 }, () => {
  let world: SandboxWorld;
  let desk: Desk;
  let look: Look;
  beforeAll(async () => {
    world = await sandboxWorld(2);
    desk = new Desk(world, 'waiting', smallFleet(world, { confirm: '90s', deadline: '6s' }));
    await desk.open(sandboxLock);
    await desk.apply(0);
    look = new Look(world.hosts[0]!);
  }, 480_000);
  afterAll(async () => {
    desk.close();
    await world.stop();
  });

  const run = async (expected: number, ...args: string[]) => {
    const run = await desk.fleet(args);
    expect(run.code, run.stdout + run.stderr).toBe(expected);
    return { ...run, flat: run.stdout.replace(/\s+/g, ' ') };
  };
  const change = (vm: string, ...packages: string[]) =>
    desk.edit((d) => {
      d.vms[vm].packages = packages;
    });

  it('builds and keeps, arms nothing, and says what waits; fleet restart takes it', async () => {
    const before = [await look.invocation('web1'), await look.runner('web1')];
    change('web1', 'htop');
    const applied = await desk.apply(0, '--restart', 'never');
    expect(applied.stdout).toContain('web1 waits for a restart');
    expect([await look.invocation('web1'), await look.runner('web1')]).toEqual(before);
    const waiting = await look.sh('readlink "$FLEET_ROOT/nix/var/nix/gcroots/fleet/waiting-web1"');
    expect(waiting).not.toBe(before[1]);
    expect((await run(0, 'apply', '--yes', '--restart', 'never')).stdout).toContain('No changes');
    expect((await run(0, 'plan')).flat).toContain('waits for a restart');
    expect((await run(0, 'status', 'web1')).flat).toContain('waits for a restart');

    const restarted = await run(0, 'restart', 'web1');
    expect(restarted.stdout).toMatch(/^web1 {2}restarted on hv1/m);
    expect(await look.booted('web1')).toBe(waiting);
    expect(await look.exists('/var/lib/fleet/waiting/web1')).toBe(false);
    expect((await run(0, 'plan', '--detailed-exitcode')).stdout).toContain('No changes');
    expect((await run(0, 'history', 'web1')).stdout).toMatch(/hv1 {2}restart [0-9a-f]{8} {2}done/);
  });

  it('what waits and does not become well is rolled back, and waits on', async () => {
    const before = await look.runner('web2');
    desk.edit((d) => {
      d.vms.web2.config = { boot: { kernelParams: ['lab.mute'] } };
    });
    await desk.apply(0, '--restart', 'never');
    const failed = await run(1, 'restart', 'web2');
    expect(failed.stdout).toMatch(/^web2 {2}FAILED/m);
    expect(await look.booted('web2')).toBe(before);
    expect(await look.exists('/var/lib/fleet/waiting/web2')).toBe(true);
  });

  it('the next apply takes what waits, or drops it', async () => {
    desk.edit((d) => {
      delete d.vms.web2.config;
    });
    await desk.apply(0);
    expect(await look.exists('/var/lib/fleet/waiting/web2')).toBe(false);
    change('web1', 'jq');
    await desk.apply(0, '--restart', 'never');
    const before = await look.invocation('web1');
    await desk.apply(0);
    expect(await look.invocation('web1')).not.toBe(before);
    expect((await run(0, 'plan', '--detailed-exitcode')).stdout).toContain('No changes');
  });
});
