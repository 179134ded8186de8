import { expect, test } from 'vitest';
import { sandboxWorld } from '../sandbox/world.ts';
import { isWell } from './cell.ts';
import { cellKey, runCells } from './cells.ts';
import { chosenSeed, Dice } from './dice.ts';

/** As many as fit into the time that `npm test` may take, on a slow machine fewer: npm run chaos runs all of them. */
const count = 8;
const beginWithinMs = 60_000;

test('whatever dies at whatever step, all is old or all is new, and nothing waits for a person', {
  timeout: 600_000,
}, async () => {
  const seed = chosenSeed();
  console.log(`FLEET_SEED=${seed}`);
  const told: string[] = [];
  const enough = new AbortController();
  const began = performance.now();
  await runCells(
    () => sandboxWorld(1),
    (all) => new Dice(seed).some(all, count),
    2,
    enough.signal,
    ({ moment, fault }, result) => {
      const title = `${cellKey(moment.name, fault)}: ${result.outcome}`;
      console.log(title);
      if (performance.now() - began > beginWithinMs) enough.abort();
      if (!isWell(result)) told.push([title, ...result.wrong].join('\n'));
    },
  );
  expect(told).toEqual([]);
});
