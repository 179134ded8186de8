import type { World } from '../scenario/world.ts';
import { randomFleet } from './changes.ts';
import { RandomGround } from './random-ground.ts';
import { isRoundWell, type RoundResult, runRound } from './round.ts';

/**
 * Random deployments in a row, each on what the one before left. Where something went wrong the next
 * one begins in a new world.
 * @param last of an earlier run that was cut off; this one goes on after it
 */
export async function runRandom(
  openWorld: () => Promise<World>,
  seed: number,
  rounds: number,
  last: RoundResult | undefined,
  signal: AbortSignal,
  tell: (result: RoundResult) => void,
): Promise<void> {
  let data = last?.data;
  let ground: RandomGround | undefined;
  try {
    for (let round = (last?.round ?? 0) + 1; round <= rounds && !signal.aborted; round++) {
      if (!ground) {
        const world = await openWorld();
        ground = await RandomGround.open(world, data ?? randomFleet(world));
      }
      const result = await runRound(ground, seed, round);
      tell(result);
      data = result.data;
      if (isRoundWell(result)) continue;
      await ground.close();
      ground = undefined;
    }
  } finally {
    await ground?.close();
  }
}
