import { expect, test } from 'vitest';
import { sandboxWorld } from '../sandbox/world.ts';
import { chosenSeed } from './dice.ts';
import { runRandom } from './random.ts';
import { isRoundWell } from './round.ts';

/** npm run chaos -- random runs hundreds. */
const deployments = 4;

test('random deployments with random faults leave every guest and hypervisor old or new', {
  timeout: 300_000,
}, async () => {
  const seed = chosenSeed();
  console.log(`FLEET_SEED=${seed}`);
  const told: string[] = [];
  const never = new AbortController().signal;
  await runRandom(
    () => sandboxWorld(2),
    seed,
    deployments,
    undefined,
    never,
    (result) => {
      const { round, title, fault, outcome, wrong } = result;
      const line = `${round}. ${title}; ${fault}: ${outcome}`;
      console.log(line);
      if (!isRoundWell(result)) told.push([line, ...wrong].join('\n'));
    },
  );
  expect(told).toEqual([]);
});
