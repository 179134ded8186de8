import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chosenSeed, Dice } from '../chaos/dice.ts';
import type { Recording } from '../chaos/power/log.ts';
import { Looker } from '../chaos/power/look.ts';
import {
  type Chosen,
  type Cut,
  cutText,
  momentsOf,
  runPower,
  waysAt,
} from '../chaos/power/power.ts';
import { record, toldByMachine } from '../chaos/power/record.ts';
import { lastBlocksScript, recordedScript } from '../chaos/power/script.ts';
import { type Layers, makeLayers } from './layers.ts';
import { labMissing } from './missing.ts';

const missing = labMissing();
/** Of some thousand; npm run chaos -- power makes them all. */
const cutsToMake = 16;

describe.skipIf(missing !== undefined && process.env.FLEET_LAB !== 'required')(
  'a machine with a kernel of its own, and a disk that forgets what was not flushed',
  { timeout: 300_000 },
  () => {
    let layers: Layers;
    let recording: Recording;
    let looker: Looker;
    beforeAll(async () => {
      layers = await makeLayers();
      recording = await record(layers, recordedScript(false));
      looker = new Looker();
    }, 1_200_000);
    afterAll(() => looker?.close());

    const made = async (seed: number, cuts: readonly Chosen[]): Promise<Cut[]> => {
      const all: Cut[] = [];
      await runPower(recording, looker, seed, cuts, new AbortController().signal, (c) =>
        all.push(c),
      );
      return all;
    };
    /** Right after something was told as written. */
    const afterTold = (moments: readonly number[]) =>
      moments
        .filter((moment) => {
          const entry = recording.entries[moment - 1];
          return entry?.kind === 'note' && entry.text.startsWith('told ');
        })
        .map((moment) => ({ moment, way: 'lost' as const, turn: 0 }));

    test('a power cut at any write loses nothing that was told as written', async () => {
      const seed = chosenSeed();
      console.log(`FLEET_SEED=${seed}`);
      const { work } = momentsOf(recording);
      const told = afterTold(work);
      expect(told.length).toBe(9);
      const byDice = new Dice(seed).some(waysAt(recording, work, 3), cutsToMake);
      const cuts = await made(
        seed,
        [...told, ...byDice].toSorted((a, b) => a.moment - b.moment),
      );
      const wrong = cuts.filter((cut) => cut.wrong.length > 0);
      expect(wrong.map((cut) => [cutText(cut), ...cut.wrong].join('\n'))).toEqual([]);
    });

    test('the same shell without any sync is found out', async () => {
      const cuts = await made(1, afterTold(momentsOf(recording).control));
      expect(cuts.map(({ wrong }) => wrong.length > 0)).toEqual([true, true, true]);
    });

    test('where root alone has room, a guest that fleet starts has its last blocks', async () => {
      const said = await toldByMachine(layers, lastBlocksScript);
      const [before = '', after = ''] = said.split('systemctl daemon-reload');
      expect(before).toContain('No space left on device');
      expect(before).not.toContain('saved');
      expect(after).toContain('AmbientCapabilities=CAP_SYS_RESOURCE');
      expect(after).toContain('saved');
    });
  },
);
