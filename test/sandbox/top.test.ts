import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { Desk } from '../scenario/desk.ts';
import { smallFleet } from './small-fleet.ts';
import { type SandboxWorld, sandboxWorld } from './world.ts';

const hasJq = !spawnSync('jq', ['--version']).error;
const mib = 1024 ** 2;

describe.skipIf(!hasJq)('fleet top', () => {
  let world: SandboxWorld;
  let desk: Desk;
  beforeAll(async () => {
    world = await sandboxWorld(2);
    desk = new Desk(world, 'top', smallFleet(world));
    await desk.open(sandboxLock);
  }, 480_000);
  afterAll(async () => {
    desk.close();
    await world.stop();
  });

  const vm = (name: string, memoryMiB: number) => ({
    ...{ name, state: 'Ready', health: 'ok', active: 1, meant: 1, shed: 0, priority: 10, vcpu: 2 },
    ...{
      reserved: 1152 * mib,
      memory: memoryMiB * mib,
      allocated: 2048 * mib,
      virtual: 20480 * mib,
    },
    ...{ day: 1, month: 0.9994, agent: null },
  });
  /** As fleet-sample leaves it on the n-th hypervisor; its shell is the sandbox's. */
  const sampled = (n: number, vms: readonly object[], more: object = {}) => {
    const at = Math.floor(Date.now() / 1000);
    const hypervisor = {
      ...{ memory: 8192 * mib, available: 2048 * mib, cpus: 4, reserved: 2304 * mib },
      ...{ reservedCpus: 4, used: 1200 * mib, disks: [], clock: 1, ...more },
    };
    const ring = [60, 0].map((ago) =>
      JSON.stringify({ at: at - ago, h: [8, 2, 100 - ago], v: { web2: [9, 60 - ago / 2, 0, 0] } }),
    );
    return world.hosts[n]?.exec(
      `mkdir -p "$FLEET_ROOT"/var/lib/fleet/metrics "$FLEET_ROOT"/var/lib/fleet/samples
printf '%s\\n' '${JSON.stringify({ v: 1, at, hypervisor, vms })}' >"$FLEET_ROOT"/var/lib/fleet/metrics/last.json
printf '%s\\n' '${ring.join("' '")}' >"$FLEET_ROOT"/var/lib/fleet/samples/${Math.floor(at / 3600)}-0`,
    );
  };

  it('says what is reserved and used, who uses most memory first', async () => {
    await sampled(0, [vm('web1', 300), vm('web2', 900)]);
    await sampled(1, [vm('db1', 10)], { clock: 0 });
    const { code, stdout, stderr } = await desk.fleet(['top']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.split('\n').every((line) => line.length <= 80)).toBe(true);
    expect(stdout).toMatch(/^hv1 {2}.*memory 6G used of 8G, 2\.3G reserved for 2 vms$/m);
    expect(stdout).toMatch(/^web2 +Ready +50% +900M\/1\.1G +2G\/20G.*\nweb1 +Ready +300M\/1\.1G/m);
    expect(stdout).toContain('hv2');
    expect(stdout).toContain('its clock is not synchronised');
    const one = await desk.fleet(['top', 'web1', '--json']);
    const { hypervisors, ...rest } = JSON.parse(one.stdout);
    expect(rest).toEqual({ kind: 'top', version: 1 });
    expect(hypervisors).toEqual([
      expect.objectContaining({
        name: 'hv1',
        memoryReserved: 2304 * mib,
        vms: [expect.objectContaining({ name: 'web1', memoryUsed: 300 * mib, vcpu: 2 })],
      }),
    ]);
  }, 180_000);

  it('where there is no sample says why, and ends with 1; the others are told all the same', async () => {
    await world.hosts[1]?.exec('rm -r "$FLEET_ROOT"/var/lib/fleet/metrics');
    const { code, stdout } = await desk.fleet(['top']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^web2 +Ready/m);
    expect(stdout.replace(/\s+/g, ' ')).toContain(
      'hv2: it has no samples: see systemctl status fleet-sample.timer there',
    );
    const { hypervisors } = JSON.parse((await desk.fleet(['top', '--json'])).stdout);
    expect(hypervisors[1]).toMatchObject({ name: 'hv2', error: { code: 'top.no-samples' } });
  }, 180_000);

  it('that is watched needs a terminal', async () => {
    const { code, stderr } = await desk.fleet(['top', '--watch']);
    expect([code, stderr]).toEqual([64, expect.stringContaining('is not a terminal')]);
  }, 180_000);
});
