import { afterAll, beforeAll, describe } from 'vitest';
import { labMissing } from './lab.ts';
import { bootsOf } from './looked-after/boots.ts';
import { endsOf } from './looked-after/ends.ts';
import { fightOf } from './looked-after/fight.ts';
import { Ground } from './looked-after/ground.ts';
import { seenBy } from './looked-after/seen.ts';
import { deploy } from './looked-after/setup.ts';
import { stopsOf } from './looked-after/stops.ts';
import { unitsOf } from './looked-after/units.ts';
import { deploymentBesideLooks, startedOf, watchOf } from './looked-after/watch.ts';

const missing = labMissing();

/** One hypervisor for all of it: the boots of its guests are what this costs. */
describe.skipIf(missing !== undefined && process.env.FLEET_LAB !== 'required')(
  'a hypervisor looks after its guests',
  { timeout: 360_000 },
  () => {
    let ground: Ground;
    const of = () => ground;

    beforeAll(async () => {
      ground = await Ground.make();
      await deploy(ground);
    }, 1_200_000);
    afterAll(() => ground?.stop(), 120_000);

    describe('which a deployment has started', () => {
      startedOf(of);
      seenBy(of);
      watchOf(of);
    });
    describe('whatever ends them', () => {
      endsOf(of);
      stopsOf(of);
    });
    describe('beside a deployment', () => {
      deploymentBesideLooks(of);
      fightOf(of);
    });
    describe('by its own units', () => unitsOf(of));
    describe('after a boot', () => bootsOf(of));
  },
);
