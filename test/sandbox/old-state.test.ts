import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { Desk } from '../scenario/desk.ts';
import { Look } from '../scenario/look.ts';
import type { WorldHost } from '../scenario/world.ts';
import { OldFleet } from './old-state.ts';
import { smallFleet } from './small-fleet.ts';
import { type SandboxWorld, sandboxWorld } from './world.ts';

/** One story: a hypervisor that commit 8b87192 deployed to, and today's fleet after it. */
describe('what an earlier fleet wrote', { timeout: 480_000 }, () => {
  let world: SandboxWorld;
  let desk: Desk;
  let old: OldFleet;
  let hv1: Look;
  let host: WorldHost;
  const runners = new Map<string, string>();
  const flat = (text: string) => text.replace(/\s+/g, ' ');
  const runnerOf = (vm: string) => runners.get(vm) as string;
  const commit = async () => {
    expect((await desk.fleet(['render'])).code).toBe(0);
    await desk.git('add', '-A');
    await desk.git('commit', '-qm', 'more');
    await desk.git('push', '-q');
  };
  /** As far as a new runner of web2, which nobody has confirmed; its fleet is gone. */
  const interrupted = async (name: string) => {
    desk.edit((d) => {
      d.vms.web2.packages = [name];
    });
    await commit();
    await old.begin('apply', 'web2');
    await old.build('hv1', 'web2');
    await old.step('vm-update', 'change', 'web2', '2', '/var/lib/fleet/repo', 'run');
    expect(await hv1.runner('web2')).not.toBe(runnerOf('web2'));
  };
  const stands = async () => {
    expect(await hv1.runner('web2')).toBe(runnerOf('web2'));
    await expect.poll(() => hv1.isActive('web2'), { timeout: 90_000 }).toBe(true);
    expect(await hv1.exists('/var/lib/fleet/lock')).toBe(false);
  };

  beforeAll(async () => {
    world = await sandboxWorld(1);
    host = world.hosts[0] as WorldHost;
    hv1 = new Look(host);
    const data = smallFleet(world, { confirm: '60s' });
    delete data.vms.db1;
    delete data.networks.back;
    data.vms.gone1 = { on: 'hv1', network: 'front', address: '10.1.0.4' };
    desk = new Desk(world, 'old', data);
    await desk.open(sandboxLock);
    old = new OldFleet(world, desk);
    await commit();

    await old.begin('apply', 'web1', 'web2', 'gone1');
    const built = await old.build('hv1', 'web1', 'web2', 'gone1');
    const system = built.get('hv1') as string;
    await old.step('switch', 'change', old.id, system, 'test', '-', 'br-front');
    await old.step('switch', 'change', old.id, system, 'boot', 'new');
    for (const name of ['web1', 'web2', 'gone1']) {
      await old.step('vm-create', 'change', name, '/var/lib/fleet/repo');
      await old.step('vm-start', 'change', name);
    }
    await old.confirm(built);
    for (const [name, path] of built) runners.set(name, path);

    desk.edit((d) => {
      d.vms.web1.packages = ['htop'];
    });
    await commit();
    await old.begin('apply', 'web1');
    const newer = await old.build('web1');
    await old.step('vm-update', 'change', 'web1', '2', '/var/lib/fleet/repo', 'run');
    await old.confirm(newer);

    await old.begin('rollback', 'web1');
    await old.step('vm-set', 'change', 'web1', runnerOf('web1'), '2', 'run');
    const held = ['hold', 'web1', newer.get('web1') as string, runnerOf('web1'), 'ada@desk'];
    await old.confirm(new Map([['web1', runnerOf('web1')]]), 'return', [held]);

    desk.edit((d) => {
      delete d.vms.gone1;
    });
    await commit();
    await old.begin('apply', 'gone1');
    await old.build('hv1');
    await old.step('vm-stop', 'change', 'gone1', '2');
    await old.step('vm-aside', 'change', old.id, 'gone1');
    await old.confirm(new Map([['hv1', system]]));
  }, 480_000);
  afterAll(async () => {
    old.close();
    desk.close();
    await world.stop();
  });

  it('is planned with: what is held and set aside is known, and has no version yet', async () => {
    expect(await hv1.exists('/var/lib/fleet/version')).toBe(false);
    const { code, stdout, stderr } = await desk.fleet(['plan', '--no-diff']);
    expect(code, stderr).toBe(0);
    expect(flat(stdout)).toMatch(/web1 .*held back|held.* web1/);
    expect(flat(stdout)).not.toContain('cannot be');
    expect(flat(stdout)).not.toContain('first switch');
  });

  it('is listed, with every generation and every deployment', async () => {
    const list = await desk.fleet(['rollback', '--list', '--json']);
    expect(list.code, list.stderr).toBe(0);
    const { generations } = JSON.parse(list.stdout);
    const web1 = generations.filter((g: { name: string }) => g.name === 'web1');
    expect(web1.map((g: { current: boolean }) => g.current)).toEqual([true, false]);
    const history = await desk.fleet(['history', '--json']);
    expect(history.code, history.stderr).toBe(0);
    const { deployments } = JSON.parse(history.stdout);
    expect(
      deployments.map((d: { operation: string; result: string }) => `${d.operation} ${d.result}`),
    ).toEqual(['apply done', 'rollback done', 'apply done', 'apply done']);
    expect((await desk.fleet(['history', 'web1'])).stdout).toContain('ada@desk');
  });

  it('is verified', async () => {
    const { stdout } = await desk.fleet(['verify']);
    expect(stdout).not.toMatch(/✗ web[12]/);
  });

  it('is put back by its own way back, when asked to undo what was interrupted', async () => {
    await interrupted('tmux');
    const run = await desk.fleet(['apply', '--resume', '--undo', '--yes']);
    expect(run.code, run.stdout + run.stderr).toBe(0);
    await stands();
  });

  it('is put back when its lock is taken from a fleet that died', async () => {
    await interrupted('vim');
    await hv1.sh(`systemctl stop fleet-back-${old.id}.timer`);
    const run = await desk.fleet(['unlock', 'hv1', '--yes']);
    expect(run.code, run.stderr).toBe(0);
    expect(run.stdout).toContain('rolled back');
    await stands();
  });

  it('is put back after a power cut, before any guest starts', async () => {
    await interrupted('nano');
    old.close();
    await host.kill();
    await host.boot();
    await expect.poll(() => hv1.isActive('web2'), { timeout: 90_000 }).toBe(true);
    await stands();
  });

  it('is rolled back to: one of its generations', async () => {
    const before = await hv1.runner('web1');
    const run = await desk.fleet(['rollback', 'web1', '--to', '2', '--yes']);
    expect(run.code, run.stdout + run.stderr).toBe(0);
    expect(await hv1.runner('web1')).not.toBe(before);
  });

  it('is deployed over: what was set aside comes back, what was held is released, and it has a version', async () => {
    await hv1.sh('echo data >"$(echo "$FLEET_ROOT"/var/lib/microvms/.aside/*/gone1)/kept"');
    desk.edit((d) => {
      d.vms.gone1 = { on: 'hv1', network: 'front', address: '10.1.0.4' };
    });
    await desk.apply(0, '--release', 'web1');
    expect(await hv1.sh('cat "$FLEET_ROOT/var/lib/microvms/gone1/kept"')).toBe('data');
    expect(await hv1.sh('cat "$FLEET_ROOT/var/lib/fleet/version"')).toBe('1');
    expect(await hv1.sh('ls "$FLEET_ROOT/var/lib/fleet/held"')).toBe('');
    expect((await desk.apply(0)).stdout).toBe('No changes.\n');
  });
});
