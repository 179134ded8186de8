import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { type SandboxWorld, sandboxWorld } from '../sandbox/world.ts';
import { Desk } from '../scenario/desk.ts';
import { emptyFleet } from '../scenario/fleet.ts';
import { parts } from './faults.ts';
import { Night, nightFleet } from './night.ts';
import { page } from './page.ts';
import { play } from './play.ts';

describe('on call, with the binary, real ssh, git and scripts', { timeout: 360_000 }, () => {
  let world: SandboxWorld;
  let night: Night;
  beforeAll(async () => {
    world = await sandboxWorld(2);
    const env = { ...world.env };
    const fleet = nightFleet(emptyFleet(world));
    const users = { ada: { sshKeys: [world.hosts[0]?.publicKey] } };
    Object.assign(fleet.rollout, { deadline: '10s', confirm: '60s' });
    for (const hypervisor of Object.values(fleet.hypervisors))
      Object.assign(hypervisor as object, { uplink: 'enp1s0' });
    Object.assign(fleet.vms.web1, {
      checks: [{ http: { port: 80 } }],
      config: {
        boot: { kernelParams: ['lab.http=80'] },
        networking: { firewall: { allowedTCPPorts: [80] } },
      },
    });
    Object.assign(fleet.vms.db1, {
      users,
      checks: [{ run: '[ ! -e data/old.log ] || { echo /data is full; exit 1; }' }],
      config: { boot: { kernelParams: ['lab.shell'] } },
    });
    const desk = new Desk({ ...world, env }, 'night', fleet);
    await desk.open(sandboxLock);
    await desk.apply(0);
    night = new Night(world, desk, env);
  }, 480_000);
  afterAll(async () => {
    night?.desk.close();
    await world?.stop();
  });

  // Where the lab runs, it plays its rows on real hypervisors: test/lab/night.test.ts.
  const isLab = process.env.FLEET_LAB === 'required';
  for (const { title, faults } of parts)
    describe(title, () => {
      for (const fault of faults.filter(({ lab }) => !(lab && isLab)))
        it(fault.symptom, () => play(fault, night));
    });
});

it('docs/on-call.md is what the table gives', async () => {
  await expect(page(parts)).toMatchFileSnapshot('../../docs/on-call.md');
});
