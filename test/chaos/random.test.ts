import { expect, test } from 'vitest';
import { sandboxWorld } from '../sandbox/world.ts';
import { chosenSeed } from './dice.ts';
import { runRandom } from './random.ts';
import { isRoundWell } from './round.ts';

/** npm run chaos -- random runs hundreds; a slow machine begins fewer. */
const deployments = 4;
const beginWithinMs = 60_000;

test('random deployments with random faults leave every guest and hypervisor old or new', {
  timeout: 600_000,
}, async () => {
  const seed = chosenSeed();
  console.log(`FLEET_SEED=${seed}`);
  const told: string[] = [];
  const enough = new AbortController();
  const began = performance.now();
  await runRandom(
    () => sandboxWorld(2),
    seed,
    deployments,
    undefined,
    enough.signal,
    (result) => {
      const { round, title, fault, outcome, wrong } = result;
      const line = `${round}. ${title}; ${fault}: ${outcome}`;
      console.log(line);
      if (performance.now() - began > beginWithinMs) enough.abort();
      if (!isRoundWell(result)) told.push([line, ...wrong].join('\n'));
    },
  );
  expect(told).toEqual([]);
});
