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
    await stage.call('looked', 'well', current('well'), 'stale', current('well'));
    await stage.call('looked', 'sick', current('sick'));
    await stage.call('looked', 'sick', '-');
    await stage.host.kill();
    await stage.host.boot();
    stage.disconnect();
    log = (await stage.host.exec('cat "$FLEET_ROOT/sandbox/autostart.log"')).stdout;
  }, 60_000);
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

  it('a bridge that is not up is said before its guest starts', async () => {
    await stage.host.exec('systemctl stop microvm@well && ip link set br-well down');
    await stage.host.exec('rm -f "$FLEET_ROOT/sandbox/units/fleet-autostart.service"');
    await stage.host.exec('systemctl start fleet-autostart');
    log = (await stage.host.exec('cat "$FLEET_ROOT/sandbox/autostart.log"')).stdout;
    expect(log).toContain('<3>well: bridge br-well is not up');
    expect(await running()).toContain('well');
  });

  it('nothing is started once a deployment has been there', async () => {
    await stage.host.exec('systemctl stop microvm@db');
    await stage.host.exec('rm -f "$FLEET_ROOT/sandbox/units/fleet-autostart.service"');
    await stage.host.exec(': >"$FLEET_ROOT/run/fleet/seen"; systemctl start fleet-autostart');
    expect(await running()).not.toContain('db');
  });
});
