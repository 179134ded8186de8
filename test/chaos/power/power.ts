import { judgeCut } from './judge.ts';
import type { SmallMachine } from './machine.ts';
import { cutScript, lookScript } from './script.ts';

export interface Cut {
  readonly number: number;
  /** The command that came next; undefined: the script was over before. */
  readonly before: string | undefined;
  readonly told: number;
  readonly wrong: readonly string[];
}

/** What a boot showed: of the cut before it, and of its own. */
interface Boot {
  readonly looked: string;
  readonly said: string;
}

const boundary = 'fleet-looked';

/** Boots, looks at what the last power cut left, takes it away, and runs the script until the next one. */
async function boot(machine: SmallMachine, number: number): Promise<Boot> {
  const script = `echo >/dev/console
bash <<'end of look' >/dev/console 2>&1
${lookScript}
end of look
echo ${boundary} >/dev/console
${cutScript(number)}`;
  const said = await machine.run(script, /fleet-(cut|over|ended).*\r?\n/);
  const [looked = '', rest = ''] = said.split(boundary);
  return { looked, said: rest };
}

function judge(number: number, { said }: Boot, { looked }: Boot): Cut {
  const before = /fleet-cut \d+ before (.*)/.exec(said)?.[1]?.trim();
  const told = [...said.matchAll(/fleet-told (.*?)\r?\n/g)].map(([, line]) => line ?? '');
  const rows = looked.split(/\r?\n/).map((line) => line.split(' '));
  const text = (base64 = '') => Buffer.from(base64, 'base64').toString();
  const spool = rows.filter(([what]) => what === 'fleet-file').map(([, , base64]) => text(base64));
  const web = rows.find(([what, name]) => what === 'fleet-state' && name === 'web');
  const wrong = judgeCut({ told, spool, state: web && text(web[2]) });
  if (before === undefined && !said.includes('fleet-over')) wrong.push('the script failed');
  if (wrong.length > 0) wrong.push(looked, said);
  return { number, before, told: told.length, wrong };
}

export function cutText({ number, before, told, wrong }: Cut): string {
  if (before === undefined) return `${number}. over`;
  return `${number}. before ${before}: ${told} told, ${wrong.length === 0 ? 'all there' : 'WRONG'}`;
}

/** Cuts the power at these points; ends after the first that the script does not come to. */
export async function runPower(
  machine: SmallMachine,
  numbers: Iterable<number>,
  signal: AbortSignal,
  tell: (cut: Cut) => void,
): Promise<void> {
  let last: { readonly number: number; readonly boot: Boot } | undefined;
  for (const number of numbers) {
    const now = await boot(machine, number);
    const cut = last && judge(last.number, last.boot, now);
    if (cut) tell(cut);
    last = { number, boot: now };
    if (signal.aborted || now.said.includes('fleet-over')) break;
  }
  // What the last one left is still to be looked at.
  if (last) tell(judge(last.number, last.boot, await boot(machine, 1)));
}

/** 1, 2, 3 …, without those that are known. */
export function* points(isKnown: (number: number) => boolean): Generator<number> {
  for (let number = 1; ; number++) if (!isKnown(number)) yield number;
}
