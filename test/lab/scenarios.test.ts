import { describe, test } from 'vitest';
import { scenarios } from '../scenario/suite.ts';
import { labMissing } from './missing.ts';
import { labWorld } from './world.ts';

const missing = labMissing();

if (missing === undefined) scenarios('lab', () => labWorld(2));
else {
  describe('the lab', () => {
    test.skipIf(process.env.FLEET_LAB !== 'required')(`cannot run here: ${missing}`, () => {
      throw new Error(missing);
    });
  });
}
