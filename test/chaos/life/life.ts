import type { World } from '../../scenario/world.ts';
import { Dice } from '../dice.ts';
import { chooseInjuries } from './choose.ts';
import { LifeGround, targets } from './ground.ts';
import type { History, Injury } from './history.ts';

/** One episode: what was done, and what was wrong once it should have been over. */
export interface Episode {
  readonly seed: number;
  readonly round: number;
  readonly injuries: readonly Injury[];
  /** From its first injury to when all was well. */
  readonly seconds: number;
  readonly events: number;
  readonly wrong: readonly string[];
}

export interface LifeWorld {
  readonly world: World;
  readonly reboot: () => Promise<void>;
}

/**
 * Injuries by dice on one hypervisor, an episode after the other, for so many minutes. All of its history is judged after
 * each; where something went wrong the next one begins in a new world.
 * @param last of an earlier run that was cut off; this one goes on after it
 */
export async function runLife(
  openWorld: () => Promise<LifeWorld>,
  seed: number,
  { minutes, rounds }: { readonly minutes: number; readonly rounds: number },
  last: number,
  signal: AbortSignal,
  tell: (episode: Episode, history: History) => void,
): Promise<void> {
  const late = Date.now() + minutes * 60_000;
  let ground: LifeGround | undefined;
  try {
    for (let n = last + 1; n <= last + rounds && !signal.aborted && Date.now() < late; n++) {
      if (!ground) {
        const { world, reboot } = await openWorld();
        try {
          ground = await LifeGround.open(world, reboot);
        } catch (error) {
          await world.stop();
          throw error;
        }
      }
      const { episode, history } = await live(ground, seed, n);
      // Ctrl-C also ended what a person did just then.
      if (signal.aborted && episode.wrong.length > 0) return;
      tell(episode, history);
      if (episode.wrong.length === 0) continue;
      await ground.close();
      ground = undefined;
    }
  } finally {
    await ground?.close();
  }
}

async function live(
  ground: LifeGround,
  seed: number,
  round: number,
): Promise<{ episode: Episode; history: History }> {
  const dice = new Dice(Math.imul(seed, 7919) + round);
  const injuries: Injury[] = [];
  const begun = Date.now();
  for (const chosen of chooseInjuries(dice, targets)) injuries.push(await ground.injure(chosen));
  const { wrong, history } = await ground.settle();
  const seconds = (Date.now() - begun) / 1000;
  const events = history.events.length;
  return { episode: { seed, round, injuries, seconds, events, wrong }, history };
}

export function episodeText({ seed, round, injuries, seconds, wrong }: Episode): string {
  const did = injuries.map(({ kind, vm, what, code }) => {
    const target = [kind, vm ?? what].filter(Boolean).join(' ');
    return code === 0 ? target : `${target} (exit ${code})`;
  });
  const end = wrong.length === 0 ? 'well' : 'WRONG';
  return `${seed}/${round}. ${did.join(', ')}: ${end} after ${seconds.toFixed(0)} s`;
}
