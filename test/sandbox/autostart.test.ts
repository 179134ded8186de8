import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Vm } from '../../src/model/fleet.ts';
import { Stage } from './stage.ts';

const behaves = (...parameters: string[]): Partial<Vm> => ({
  config: { 'boot.kernelParams': parameters },
});

describe('after a reboot', () => {
  let stage: Stage;
  let log: string;
  const running = async () =>
    [...(await stage.facts()).vms.values()]
      .filter((vm) => vm.unit.active === 'active')
      .map((vm) => vm.name);
  /** As if it had not run in this boot. */
  const forget = () =>
    stage.host.exec(
      'cd "$FLEET_ROOT" && rm -f sandbox/units/fleet-autostart.service run/fleet/autostarted',
    );

  beforeAll(async () => {
    stage = await Stage.start();
    stage.vms = {
      app: { dependsOn: ['db'] },
      db: {},
      left: { autostart: 'never' },
      orphan: { dependsOn: ['wrong'] },
      sick: { autostart: 'healthy' },
      stale: { autostart: 'healthy' },
      well: { autostart: 'healthy' },
      wrong: behaves('lab.wrong-tap'),
    };
    await stage.finish(await stage.deploy());
    const { vms } = await stage.facts();
    const current = (name: string) => vms.get(name)?.current as string;
    await stage.host.exec('mkdir -p "$FLEET_ROOT/var/lib/fleet/healthy"');
    for (const name of ['well', 'stale'])
      await stage.host.exec(`echo ${current('well')} >"$FLEET_ROOT/var/lib/fleet/healthy/${name}"`);
    await stage.host.kill();
    await stage.host.boot();
    stage.disconnect();
    log = (await stage.host.exec('cat "$FLEET_ROOT/sandbox/autostart.log"')).stdout;
  }, 180_000);
  afterAll(() => stage.stop());

  it('guests start one after the other, each behind what it needs', () => {
    const order = [...log.matchAll(/^<6>(\S+) started$/gm)].map(([, name]) => name);
    expect(order).toEqual(['db', 'app', 'well']);
  });

  it('those that never start stay down, and those that were not well on this very runner', async () => {
    expect(await running()).toEqual(['app', 'db', 'well', 'wrong']);
    expect(log).toContain('<4>sick was not healthy at the last look: skipped');
    expect(log).toContain('<4>stale was not healthy at the last look: skipped');
  });

  it('a guest that is not as it should be keeps none from starting but those that need it', () => {
    expect(log).toContain('<3>wrong: vm-wrong is not in bridge br-wrong');
    expect(log).toContain('<3>wrong did not start as it should, going on with the next');
    expect(log).toContain('<4>orphan needs wrong, which does not run as it should: skipped');
  });

  it('the unit has failed when one that was to start does not run, and names it', async () => {
    expect((await stage.facts()).failedUnits).toEqual(['fleet-autostart.service']);
    expect(log).toContain('<3>wrong runs, but vm-wrong is not in bridge br-wrong: see networkctl');
    expect(log).toContain('<3>orphan does not run, for it needs wrong: see to that one');
  });

  it('what starts failed units again, as a switch does, starts no guests', async () => {
    await stage.host.exec('systemctl stop microvm@db');
    await stage.host.exec('systemctl start fleet-autostart');
    expect(await running()).not.toContain('db');
    await stage.host.exec('systemctl start microvm@db');
  });

  it('a bridge that is not up is said before its guest starts', async () => {
    await stage.host.exec('systemctl stop microvm@well && ip link set br-well down');
    await forget();
    await stage.host.exec('systemctl start fleet-autostart');
    log = (await stage.host.exec('cat "$FLEET_ROOT/sandbox/autostart.log"')).stdout;
    expect(log).toContain('<3>well: bridge br-well is not up');
    expect(await running()).toContain('well');
  });

  it('a deployment waits until it has given way, not until it has tried all', async () => {
    await stage.host.exec('rm -f "$FLEET_ROOT/run/fleet/seen"');
    await stage.host.exec(`cd "$FLEET_ROOT"; unit=sandbox/units/fleet-autostart.service
      printf 'active=active\\nsub=running\\n' >$unit
      { until [ -e run/fleet/seen ]; do sleep 0.1; done; echo seen >gave-way; rm $unit; } >/dev/null 2>&1 &`);
    expect(await stage.begin()).toMatchObject({ code: 0 });
    expect((await stage.host.exec('cat "$FLEET_ROOT/gave-way"')).stdout).toBe('seen\n');
    await stage.call('end', stage.id, 'untouched');
  });

  it('nothing is started once a deployment has been there', async () => {
    await stage.host.exec('systemctl stop microvm@db');
    await forget();
    await stage.host.exec(': >"$FLEET_ROOT/run/fleet/seen"; systemctl start fleet-autostart');
    expect(await running()).not.toContain('db');
  });
});
