import { afterAll, beforeAll, describe, test } from 'vitest';
import { parts } from '../night/faults.ts';
import { Night, nightFleet } from '../night/night.ts';
import { play } from '../night/play.ts';
import { Desk } from '../scenario/desk.ts';
import { emptyFleet } from '../scenario/fleet.ts';
import { type Lab, labMissing, startLab } from './lab.ts';
import { worldOf } from './world.ts';

const missing = labMissing();

describe.skipIf(missing !== undefined && process.env.FLEET_LAB !== 'required')(
  'on call, on real systemd, bridges and nftables',
  { timeout: 480_000 },
  () => {
    let lab: Lab;
    let night: Night;

    beforeAll(async () => {
      lab = await startLab({ hosts: 1 });
      const world = worldOf(lab);
      const fleet = nightFleet(emptyFleet(world));
      // Three rows wait until a guest counts as starting no more.
      Object.assign(fleet.rollout, { deadline: '60s' });
      const env = { ...world.env };
      const desk = new Desk({ ...world, env }, 'night', fleet);
      night = new Night(world, desk, env);
      await desk.open();
      await desk.apply(0);
    }, 1_200_000);
    afterAll(async () => {
      night?.desk.close();
      await lab?.stop();
    });

    for (const { faults } of parts)
      for (const fault of faults.filter(({ lab }) => lab))
        test(fault.symptom, () => play(fault, night));
  },
);
