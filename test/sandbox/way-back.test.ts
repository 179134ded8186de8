import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Stage } from './stage.ts';

describe('the way back of a deployment', () => {
  let stage: Stage;
  let first: ReadonlyMap<string, string>;
  const vm = async (name: string) => (await stage.facts()).vms.get(name);
  const invocations = async () =>
    new Map([...(await stage.facts()).vms].map(([name, seen]) => [name, seen.unit.invocation]));
  const own = () => stage.call('end', stage.id, 'rolled-back');
  let again: () => Promise<void>;
  beforeAll(async () => {
    stage = await Stage.start();
    stage.vms = { db1: {}, web1: {}, web2: {} };
    first = await stage.deploy();
    await stage.finish(first);
    again = await stage.keep();
  }, 360_000);
  afterAll(() => stage.stop());
  beforeEach(async () => {
    await again();
    await stage.begin();
  }, 180_000);

  it('changes nothing where nothing was changed, and says so', async () => {
    const before = await invocations();
    stage.vms.web1 = { packages: ['curl'] };
    await stage.call('receive', stage.id);
    expect(await stage.back()).toBe('back\tno 0\n');
    expect(await invocations()).toEqual(before);
    await stage.call('end', stage.id, 'untouched');
    expect((await stage.facts()).lock).toBeUndefined();
  });

  it('puts guests on the runner they ran on, and restarts no other', async () => {
    const before = await invocations();
    stage.vms.web1 = { packages: ['curl'] };
    const built = await stage.build('web1');
    await stage.update('web1');
    expect((await vm('web1'))?.booted).toBe(built.get('web1'));
    expect(await stage.back()).toBe('changed\nback\tno 0\nput-back\tweb1\n');
    const facts = await stage.until((f) => f.vms.get('web1')?.unit.active === 'active');
    expect(facts.vms.get('web1')).toMatchObject({
      current: first.get('web1'),
      booted: first.get('web1'),
    });
    const after = await invocations();
    for (const name of ['db1', 'web2']) expect(after.get(name)).toBe(before.get(name));
  });

  it('starts a guest that a step had stopped, and stops one that was not running before', async () => {
    await stage.step('vm-stop', 'web2', '2');
    await stage.call('end', stage.id, 'done');
    stage.next();
    await stage.begin();
    await stage.step('vm-stop', 'db1', '2');
    await stage.step('vm-start', 'web2');
    expect(await stage.back()).toBe('changed\nback\tno 0\nput-back\tdb1\n');
    await stage.until((f) => f.vms.get('db1')?.unit.active === 'active');
    expect((await vm('web2'))?.unit.active).toBe('inactive');
  });

  it('sets a vm aside that was new, and brings one back that was set aside, with its state', async () => {
    await stage.host.exec('echo data >"$FLEET_ROOT/var/lib/microvms/web2/var.img"');
    await stage.call('end', stage.id, 'untouched');
    stage.next();
    stage.vms = { db1: {}, new1: {}, web1: {}, web2: {} };
    await stage.begin();
    const built = await stage.build('hv1', 'new1');
    await stage.switchTo(built.get('hv1') as string);
    await stage.create('new1', built);
    await stage.step('vm-start', 'new1');
    await stage.step('vm-stop', 'web2', '2');
    await stage.step('vm-aside', stage.id, 'web2');
    expect([...(await stage.facts()).vms.keys()]).toEqual(['db1', 'new1', 'web1']);

    expect((await stage.back()).split('\n').filter(Boolean).sort()).toEqual([
      'back\tno 0',
      'changed',
      'put-back\tsystem.',
      'put-back\tweb2',
    ]);
    const facts = await stage.until((f) => f.vms.get('web2')?.unit.active === 'active');
    expect([...facts.vms.keys()]).toEqual(['db1', 'web1', 'web2']);
    expect([...facts.aside.keys()]).toEqual(['new1']);
    expect(facts.deployed.has('web2')).toBe(true);
    expect(facts).toMatchObject({
      currentSystem: first.get('hv1'),
      systemProfile: first.get('hv1'),
    });
    expect((await stage.host.exec('cat "$FLEET_ROOT/var/lib/microvms/web2/var.img"')).stdout).toBe(
      'data\n',
    );
    await own();
    expect(await stage.result()).toBe('rolled-back');
  });

  it('restarts networkd when a bridge was taken away, and the guests in it answer again', async () => {
    await stage.host.exec('rm -f "$FLEET_ROOT"/etc/systemd/network/*web1*');
    await stage.host.exec('ip link set vm-web1 nomaster');
    const built = await stage.build('hv1');
    await stage.step('switch', stage.id, built.get('hv1') as string, 'test', '-');
    await stage.step('bridges', stage.id, 'br-web1');
    await stage.back();
    await stage.until(
      (f) => f.answers.get(stage.address('web1')) === true,
      [stage.address('web1')],
    );
  });

  it('goes back to the runner that ran, though somebody had built another by hand', async () => {
    const own1 = first.get('web1') as string;
    await stage.call('end', stage.id, 'untouched');
    await stage.host.exec(
      `ln -sfn ${first.get('db1')} "$FLEET_ROOT/var/lib/microvms/web1/current"`,
    );
    stage.next();
    await stage.begin();
    await stage.step('vm-stop', 'web1', '2');
    await stage.back();
    const facts = await stage.until((f) => f.vms.get('web1')?.unit.active === 'active');
    expect(facts.vms.get('web1')).toMatchObject({ current: own1, booted: own1 });
  });

  it('puts the checkout back, too', async () => {
    const before = (await stage.facts()).checkout?.commit;
    await stage.build('web1');
    expect((await stage.facts()).checkout?.commit).not.toBe(before);
    await stage.back();
    expect((await stage.facts()).checkout).toMatchObject({ commit: before, branch: 'fleet' });
  });

  it('leaves a checkout that was not moved as it is, with what somebody edits there', async () => {
    const edited = '"$FLEET_ROOT/var/lib/fleet/repo/flake.nix"';
    await stage.host.exec(`echo '# by hand' >>${edited}`);
    expect(await stage.back()).toBe('back\tno 0\n');
    expect((await stage.host.exec(`tail -n 1 ${edited}`)).stdout).toBe('# by hand\n');
  });

  it('is not declared over before it has come to its end', async () => {
    stage.vms.web1 = { packages: ['curl'] };
    await stage.build('web1');
    await stage.update('web1');
    await stage.call('end', stage.id, 'rollback-failed');
    expect(await stage.result()).toBe('');
    expect((await stage.facts()).lock?.id).toBe(stage.id);
    await stage.back();
    await stage.call('end', stage.id, 'rolled-back');
    expect(await stage.result()).toBe('rolled-back');
  });

  it('says what it could not put back, and puts back the rest', async () => {
    stage.vms.web1 = { packages: ['curl'] };
    stage.vms.web2 = { packages: ['curl'] };
    await stage.build('web1', 'web2');
    await stage.update('web1');
    await stage.update('web2');
    await stage.host.exec(`rm -r ${first.get('web1')}`);
    const answer = await stage.back();
    expect(answer).toContain(
      `not-back\tthe former runner of web1, ${first.get('web1')}, is gone\n`,
    );
    await stage.until((f) => f.vms.get('web2')?.booted === first.get('web2'));
  });

  it('that is taken twice, or waited for, is one', async () => {
    stage.vms.web1 = { packages: ['curl'] };
    await stage.build('web1');
    await stage.update('web1');
    const [one, two] = await Promise.all([stage.back(), stage.back()]);
    // The one that is told a moment earlier may not have it in writing yet.
    expect(one).toMatch(/^changed\nback\tno 0\nput-back\tweb1\n/);
    expect(two).toMatch(/^changed\nback\tno 0\nput-back\tweb1\n/);
    const up = await stage.until((f) => f.vms.get('web1')?.unit.active === 'active');
    const invocation = up.vms.get('web1')?.unit.invocation;
    expect(await stage.back()).toMatch(/^changed\nback\tno 0\nput-back\tweb1\n/);
    expect((await vm('web1'))?.unit.invocation).toBe(invocation);
  });
});

describe('a deployment that nobody ends', () => {
  let stage: Stage;
  let again: () => Promise<void>;
  beforeAll(async () => {
    stage = await Stage.start();
    stage.vms = { web1: {} };
    again = await stage.keep();
  }, 180_000);
  afterAll(() => stage.stop());
  beforeEach(() => again());

  it('that changed nothing frees its lock', async () => {
    await stage.begin(2);
    await stage.until((f) => f.lock === undefined, [], 40);
    expect(await stage.result()).toBe('untouched');
    expect((await stage.facts()).open).toEqual([]);
  });

  it('goes on for as long as fleet is heard of', async () => {
    await stage.begin(6);
    for (let n = 0; n < 8; n++) {
      expect((await stage.call('renew', stage.id)).code).toBe(0);
      await new Promise((done) => setTimeout(done, 1000));
    }
    expect((await stage.facts()).lock?.id).toBe(stage.id);
    // Also when it is confirmed, and others are not yet.
    await stage.confirm(new Map());
    for (let n = 0; n < 8; n++) {
      expect((await stage.call('renew', stage.id)).code).toBe(0);
      await new Promise((done) => setTimeout(done, 1000));
    }
    expect((await stage.facts()).lock).toMatchObject({ id: stage.id, decided: 'confirmed' });
    await stage.until((f) => f.lock === undefined, [], 40);
    expect(await stage.result()).toBe('done');
    expect(await stage.back()).toBe('result\tdone\n');
  }, 270_000);

  it('that was confirmed is finished: what is deployed is written down', async () => {
    const built = await stage.deploy();
    await stage.finish(built);
    stage.vms.web1 = { packages: ['curl'] };
    await stage.begin(6);
    const next = await stage.build('web1');
    await stage.update('web1');
    expect((await stage.confirm(next)).code).toBe(0);
    await stage.until((f) => f.lock === undefined, [], 40);
    expect(await stage.result()).toBe('done');
    const facts = await stage.facts();
    expect(facts.deployed.get('web1')?.path).toBe(next.get('web1'));
    expect(facts.vms.get('web1')?.booted).toBe(next.get('web1'));
  }, 180_000);

  it('whose confirmation did not arrive whole is not confirmed', async () => {
    await stage.begin();
    const { stderr } = await stage.callWith('fleet\texample\nrecord\tweb1\t', 'confirm', stage.id);
    expect(stderr).toContain('fleet-error\tconfirm.cut');
    expect((await stage.facts()).lock?.decided).toBeUndefined();
  });

  it('is put in order by the next one that begins, when its hypervisor lost its timers', async () => {
    const built = await stage.deploy();
    await stage.finish(built);
    const dead = stage.id;
    await stage.begin();
    stage.vms.web1 = { packages: ['curl'] };
    await stage.build('web1');
    await stage.update('web1');
    await stage.host.exec(`systemctl stop fleet-back-${dead}.timer`);
    expect((await stage.facts()).lock).toMatchObject({ id: dead, atWork: false });
    stage.next();
    const { code, stderr } = await stage.begin();
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('finished or rolled back first'),
    });
    expect(await stage.result(dead)).toBe('rolled-back');
    const facts = await stage.until((f) => f.vms.get('web1')?.unit.active === 'active');
    expect(facts.vms.get('web1')?.booted).toBe(built.get('web1'));
    expect(facts.lock?.id).toBe(stage.id);
  }, 180_000);
});
