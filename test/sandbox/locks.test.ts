import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseHolder } from '../../src/host/answers/holder.ts';
import { LockHeld, lock } from '../../src/host/hypervisor/deployment.ts';
import { type Restart, restartVm } from '../../src/host/hypervisor/operation.ts';
import { asStep, script } from '../../src/host/scripts.ts';
import { Stage } from './stage.ts';

describe('operations and deployments on one hypervisor', { timeout: 360_000 }, () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.start();
    stage.vms = {
      web1: {},
      web2: {},
      hangs: { config: { boot: { kernelParams: ['lab.hang-stop'] } } },
    };
    await stage.finish(await stage.deploy());
    await stage.until((facts) =>
      [...facts.vms.values()].every((vm) => vm.unit.active === 'active'),
    );
  }, 360_000);
  afterAll(() => stage.stop());
  afterEach(async () => {
    if ((await stage.result()) === '') await stage.call('end', stage.id, 'untouched');
    stage.next();
  });

  const newId = () => `op-${randomBytes(4).toString('hex')}`;
  const restart = async (vm: string, more: Partial<Restart> = {}) =>
    restartVm(await stage.connect(), {
      ...{ id: newId(), operator: 'ada@desk', vm, lockTimeout: 0 },
      ...{ stopTimeout: 5000, limit: 60_000, ...more },
    });
  const hold = async () => lock(await stage.connect(), stage.id, 60_000);
  const lives = async () => {
    const { vms } = await stage.facts();
    return new Map([...vms].map(([name, vm]) => [name, vm.unit.invocation]));
  };
  const operation = (id: string) => `"$FLEET_ROOT/var/lib/fleet/operations/${id}"`;
  const lockFile = (name: string) => `"$FLEET_ROOT/run/fleet/locks/${name}"`;
  /** Until an operation has its vm. */
  const begun = (vm: string) =>
    stage.succeeds(
      `[ -e ${lockFile(vm)} ] && ! flock -n -x ${lockFile(vm)} true && ! flock -n -x ${lockFile('hypervisor.')} true`,
    );
  const isFree = async (name: string) =>
    (await stage.host.exec(`flock -n -x ${lockFile(name)} true`)).code === 0;

  it('a restart gives the guest a new life, and is done and recorded once for each id', async () => {
    const before = await lives();
    const id = newId();
    expect(await restart('web1', { id })).toEqual({
      isKilled: false,
      strays: [],
      runsAlready: false,
    });
    const after = await lives();
    expect(after.get('web1')).not.toBe(before.get('web1'));
    expect(after.get('web2')).toBe(before.get('web2'));
    const record = await stage.host.exec(`cd ${operation(id)} && cat meta result`);
    expect(record.stdout).toMatch(
      /^operator\tada@desk\nkind\trestart\nvm\tweb1\nstarted\t\d+\nended\t\d+\n0\n$/,
    );
    await expect(restart('web1', { id })).rejects.toMatchObject({ code: 'operation.known' });
    expect(await lives()).toEqual(after);
    expect(await isFree('hypervisor.')).toBe(true);
    expect(await isFree('web1')).toBe(true);
  });

  it('a restart of a guest that was seen ill leaves another life of it alone', async () => {
    const before = await lives();
    expect(await restart('web1', { life: 'another' })).toMatchObject({ runsAlready: true });
    expect(await lives()).toEqual(before);
    await restart('web1', { life: before.get('web1') as string });
    expect((await lives()).get('web1')).not.toBe(before.get('web1'));
  });

  it('restarts of two guests go side by side; of the same guest the second waits for the first', async () => {
    const before = await lives();
    const lockTimeout = 30_000;
    await Promise.all([
      restart('web1', { lockTimeout }),
      restart('web2'),
      restart('web1', { lockTimeout }),
    ]);
    const after = await lives();
    for (const name of ['web1', 'web2']) expect(after.get(name)).not.toBe(before.get(name));
    expect(await isFree('web1')).toBe(true);
  });

  it('a deployment that builds keeps no restart waiting; one that changes names itself, to its end', async () => {
    expect((await stage.begin()).code).toBe(0);
    await restart('web2');
    expect(await hold()).toEqual(['web2']);
    const before = await lives();
    const error = await restart('web1').catch((e: unknown) => e);
    expect(error).toBeInstanceOf(LockHeld);
    expect(error).toMatchObject({ holder: { id: stage.id, owner: 'me@desk', operation: 'apply' } });
    await stage.step('vm-stop', 'web2', '5');
    await expect(restart('web1')).rejects.toBeInstanceOf(LockHeld);
    expect((await lives()).get('web1')).toBe(before.get('web1'));
    await stage.back();
    await expect(restart('web1')).rejects.toBeInstanceOf(LockHeld);
    await stage.call('end', stage.id, 'rolled-back');
    await restart('web1');
  });

  it('a restart waits for no build that is going on', async () => {
    expect((await stage.begin()).code).toBe(0);
    const words = [stage.id, '900', 'try', '60', 'build'];
    const step = (await stage.connect()).run(script('step'), words, {
      stdin: asStep('until [ -e "$FLEET_ROOT/tmp/restarted" ]; do sleep 0.1; done'),
    });
    await stage.succeeds(`systemctl is-active -q fleet-${stage.id}-900.service`);
    await restart('web1');
    await stage.host.exec(': >"$FLEET_ROOT/tmp/restarted"');
    expect((await step).code).toBe(0);
  });

  it('a restart waits for a switch that is going on, and for the end of its deployment', async () => {
    const plain = stage.hypervisor;
    expect((await stage.begin()).code).toBe(0);
    stage.hypervisor = { config: { 'system.activationScripts.slow': 'sleep 2' } };
    const next = (await stage.build('hv1')).get('hv1') as string;
    stage.hypervisor = plain;
    const before = await lives();
    const step = stage.step('switch', stage.id, next, 'test', '-');
    await stage.succeeds('test -e "$FLEET_ROOT/run/nixos/switch-to-configuration.lock"');
    const waiting = restart('web1', { lockTimeout: 60_000 });
    await step;
    await stage.back();
    expect((await lives()).get('web1')).toBe(before.get('web1'));
    await stage.call('end', stage.id, 'rolled-back');
    await waiting;
    expect((await lives()).get('web1')).not.toBe(before.get('web1'));
  });

  it('a step that changes something waits by itself, and keeps its own limit and name', async () => {
    expect((await stage.begin()).code).toBe(0);
    const held = stage.host.exec(`flock -s ${lockFile('hypervisor.')} sleep 2`);
    await stage.succeeds(`! flock -n -x ${lockFile('hypervisor.')} true`);
    const started = Date.now();
    await stage.step('vm-stop', 'web2', '5');
    expect(Date.now() - started).toBeGreaterThan(1000);
    await held;
    await expect(restart('web1')).rejects.toBeInstanceOf(LockHeld);
    await stage.back();
    await stage.call('end', stage.id, 'rolled-back');
    await stage.until(({ vms }) => vms.get('web2')?.unit.active === 'active');
  });

  it('a fleet that knows of no operations has the hypervisor from its beginning', async () => {
    expect((await stage.begin()).code).toBe(0);
    await stage.host.exec(
      `cd "$FLEET_ROOT/var/lib/fleet/deployments/${stage.id}" && sed -i.old '/^locks/d' meta`,
    );
    await expect(restart('web1')).rejects.toMatchObject({ holder: { id: stage.id } });
  });

  it('a guest that was restarted while a deployment built goes back to what it was restarted on', async () => {
    expect((await stage.begin()).code).toBe(0);
    const former = (await stage.facts()).vms.get('web2')?.booted;
    stage.vms = { ...stage.vms, web2: { packages: ['htop'] } };
    const built = (await stage.build('web2')).get('web2') as string;
    await stage.host.exec(`ln -sfn ${built} "$FLEET_ROOT/var/lib/microvms/web2/current"`);
    await restart('web2');
    expect(await hold()).toEqual(['web2']);
    await stage.step('vm-set', 'web2', former as string, '5', 'run');
    await stage.back();
    await stage.call('end', stage.id, 'rolled-back');
    const { vms } = await stage.until((facts) => facts.vms.get('web2')?.booted === built);
    expect(vms.get('web2')?.current).toBe(built);
  });

  it('a guest that is being restarted while a deployment begins goes back to running', async () => {
    const under = restart('hangs', { stopTimeout: 4000 });
    await begun('hangs');
    expect((await stage.begin()).code).toBe(0);
    await under;
    expect(await hold()).toEqual(['hangs']);
    await stage.step('vm-stop', 'hangs', '0');
    await stage.back();
    await stage.call('end', stage.id, 'rolled-back');
    await stage.until(({ vms }) => vms.get('hangs')?.unit.active === 'active');
  });

  it('a restart that is over its limit is ended, and its locks are free', async () => {
    const ended = restart('hangs', { stopTimeout: 60_000, limit: 3000 });
    await expect(ended).rejects.toMatchObject({
      code: 'operation.ended',
      message: expect.stringMatching(
        /^restart hangs was ended from outside, or ran longer than 3 s: see journalctl -u fleet-operation-/,
      ),
    });
    expect(await isFree('hypervisor.')).toBe(true);
    expect(await restart('hangs', { stopTimeout: 0 })).toMatchObject({ isKilled: true });
  });

  it('a restart that is killed while its guest stops leaves that to systemd, which starts it again', async () => {
    const id = newId();
    const before = await lives();
    const under = restart('hangs', { id, stopTimeout: 90_000, limit: 100_000 });
    const ended = expect(under).rejects.toMatchObject({ code: 'operation.ended' });
    await begun('hangs');
    await stage.until(({ vms }) => vms.get('hangs')?.unit.active === 'deactivating');
    await stage.world.hosts[0]?.killUnit(`fleet-operation-${id}.service`);
    await ended;
    expect(await isFree('hangs')).toBe(true);
    // As systemd does it by itself after TimeoutStopSec.
    await stage.host.exec('systemctl kill --signal=KILL microvm@hangs.service');
    await stage.until(({ vms }) => vms.get('hangs')?.unit.active === 'active');
    expect((await lives()).get('hangs')).not.toBe(before.get('hangs'));
  });

  it('a deployment names an operation that does not end in time; killed, that one frees its locks', async () => {
    const id = newId();
    const under = restart('hangs', { id, stopTimeout: 90_000, limit: 100_000 });
    const ended = expect(under).rejects.toMatchObject({ code: 'operation.ended' });
    await begun('hangs');
    expect((await stage.begin()).code).toBe(0);
    await expect(hold()).rejects.toMatchObject({
      code: 'lock.operation',
      message: `restart hangs of ada@desk (operation ${id}) still holds hv1: nothing was changed there`,
    });
    await expect(restart('web1')).rejects.toBeInstanceOf(LockHeld);
    await stage.call('end', stage.id, 'untouched');
    await stage.world.hosts[0]?.killUnit(`fleet-operation-${id}.service`);
    await ended;
    expect(await isFree('hypervisor.')).toBe(true);
    expect(await restart('hangs', { stopTimeout: 0 })).toMatchObject({ isKilled: true });
  });

  it('an operation waits for what the hypervisor itself does to a guest, and can say what it is', async () => {
    const { host } = stage;
    const own = ['lib', 'deployments', 'before', 'locks']
      .map((name) => readFileSync(`src/host/scripts/${name}.sh`, 'utf8'))
      .join('\n');
    const held = host.exec(
      `${own}\ntry_lock_vm web1 restart && echo $$ >"$R/tmp/own" && exec sleep 60`,
    );
    await stage.succeeds('[ -s "$FLEET_ROOT/tmp/own" ]');
    const row = await host.exec(`${own}\nown_row web1`);
    expect(parseHolder(row.stdout.trim())).toMatchObject({
      ...{ id: '-', owner: 'the hypervisor itself', operation: 'restart web1' },
    });
    const before = await lives();
    const waiting = restart('web1');
    await expect(
      Promise.race([waiting, new Promise((done) => setTimeout(done, 4000, 'waits'))]),
    ).resolves.toBe('waits');
    await host.exec('kill -9 "$(cat "$FLEET_ROOT/tmp/own")"');
    await held;
    await waiting;
    expect((await lives()).get('web1')).not.toBe(before.get('web1'));
  });

  it("a lock that some other process has is nobody's by name, and free when that is killed", async () => {
    const held = stage.host.exec(
      `exec 9>>${lockFile('web1')}; flock -x 9; echo $$ >"$FLEET_ROOT/tmp/holder"; exec sleep 60`,
    );
    await stage.succeeds('[ -s "$FLEET_ROOT/tmp/holder" ]');
    await expect(restart('web1')).rejects.toMatchObject({
      code: 'lock.held',
      holder: { owner: 'somebody' },
    });
    await stage.host.exec('kill -9 "$(cat "$FLEET_ROOT/tmp/holder")"');
    await held;
    await restart('web1');
  });
});
