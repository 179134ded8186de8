import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chosenSeed, Dice } from '../chaos/dice.ts';
import { SmallMachine } from '../chaos/power/machine.ts';
import { cutText, runPower } from '../chaos/power/power.ts';
import { makeLayers } from './layers.ts';
import { labMissing } from './missing.ts';

const missing = labMissing();

/** So many points has the script; npm run chaos -- power cuts at each. */
const points = 70;

describe.skipIf(missing !== undefined && process.env.FLEET_LAB !== 'required')(
  'a machine with a kernel of its own',
  { timeout: 600_000 },
  () => {
    let machine: SmallMachine;
    beforeAll(async () => {
      machine = new SmallMachine(await makeLayers());
    }, 1_200_000);
    afterAll(() => machine?.close());

    test('a power cut between two writes loses nothing that was told as written', async () => {
      const seed = chosenSeed();
      console.log(`FLEET_SEED=${seed}`);
      const dice = new Dice(seed);
      const wrong: string[] = [];
      const numbers = [1 + dice.below(points), 1 + dice.below(points)];
      await runPower(machine, numbers, new AbortController().signal, (cut) => {
        console.log(cutText(cut));
        wrong.push(...cut.wrong);
      });
      expect(wrong).toEqual([]);
    });
  },
);
