import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { Desk } from '../scenario/desk.ts';
import { Look } from '../scenario/look.ts';
import type { WorldHost } from '../scenario/world.ts';
import { smallFleet } from './small-fleet.ts';
import { type SandboxWorld, sandboxWorld } from './world.ts';

/** One story: what is under /var/lib/fleet has a version, and an older fleet meets a newer one's. */
describe('the version of what a hypervisor remembers', { timeout: 480_000 }, () => {
  let world: SandboxWorld;
  let desk: Desk;
  let hv1: Look;
  let host: WorldHost;
  const file = '"$FLEET_ROOT/var/lib/fleet/version"';
  const version = () => hv1.sh(`cat ${file}`);
  const set = (text: string) => hv1.sh(`printf '${text}' >${file}`);
  const flat = (text: string) => text.replace(/\s+/g, ' ');
  const change = (name: string) =>
    desk.edit((d) => {
      for (const vm of ['web1', 'web2']) d.vms[vm].packages = [name];
    });
  const newer =
    'a newer fleet wrote /var/lib/fleet (version 2, this one reads up to 1): update fleet';
  /** fleet is killed in the midst of a deployment. */
  const kill = () =>
    desk.fleet(['apply', '--yes'], (stderr, kill) => {
      if (stderr.includes('hv1: update web2')) kill('SIGKILL');
    });

  beforeAll(async () => {
    world = await sandboxWorld(2);
    host = world.hosts[0] as WorldHost;
    hv1 = new Look(host);
    desk = new Desk(world, 'version', smallFleet(world, { confirm: '30s' }));
    await desk.open(sandboxLock);
  }, 480_000);
  afterAll(async () => {
    desk.close();
    await world.stop();
  });

  it('is written by the first deployment, and by the next where it is missing', async () => {
    await desk.apply(0);
    expect(await version()).toBe('1');
    await hv1.sh(`rm ${file}`);
    change('vim');
    await desk.apply(0);
    expect(await version()).toBe('1');
  });

  it('that is newer is refused by apply, before anything is changed; plan and verify say why', async () => {
    await set('2\n');
    change('htop');
    const plan = await desk.fleet(['plan', '--no-diff']);
    expect(flat(plan.stdout)).toContain(newer);
    const head = await desk.git('rev-parse', 'HEAD');
    const runner = await hv1.runner('web1');
    const run = await desk.apply(1);
    expect(flat(run.stdout + run.stderr)).toContain(newer);
    expect(await desk.git('rev-parse', 'HEAD')).toBe(head);
    expect(await hv1.runner('web1')).toBe(runner);
    expect(flat((await desk.fleet(['verify'])).stdout)).toContain(newer);
    expect((await desk.fleet(['history'])).stderr).toBe(`hv1: ${newer}\n`);
    expect(await version()).toBe('2');
  });

  it('keeps nobody who is on call from rolling back: it is said, and not lowered', async () => {
    const list = await desk.fleet(['rollback', '--list']);
    expect([list.code, list.stderr]).toEqual([0, `hv1: ${newer}\n`]);
    expect(list.stdout).toMatch(
      /^\* web1 +\d+ +\d+ (?:s|min) {2}[0-9a-f]{8} {2}\d{8}-\d{6}-[0-9a-f]{4}$/m,
    );
    const before = await hv1.runner('web1');
    const run = await desk.fleet(['rollback', 'web1', '--yes']);
    expect(run.code, run.stdout + run.stderr).toBe(0);
    expect(run.stderr).toContain(`hv1: ${newer}\n`);
    expect(await hv1.runner('web1')).not.toBe(before);
    expect(await version()).toBe('2');
    await set('1\n');
    await desk.apply(0, '--release', 'web1');
  });

  it('does not keep a hypervisor from its way back, nor its recovery and autostart after a power cut', async () => {
    const before = await hv1.runner('web1');
    change('tmux');
    await kill();
    await set('99\n');
    await host.kill();
    await host.boot();
    await expect.poll(() => hv1.isActive('web2'), { timeout: 90_000 }).toBe(true);
    expect(await hv1.runner('web1')).toBe(before);
    expect(await hv1.isActive('web1')).toBe(true);
    expect(await hv1.exists('/var/lib/fleet/lock')).toBe(false);
  });

  it('does not keep a deployment from being undone, though it is not finished', async () => {
    await set('1\n');
    await desk.fleet(['apply', '--resume', '--undo', '--yes']);
    const before = await hv1.runner('web1');
    await kill();
    await set('2\n');
    const finished = await desk.fleet(['apply', '--resume', '--yes']);
    expect(finished.code).toBe(1);
    expect(flat(finished.stderr)).toContain(`cannot be finished: hv1: ${newer}`);
    const undone = await desk.fleet(['apply', '--resume', '--undo', '--yes']);
    expect(undone.code, undone.stdout + undone.stderr).toBe(0);
    expect(await hv1.runner('web1')).toBe(before);
  });

  it('does not keep a dead deployment’s lock', async () => {
    await set('1\n');
    await kill();
    await set('2\n');
    const lock = await hv1.sh('readlink "$FLEET_ROOT/var/lib/fleet/lock"');
    await hv1.sh(`systemctl stop fleet-back-${lock.split('/').at(-1)}.timer`);
    const run = await desk.fleet(['unlock', 'hv1', '--yes']);
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toContain(`hv1: ${newer}\n`);
    expect(await hv1.exists('/var/lib/fleet/lock')).toBe(false);
    await desk.fleet(['apply', '--resume', '--undo', '--yes']);
  });

  it.each([
    ['is empty', `: >${file}`],
    ['is garbage', `printf 'one\\tor two' >${file}`],
    ['is too long for a number', `printf 100000000000000000000 >${file}`],
    ['is a folder', `rm ${file}; mkdir ${file}`],
    ['leads nowhere', `rmdir ${file}; ln -s nowhere ${file}`],
  ])('whose file %s is refused with what to do, and left alone', async (_, make) => {
    await hv1.sh(make);
    const run = await desk.apply(1);
    expect(flat(run.stdout + run.stderr)).toContain('/var/lib/fleet/version holds no version');
    expect(flat(run.stdout + run.stderr)).toContain('delete it');
    expect((await desk.fleet(['rollback', '--list'])).code).toBe(0);
  });

  it('is written again once a person has deleted such a file', async () => {
    await hv1.sh(`rm ${file}`);
    await desk.apply(0);
    expect(await version()).toBe('1');
  });
});
