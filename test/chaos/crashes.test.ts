import { expect, test } from 'vitest';
import { sandboxWorld } from '../sandbox/world.ts';
import { runCrashes } from './crashes.ts';
import { chosenSeed } from './dice.ts';

/** npm run chaos -- crashes runs fifty. */
const deployments = 1;

test('a deployment whose new runner crashes ends with everything as it was, and says so', {
  timeout: 600_000,
}, async () => {
  const seed = chosenSeed();
  console.log(`FLEET_SEED=${seed}`);
  const never = new AbortController().signal;
  const told: string[] = [];
  await runCrashes(await sandboxWorld(1), seed, deployments, never, ({ title, wrong }) => {
    if (wrong.length > 0) told.push([title, ...wrong].join('\n'));
  });
  expect(told).toEqual([]);
});
