import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Stage } from './stage.ts';

describe('switching a hypervisor', () => {
  let stage: Stage;
  let first: string;
  const current = async () => (await stage.facts()).currentSystem;
  beforeEach(async () => {
    stage = await Stage.start();
    await stage.begin();
    first = (await current()) as string;
  }, 60_000);
  afterEach(() => stage.stop());

  it('is put back by the timer, and not once it is disarmed', async () => {
    const next = (await stage.build('hv1')).get('hv1') as string;
    await stage.call('arm', stage.id, '60');
    expect(await stage.step('switch', next, 'test', stage.id, '3')).toContain('switched\t0');
    await stage.until((f) => f.currentSystem === first, [], 10);
    expect((await stage.call('back', stage.id, 'wait', '5')).stdout).toBe('back\t0 0\n');
    expect((await stage.call('disarm', stage.id)).stderr).toContain('fleet-error\tback.taken');

    await stage.call('arm', stage.id, '60');
    await stage.step('switch', next, 'test', stage.id, '30');
    expect((await stage.call('disarm', stage.id)).code).toBe(0);
    expect(await current()).toBe(next);
    expect((await stage.host.exec('systemctl list-units')).stdout).not.toContain('fleet-back');
  });

  it('that hangs holds the lock until the way back stops it', async () => {
    stage.hypervisor = { config: { 'system.activationScripts.slow': 'sleep 60' } };
    const next = (await stage.build('hv1')).get('hv1') as string;
    await stage.call('arm', stage.id, '3');
    const step = stage.tryStep('switch', next, 'test', stage.id, '60');
    await stage.succeeds('test -e "$FLEET_ROOT/run/nixos/switch-to-configuration.lock"');
    const other = await stage.host.exec(`${first}/bin/switch-to-configuration test`);
    expect(other).toMatchObject({ code: 1, stderr: 'Could not acquire lock\n' });
    expect((await step).stderr).toContain('fleet-error\tstep.ended');
    expect((await stage.call('back', stage.id, 'wait', '5')).stdout).toBe('back\t0 0\n');
    expect(await current()).toBe(first);
  });

  it('without its hardware cuts the link; the way back restores it', async () => {
    stage.hypervisor = { modules: [] };
    const next = (await stage.build('hv1')).get('hv1') as string;
    await stage.call('arm', stage.id, '60');
    await expect(stage.step('switch', next, 'test', stage.id, '4')).rejects.toThrow('lost');
    stage.disconnect();
    await expect(stage.connect()).rejects.toThrow();
    await vi.waitFor(() => stage.connect(), { timeout: 10_000, interval: 200 });
    expect(await current()).toBe(first);
  });

  it('exits with 4 when a unit failed', async () => {
    stage.hypervisor = { config: { 'systemd.services.broken.script': 'exit 1' } };
    const next = (await stage.build('hv1')).get('hv1') as string;
    expect(await stage.switchTo(next)).toContain('switched\t4');
    expect((await stage.facts()).failedUnits).toEqual(['broken.service']);
  });

  it('makes generations that can be listed and returned to', async () => {
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

  it('moves TAPs to the bridge that the new system has for them, a moment later', async () => {
    stage.vms = { web1: {} };
    await stage.build('hv1', 'web1').then((built) => stage.switchTo(built.get('hv1') as string));
    await stage.step('vm-create', 'web1', '/var/lib/fleet/repo');
    await stage.step('vm-start', 'web1');
    await stage.until((f) => f.interfaces.get('vm-web1')?.master === 'br-web1');
    await stage.host.exec('ip link set vm-web1 nomaster');
    await stage.host.exec(`${await current()}/bin/switch-to-configuration test`);
    await stage.until((f) => f.interfaces.get('vm-web1')?.master === 'br-web1');
  });
});
