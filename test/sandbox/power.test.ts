import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Stage } from './stage.ts';

describe('the power of a hypervisor', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.start();
    stage.vms = { db1: {}, off1: { state: 'stopped' } };
  }, 60_000);
  afterEach(() => stage.stop());

  it('comes back with the boot default and the guests of its autostart list', async () => {
    const built = await stage.deploy();
    const before = await stage.facts();
    await stage.host.kill();
    stage.disconnect();
    await expect(stage.connect()).rejects.toThrow();
    await stage.host.boot();
    const after = await stage.until((f) => f.answers.get('10.1.0.2') === true, ['10.1.0.2']);
    expect(after.bootId).not.toBe(before.bootId);
    expect(after).toMatchObject({ bootedSystem: built.get('hv1') });
    expect(await stage.host.exec('test -e "$FLEET_ROOT/run/fleet/seen"')).toMatchObject({
      code: 1,
    });
    expect(after.vms.get('db1')?.unit.active).toBe('active');
    // Nobody took the link away when the power went.
    expect(after.vms.get('off1')).toMatchObject({
      booted: built.get('off1'),
      unit: { active: 'inactive' },
    });
  });

  it('takes back a system that was only tried', async () => {
    const first = (await stage.facts()).currentSystem;
    await stage.begin();
    const next = (await stage.build('hv1')).get('hv1') as string;
    await stage.call('arm', stage.id, '60');
    await stage.step('switch', next, 'test', stage.id, '60');
    await stage.host.kill();
    await stage.host.boot();
    stage.disconnect();
    expect((await stage.facts()).currentSystem).toBe(first);
  });

  it('resets to a hypervisor that was never touched', async () => {
    await stage.deploy();
    await stage.host.reset();
    stage.disconnect();
    const facts = await stage.facts();
    expect(facts.vms.size).toBe(0);
    expect(facts.deployed.size).toBe(0);
    expect([...facts.interfaces.keys()]).toEqual(['lo', 'enp1s0']);
  });

  it('leaves no process behind when the sandbox stops', async () => {
    stage.vms = { dies: { config: { 'boot.kernelParams': ['lab.die=60'] } } };
    await stage.deploy();
    await stage.call('arm', stage.id, '60');
    const processes = () =>
      execFileSync('ps', ['-A', '-o', 'args'], { encoding: 'utf8' })
        .split('\n')
        .filter((line) => line.includes(stage.host.root));
    expect(processes().length).toBeGreaterThan(0);
    await stage.stop();
    await new Promise((done) => setTimeout(done, 100));
    expect(processes()).toEqual([]);
  });
});
