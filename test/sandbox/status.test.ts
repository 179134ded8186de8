import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { Desk } from '../scenario/desk.ts';
import { smallFleet } from './small-fleet.ts';
import { type SandboxWorld, sandboxWorld } from './world.ts';

describe('fleet status', () => {
  let world: SandboxWorld;
  let desk: Desk;
  const on = (n: number, command: string) => world.hosts[n]?.exec(command);
  beforeAll(async () => {
    world = await sandboxWorld(2);
    desk = new Desk(world, 'status', smallFleet(world));
    await desk.open(sandboxLock);
    await desk.apply(0);
  }, 480_000);
  afterAll(async () => {
    desk.close();
    await world.stop();
  });

  it('of a fleet that is well says so on a screen of 80 columns, and ends with 0', async () => {
    const { code, stdout } = await desk.fleet(['status']);
    expect([code, stdout]).toEqual([0, expect.stringContaining('3 vms on 2 hypervisors, nothing')]);
    const lines = stdout.split('\n');
    expect(lines.length).toBeLessThan(24);
    expect(lines.every((line) => line.length <= 80)).toBe(true);
    expect(stdout).toMatch(/^web1 +Ready +ok .* hv1 .*6% +0%/m);
    const { vms, hypervisors, ...rest } = JSON.parse(
      (await desk.fleet(['status', '--json'])).stdout,
    );
    expect(rest).toEqual({ kind: 'status', version: 1, fleet: 'small', ok: true });
    const head = await desk.git('rev-parse', 'HEAD');
    expect(hypervisors).toContainEqual(
      expect.objectContaining({ name: 'hv1', behind: 0, release: '25.11.sandbox' }),
    );
    expect(vms).toContainEqual(
      expect.objectContaining({
        ...{ name: 'db1', state: 'Ready', health: 'ok', address: '10.2.0.2' },
        use: { memoryKiB: 65_536, cpuPercent: 0 },
        origin: expect.objectContaining({
          commit: head,
          subject: expect.stringMatching(/^fleet: /),
        }),
      }),
    );
  }, 180_000);

  it('names what is wrong with its reason first, and ends with 1', async () => {
    await on(0, 'systemctl stop microvm@web1; systemctl kill --signal=KILL microvm@web2');
    await world.hosts[1]?.cutLink();
    const { code, stdout } = await desk.fleet(['status']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/1 of 2 hypervisors and 2 of 3 vms are not well, 1 unknown/);
    const flat = stdout.replace(/\s+/g, ' ');
    expect(flat).toContain(' hv2: no answer ! hv2 (root@');
    expect(flat).toMatch(/web1 on hv1: Terminated .*exit 0 ! microvm@web1 is inactive \(dead\): /);
    expect(flat).toMatch(/web2 on hv1: Failed .*killed by KILL; fleet started it ! microvm@web2 /);
    expect(stdout).toMatch(/^db1 +Unknown/m);
    expect((await desk.fleet(['status', 'web*'])).stdout).not.toContain('db1');
    await world.hosts[1]?.restoreLink();
    expect((await desk.fleet(['status', 'hv2,db1'])).code).toBe(0);
  }, 180_000);

  it('that is watched redraws the screen when something changes, and leaves the last picture', async () => {
    const { code, stderr } = await desk.fleet(['status', '--watch']);
    expect([code, stderr]).toEqual([64, expect.stringContaining('is not a terminal')]);
    await on(0, 'systemctl start microvm@web1 microvm@web2');
    const stop = () => {
      void on(0, 'systemctl stop microvm@web1');
      return '';
    };
    const watched = await desk.atTerminal(
      ['status', '--watch'],
      { 'nothing wrong': stop, 'web1 on hv1: Terminated': () => '\u0003' },
      { rows: 40, columns: 100 },
    );
    expect(watched.code).toBe(130);
    const [, after = ''] = watched.stderr.split('\u001b[?1049l');
    expect(after).toContain('1 of 3 vms is not well');
    expect(after).toMatch(/^db1 +Ready/m);
  }, 360_000);

  it('of one name tells its whole story', async () => {
    const { code, stdout } = await desk.fleet(['status', 'web1']);
    expect(code).toBe(1);
    for (const part of [
      'web1 on hv1: Terminated',
      'FAIL  microvm@: expected active, seen inactive (dead)',
      "Started MicroVM 'web1'.",
      'microvm@web1.service: Deactivated successfully.',
      'apply',
      'done after',
    ])
      expect(stdout).toContain(part);
    const told = JSON.parse((await desk.fleet(['status', 'hv1', '--json'])).stdout);
    expect(told).toMatchObject({
      kind: 'story',
      version: 1,
      ok: true,
      hypervisor: { name: 'hv1' },
    });
    expect(told.deployments).toHaveLength(1);
    const nobody = await desk.fleet(['status', 'nobody']);
    expect(nobody).toMatchObject({ code: 64, stderr: expect.stringContaining('select.nothing') });
  }, 180_000);

  it('of one name tells how it is also where the record of a deployment cannot be read', async () => {
    const records = '"$FLEET_ROOT"/var/lib/fleet/deployments/*';
    await on(0, `for at in ${records}; do printf 'code\\tof /nobody\\n' >"$at/failure"; done`);
    const { code, stderr, stdout } = await desk.fleet(['status', 'web2']);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^web2 on hv1: Ready/m)]);
    expect(stderr).toContain('is not a valid code of a failure');
  }, 180_000);
});
