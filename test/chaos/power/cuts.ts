import { rmSync } from 'node:fs';
import { makeLayers } from '../../lab/layers.ts';
import { Records } from '../records.ts';
import { Looker } from './look.ts';
import { type Cut, cutKey, cutText, momentsOf, runPower, waysAt } from './power.ts';
import { kept, record } from './record.ts';
import { recordedScript } from './script.ts';

/** How often the dice say what of the last writes is on the disk. */
const turns = 8;

/**
 * Every cut of one recording, each way; a run that was cut off goes on with the recording that it began with.
 * @param file of the results; the recording lies beside it
 */
export async function runCuts(
  file: string,
  seed: number,
  signal: AbortSignal,
): Promise<{ bad: number; text: string }> {
  const folder = `${file}.recording`;
  const recording =
    kept(folder) ?? (await record(await makeLayers(), recordedScript(true), folder));
  const records = new Records<Cut>(file, cutKey);
  const { work } = momentsOf(recording);
  const cuts = waysAt(recording, work, turns);
  const looker = new Looker();
  try {
    const left = cuts.filter((cut) => !records.has(cutKey({ seed, ...cut })));
    console.log(`${cuts.length} cuts, ${left.length} to make; results in ${file}`);
    await runPower(recording, looker, seed, left, signal, (cut) => {
      records.add(cut);
      if (cut.wrong.length > 0) console.log([cutText(cut), ...cut.wrong].join('\n    '));
    });
  } finally {
    looker.close();
  }
  const all = records.all.filter((cut) => cut.seed === seed);
  const bad = all.filter(({ wrong }) => wrong.length > 0).length;
  const count = (kind: string) => recording.entries.filter((e) => e.kind === kind).length;
  const text = `Seed ${seed}; ${all.length} power cuts at the ${work.length} moments before and after a write, a flush or a command that writes (${count('write')} writes,
${count('flush')} flushes), ${bad} with something wrong. A small machine in QEMU, with the kernel of the lab’s guests and without systemd, runs the spool’s and
the state’s own shell once, on ext4, and every write and flush of its disk is recorded. For each moment the disk is put together
as a power cut may leave it: all that was not flushed is there, nothing of it, or blocks by dice. The journal is then played back
by e2fsck, one more event is written, and what is there is compared with what had been told as written. In the same recording the
shell runs once without any sync: that is found out.`;
  if (!signal.aborted && bad === 0) rmSync(folder, { recursive: true, force: true });
  return { bad, text };
}
