import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { baseOf, bridgeUnder, parseGenerations } from '../../src/host/answers/generations.ts';
import { Stage } from './stage.ts';

describe('switching a hypervisor', () => {
  let stage: Stage;
  let first: string;
  const current = async () => (await stage.facts()).currentSystem;
  const test = (toplevel: string) => stage.step('switch', stage.id, toplevel, 'test', '-');
  beforeEach(async () => {
    stage = await Stage.start();
    first = (await current()) as string;
  }, 180_000);
  afterEach(() => stage.stop());

  it('is put back when fleet is not heard of in time, and not once it is confirmed', async () => {
    await stage.begin(4);
    const built = await stage.build('hv1');
    const next = built.get('hv1') as string;
    expect(await test(next)).toContain('switched\t0');
    await stage.until((f) => f.lock === undefined, [], 40);
    expect(await current()).toBe(first);
    expect(await stage.result()).toBe('rolled-back');
    expect(await stage.back()).toMatch(
      /^alone\n(?:vm\t.*\n|target\t.*\n)*changed\nresult\trolled-back\nback\tno 0\nput-back\tsystem\.\n$/m,
    );
    expect((await stage.confirm(built)).stderr).toContain('fleet-error\tback.taken');
    expect((await stage.call('renew', stage.id)).stderr).toContain('fleet-error\tback.taken');
    expect((await stage.tryStep('vm-start', 'x')).stderr).toContain('fleet-error\tback.taken');

    stage.next();
    await stage.begin();
    await stage.switchTo(next);
    expect((await stage.confirm(built)).code).toBe(0);
    expect((await stage.confirm(built)).stderr).toContain('fleet-error\tconfirm.already');
    await stage.call('end', stage.id, 'done');
    expect(await current()).toBe(next);
    expect((await stage.host.exec('systemctl list-units')).stdout).not.toContain('fleet-back');
  });

  it('that hangs holds the lock until the way back stops it', async () => {
    await stage.begin();
    stage.hypervisor = { config: { 'system.activationScripts.slow': 'sleep 60' } };
    const next = (await stage.build('hv1')).get('hv1') as string;
    const step = stage.tryStep('switch', stage.id, next, 'test', '-');
    await stage.succeeds('test -e "$FLEET_ROOT/run/nixos/switch-to-configuration.lock"');
    const other = await stage.host.exec(`${first}/bin/switch-to-configuration test`);
    expect(other).toMatchObject({ code: 1, stderr: 'Could not acquire lock\n' });
    expect(await stage.back()).toBe('changed\nback\tno 0\nput-back\tsystem.\n');
    expect((await step).stderr).toMatch(/fleet-error\t(back\.taken|step\.ended)/);
    expect(await current()).toBe(first);
  });

  it('goes back from a boot default that was set already, also after the confirmation', async () => {
    await stage.begin();
    const built = await stage.build('hv1');
    const next = built.get('hv1') as string;
    await stage.switchTo(next);
    await stage.confirm(built);
    expect((await stage.facts()).systemProfile).toBe(next);
    expect(await stage.back()).toBe('changed\nback\tno 0\nput-back\tsystem.\n');
    expect(await stage.facts()).toMatchObject({ currentSystem: first, systemProfile: first });
    expect((await stage.host.exec('readlink "$FLEET_ROOT/sandbox/boot-default"')).stdout).toBe(
      `${first}\n`,
    );
    await stage.call('end', stage.id, 'rolled-back');
    expect((await stage.facts()).deployed.size).toBe(0);
  });

  it('without its hardware cuts the link; the way back restores it', async () => {
    await stage.begin(5);
    stage.hypervisor = { modules: [] };
    const next = (await stage.build('hv1')).get('hv1') as string;
    await expect(test(next)).rejects.toThrow('lost');
    stage.disconnect();
    await expect(stage.connect()).rejects.toThrow();
    await vi.waitFor(() => stage.connect(), { timeout: 40_000, interval: 200 });
    expect(await current()).toBe(first);
  }, 180_000);

  it('exits with 4 when a unit failed', async () => {
    await stage.begin();
    stage.hypervisor = { config: { 'systemd.services.broken.script': 'exit 1' } };
    const next = (await stage.build('hv1')).get('hv1') as string;
    expect(await stage.switchTo(next)).toContain('switched\t4');
    expect((await stage.facts()).failedUnits).toEqual(['broken.service']);
  });

  it('makes generations that can be listed and returned to', async () => {
    await stage.begin();
    const next = (await stage.build('hv1')).get('hv1') as string;
    await stage.switchTo(next);
    const { stdout } = await stage.call('generations');
    const system = stdout.split('\n').filter((line) => line.startsWith('generation\tsystem.'));
    expect(
      system.map((line) => line.split('\t')).map(([, , n, path, , now]) => [n, path, now]),
    ).toEqual([
      ['1', first, 'no'],
      ['2', next, 'yes'],
    ]);
    await stage.host.exec('nix-env -p "$FLEET_ROOT/nix/var/nix/profiles/system" --rollback');
    expect((await stage.facts()).systemProfile).toBe(first);
  });

  it('tells the network of each system, and how runners are reached that fleet has not deployed', async () => {
    stage.vms = { web1: {} };
    await stage.deploy();
    const runner = (await stage.facts()).vms.get('web1')?.current as string;
    await stage.host.exec(`cd "$FLEET_ROOT" && mkdir -p var/lib/fleet/profiles &&
      ln -s ${runner} var/lib/fleet/profiles/web1-1-link && ln -s web1-1-link var/lib/fleet/profiles/web1 &&
      guest=$(readlink ${runner}/share/microvm/system) &&
      mkdir -p "$guest/etc/systemd/network" ${first}/etc/systemd/system &&
      echo Address=10.1.0.9/24 >"$guest/etc/systemd/network/10.network" &&
      : >${first}/etc/systemd/system/install-microvm-old.service`);
    const known = parseGenerations((await stage.call('generations')).stdout);
    const system = known.systems.get(baseOf((await current()) as string));
    expect(system).toMatchObject({ bridges: ['br-web1'], declares: [] });
    expect(bridgeUnder(system, 'vm-web1')).toBe('br-web1');
    expect(known.systems.get(baseOf(first))?.declares).toEqual(['old']);
    expect(known.runners.get(baseOf(runner))).toEqual({
      taps: ['vm-web1'],
      addresses: ['10.1.0.9'],
      virtiofs: true,
    });
  });

  it('moves TAPs to the bridge that the new system has for them, a moment later', async () => {
    await stage.begin();
    stage.vms = { web1: {} };
    const built = await stage.build('hv1', 'web1');
    await stage.switchTo(built.get('hv1') as string);
    await stage.create('web1', built);
    await stage.step('vm-start', 'web1');
    await stage.until((f) => f.interfaces.get('vm-web1')?.master === 'br-web1');
    await stage.host.exec('ip link set vm-web1 nomaster');
    await stage.host.exec(`${await current()}/bin/switch-to-configuration test`);
    await stage.until((f) => f.interfaces.get('vm-web1')?.master === 'br-web1');
  });
});
