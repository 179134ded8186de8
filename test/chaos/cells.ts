import type { World } from '../scenario/world.ts';
import { type CellResult, isWell, runCell } from './cell.ts';
import { type FaultName, faultNames } from './faults.ts';
import { Ground } from './ground.ts';
import { everyMoment, type Moment, phases } from './moments.ts';

/** One deployment with one fault at one moment. */
export interface Cell {
  readonly moment: Moment;
  readonly fault: FaultName;
}

export const cellKey = (moment: string, fault: string): string => `${moment}:${fault}`;

/** The sandbox runs every fault at every step, the lab every fault in every phase. */
export function cellsOf(ground: Ground): Cell[] {
  const { kind, hosts } = ground.world;
  const moments =
    kind === 'lab'
      ? phases(ground.steps, ground.settleMs, hosts.length)
      : everyMoment(ground.journal, hosts.length);
  return moments.flatMap((moment) => faultNames.map((fault) => ({ moment, fault })));
}

/** How often in a row the harness itself may fail, which says nothing about fleet. */
const attempts = 3;

/**
 * Runs cells on up to `jobs` worlds side by side. A world in which something went wrong is thrown
 * away, so that the next cell begins well.
 * @param signal no further cell is begun
 */
export async function runCells(
  openWorld: () => Promise<World>,
  choose: (all: readonly Cell[]) => readonly Cell[],
  jobs: number,
  signal: AbortSignal,
  tell: (cell: Cell, result: CellResult) => void,
): Promise<void> {
  const first = await Ground.open(await openWorld());
  const queue = [...choose(cellsOf(first))];
  const work = async (opened?: Ground) => {
    let ground = opened;
    let failures = 0;
    for (let cell = queue.shift(); cell && !signal.aborted; cell = queue.shift()) {
      try {
        ground ??= await Ground.open(await openWorld());
        const result = await runCell(ground, cell.moment, cell.fault);
        failures = 0;
        tell(cell, result);
        if (isWell(result)) continue;
      } catch (error) {
        failures += 1;
        if (failures === attempts) throw error;
        console.error(
          `${cell.moment.name}: ${cell.fault}: once more, because of\n${String(error)}`,
        );
        queue.push(cell);
      }
      await ground?.close();
      ground = undefined;
    }
    await ground?.close();
  };
  const others = Array.from({ length: Math.min(jobs, queue.length) - 1 }, () => work());
  await Promise.all([work(first), ...others]);
}
