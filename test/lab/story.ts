import { describe, test } from 'vitest';
import { type Story, tell } from '../scenario/story.ts';
import { labMissing } from './lab.ts';
import { labWorld } from './world.ts';

/** Tells a story on two hypervisors of the lab, or says why not. */
export function tellInLab(story: Story): void {
  const missing = labMissing();
  if (missing === undefined) tell(story, 'lab', () => labWorld(2));
  else {
    describe('the lab', () => {
      test.skipIf(process.env.FLEET_LAB !== 'required')(`cannot run here: ${missing}`, () => {
        throw new Error(missing);
      });
    });
  }
}
