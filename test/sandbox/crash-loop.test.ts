import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Vm } from '../../src/model/fleet.ts';
import { Stage } from './stage.ts';

/** Its runner ends as soon as it starts, with another store path for each `packages`. */
const crashes = (...packages: string[]): Partial<Vm> => ({
  packages,
  config: { 'boot.kernelParams': ['lab.die=0'] },
});

/** virtiofsd takes so long that the moment between two tries can be met. */
async function slowVirtiofsd(stage: Stage, seconds: number): Promise<void> {
  await stage.host.exec(`echo ${seconds} >"$FLEET_ROOT/sandbox/virtiofsd-seconds"`);
}

describe('a guest that crashes', () => {
  let stage: Stage;
  let first: ReadonlyMap<string, string>;
  const vm = async (name: string) => (await stage.facts()).vms.get(name);
  /** Inactive, with a start that waits for virtiofsd. */
  const betweenTries = async (name: string) => {
    await stage.until(
      (f) =>
        f.vms.get(name)?.unit.active === 'inactive' &&
        f.vms.get(name)?.virtiofsd.active === 'activating',
    );
    const { stdout } = await stage.host.exec('systemctl list-jobs --no-legend');
    expect(stdout).toMatch(`microvm@${name}.service start waiting`);
  };
  /** Nothing of it starts any more. */
  const staysDown = async (name: string) => {
    await new Promise((done) => setTimeout(done, 2500));
    const { stdout } = await stage.host.exec(
      `systemctl list-units --plain --no-legend 'microvm*@${name}.service'; systemctl list-jobs`,
    );
    expect(stdout).toBe('');
  };
  beforeEach(async () => {
    stage = await Stage.start();
    stage.vms = { db1: {}, web1: {} };
    first = await stage.deploy();
    await stage.finish(first);
    await slowVirtiofsd(stage, 2);
    await stage.begin();
  }, 360_000);
  afterEach(() => stage.stop());

  it('goes back to what it was before, from whatever moment of its loop, and leaves no unit behind', async () => {
    await stage.call('end', stage.id, 'untouched');
    await stage.host.exec('mkdir "$FLEET_ROOT/var/lib/microvms/old1"');
    stage.next();
    // One that ran well, one whose folder had no runner, and one that is new.
    stage.vms = { db1: {}, new1: crashes(), old1: crashes(), web1: crashes() };
    await stage.begin();
    const built = await stage.build('new1', 'old1', 'web1');
    await stage.update('web1');
    await stage.update('old1');
    await stage.create('new1', built);
    await stage.tryStep('vm-start', 'new1');
    await betweenTries('new1');
    expect(await stage.back()).toContain('put-back\tweb1\n');
    await stage.until((f) => f.vms.get('web1')?.unit.active === 'active');
    await staysDown('new1');
    await staysDown('old1');
    const { aside, interfaces, vms } = await stage.facts();
    const runner = first.get('web1');
    expect(vms.get('web1')).toMatchObject({ current: runner, booted: runner });
    expect(vms.get('old1')).toMatchObject({ current: undefined, booted: undefined });
    expect([vms.has('new1'), aside.has('new1'), interfaces.has('vm-new1')]).toEqual([
      false,
      true,
      false,
    ]);
  }, 180_000);

  it('that was in its loop before goes back to what was deployed, never to a booted that nobody saw well', async () => {
    await stage.call('end', stage.id, 'untouched');
    // As a roll-back that went wrong leaves it: the runner of before is current, the bad one booted.
    stage.next();
    await stage.begin();
    stage.vms.web1 = crashes();
    const bad = await stage.build('web1');
    await stage.call('end', stage.id, 'untouched');
    const folder = '"$FLEET_ROOT/var/lib/microvms/web1"';
    await stage.host.exec(`ln -sfn ${bad.get('web1')} ${folder}/booted`);
    stage.next();
    await stage.begin();
    stage.vms.web1 = crashes('curl');
    await stage.build('web1');
    await stage.update('web1');
    await stage.back();
    await stage.until((f) => f.vms.get('web1')?.unit.active === 'active');
    expect(await vm('web1')).toMatchObject({
      current: first.get('web1'),
      booted: first.get('web1'),
    });
  }, 180_000);

  it('and is none of a deployment’s business is left as it is', async () => {
    await stage.call('end', stage.id, 'untouched');
    stage.vms.db1 = crashes();
    stage.next();
    await stage.begin();
    const built = await stage.build('db1');
    await stage.update('db1');
    await stage.confirm(built);
    await stage.call('end', stage.id, 'done');
    await betweenTries('db1');
    stage.next();
    const { db1, ...others } = stage.vms;
    stage.vms = others;
    await stage.begin();
    await stage.step('vm-stop', 'web1', '2');
    stage.vms = { db1, ...others } as Record<string, Partial<Vm>>;
    expect(await stage.back()).not.toContain('put-back\tdb1');
    expect((await vm('db1'))?.current).toBe(built.get('db1'));
  }, 180_000);
});
