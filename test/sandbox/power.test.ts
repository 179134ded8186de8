import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Facts } from '../../src/model/facts.ts';
import { Stage } from './stage.ts';

describe('the power of a hypervisor', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.start();
    stage.vms = { db1: {}, off1: { state: 'stopped' } };
  }, 180_000);
  afterEach(() => stage.stop());

  it('comes back with the boot default and the guests of its autostart list', async () => {
    const built = await stage.deploy();
    await stage.finish(built);
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
    const processes = () =>
      execFileSync('ps', ['-A', '-o', 'args'], { encoding: 'utf8' })
        .split('\n')
        .filter((line) => line.includes(stage.host.root));
    expect(processes().length).toBeGreaterThan(0);
    await stage.stop();
    await new Promise((done) => setTimeout(done, 500));
    expect(processes()).toEqual([]);
  });
});

describe('a power cut in the middle of a deployment', { timeout: 360_000 }, () => {
  let stage: Stage;
  let old: ReadonlyMap<string, string>;
  let built: ReadonlyMap<string, string>;
  const names = ['db1', 'web1', 'web2'];
  const address = () => stage.address('web1');
  const deployed = (facts: Facts) => facts.deployed.get('web1')?.path;
  /** What each guest would boot, and runs on. */
  const runners = (facts: Facts) =>
    names.flatMap((name) => [facts.vms.get(name)?.current, facts.vms.get(name)?.booted]);
  const all = (of: ReadonlyMap<string, string>) =>
    names.flatMap((name) => [of.get(name), of.get(name)]);

  let again: () => Promise<void>;
  beforeAll(async () => {
    stage = await Stage.start();
    stage.vms = { db1: {}, web1: {}, web2: {} };
    old = await stage.deploy();
    await stage.finish(old);
    stage.hypervisor = { packages: ['tmux'] };
    for (const name of names) stage.vms[name] = { packages: ['curl'] };
    await stage.begin();
    built = await stage.build('hv1', ...names);
    for (const [name, path] of built) expect(path, name).not.toBe(old.get(name));
    again = await stage.keep();
  }, 360_000);
  afterAll(() => stage.stop());
  beforeEach(() => again());

  /** Cuts the power, boots, and looks when web1 answers again. */
  async function powerCut(): Promise<Facts> {
    await stage.host.kill();
    stage.disconnect();
    await stage.host.boot();
    return stage.until((f) => f.answers.get(address()) === true, [address()]);
  }

  it('before anything was changed: it is over, and nothing was', async () => {
    const facts = await powerCut();
    expect(runners(facts)).toEqual(all(old));
    expect(facts.lock).toBeUndefined();
    expect(await stage.result()).toBe('untouched');
  });

  it('between two guests: all of them boot what they ran on before', async () => {
    await stage.step('switch', stage.id, built.get('hv1') as string, 'test', '-');
    await stage.update('db1');
    await stage.update('web1');
    const facts = await powerCut();
    expect(runners(facts)).toEqual(all(old));
    expect(facts).toMatchObject({
      currentSystem: old.get('hv1'),
      systemProfile: old.get('hv1'),
      lock: undefined,
      open: [],
    });
    expect(deployed(facts)).toBe(old.get('web1'));
    expect(await stage.result()).toBe('rolled-back');
  });

  it('with a guest that was new, and one set aside: the one is gone, the other is there', async () => {
    await stage.call('end', stage.id, 'untouched');
    stage.next();
    stage.vms = { db1: {}, new1: {}, web1: {}, web2: {} };
    await stage.begin();
    const built = await stage.build('new1');
    await stage.create('new1', built);
    await stage.step('vm-start', 'new1');
    await stage.step('vm-stop', 'web2', '2');
    await stage.step('vm-aside', stage.id, 'web2');
    const facts = await powerCut();
    expect([...facts.vms.keys()]).toEqual(names);
    expect([...facts.aside.keys()]).toEqual(['new1']);
    expect(runners(facts)).toEqual(all(old));
  });

  it('in the middle of a step: the step is not gone on with', async () => {
    const step = stage.tryStep('vm-stop', 'web1', '60').catch(() => undefined);
    await stage.succeeds(`test -e "$FLEET_ROOT/var/lib/fleet/deployments/${stage.id}/changing"`);
    const facts = await powerCut();
    await step;
    expect(runners(facts)).toEqual(all(old));
    expect(facts.lock).toBeUndefined();
  });

  it('after the boot default was set: it boots the new system, goes back and reboots', async () => {
    await stage.switchTo(built.get('hv1') as string);
    for (const name of names) await stage.update(name);
    const facts = await powerCut();
    expect(facts).toMatchObject({
      currentSystem: old.get('hv1'),
      bootedSystem: old.get('hv1'),
      systemProfile: old.get('hv1'),
      lock: undefined,
    });
    expect(runners(facts)).toEqual(all(old));
    expect(await stage.result()).toBe('rolled-back');
    const folder = `"$FLEET_ROOT/var/lib/fleet/deployments/${stage.id}"`;
    expect((await stage.host.exec(`test -e ${folder}/rebooted`)).code).toBe(0);
  });

  it('between the rows and the confirmation itself: it was not confirmed', async () => {
    await stage.update('web1');
    const rows = `fleet\texample\nrecord\tweb1\tprint\t${built.get('web1')}\t-\tc\tnew\t-\nend\n`;
    await stage.host.exec(
      `printf '${rows.replaceAll('\t', '\\t').replaceAll('\n', '\\n')}' >"$FLEET_ROOT/var/lib/fleet/deployments/${stage.id}/after"`,
    );
    const facts = await powerCut();
    expect(runners(facts)).toEqual(all(old));
    expect(deployed(facts)).toBe(old.get('web1'));
  });

  it('on the way back: it goes on with it at boot', async () => {
    for (const name of names) await stage.update(name);
    const asked = stage.back().catch(() => 'lost');
    await stage.succeeds(`test -L "$FLEET_ROOT/var/lib/fleet/deployments/${stage.id}/decided"`);
    const facts = await powerCut();
    await asked;
    expect(runners(facts)).toEqual(all(old));
    expect(facts.lock).toBeUndefined();
  });

  it('twice: at the second boot there is nothing left to do', async () => {
    await stage.update('web1');
    const once = await powerCut();
    expect(runners(once)).toEqual(all(old));
    const journal = `cat "$FLEET_ROOT/var/lib/fleet/deployments/${stage.id}/journal"`;
    const told = (await stage.host.exec(journal)).stdout;
    expect(runners(await powerCut())).toEqual(all(old));
    expect((await stage.host.exec(journal)).stdout).toBe(told);
  });

  it('after the confirmation, before the end: everything is new, and written down', async () => {
    await stage.switchTo(built.get('hv1') as string);
    for (const name of names) await stage.update(name);
    expect((await stage.confirm(built)).code).toBe(0);
    expect(deployed(await stage.facts())).toBe(old.get('web1'));
    const facts = await powerCut();
    expect(facts).toMatchObject({
      currentSystem: built.get('hv1'),
      bootedSystem: built.get('hv1'),
      systemProfile: built.get('hv1'),
      lock: undefined,
      open: [],
    });
    expect(runners(facts)).toEqual(all(built));
    for (const name of names) expect(facts.deployed.get(name)?.path).toBe(built.get(name));
    expect([facts.gone.size, facts.unrooted.size]).toEqual([0, 0]);
    expect(await stage.result()).toBe('done');
  });
});

describe('a power cut on a host that fleet deploys to for the first time', {
  timeout: 360_000,
}, () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.start();
    stage.vms = { web1: {} };
  }, 180_000);
  afterEach(() => stage.stop());

  it('takes back a system that was only tried; the next deployment puts the rest in order', async () => {
    const first = (await stage.facts()).currentSystem;
    await stage.begin();
    const built = await stage.build('hv1', 'web1');
    await stage.step('switch', stage.id, built.get('hv1') as string, 'test', '-');
    await stage.create('web1', built);
    await stage.host.kill();
    await stage.host.boot();
    stage.disconnect();
    const facts = await stage.facts();
    expect(facts.currentSystem).toBe(first);
    // Nothing recovers there yet.
    expect(facts.lock).toMatchObject({ id: stage.id, atWork: false });
    const dead = stage.id;
    stage.next();
    expect((await stage.begin()).code).toBe(0);
    expect(await stage.result(dead)).toBe('rolled-back');
    expect((await stage.facts()).vms.size).toBe(0);
  });

  it('or `unlock` does', async () => {
    await stage.begin();
    await stage.build('web1');
    expect((await stage.call('unlock', stage.id)).stderr).toContain('fleet-error\tunlock.at-work');
    await stage.host.kill();
    await stage.host.boot();
    stage.disconnect();
    expect((await stage.call('unlock', stage.id)).stdout).toBe('result\tuntouched\n');
    expect((await stage.facts()).lock).toBeUndefined();
  });
});
