import { setTimeout as sleep } from 'node:timers/promises';
import type { LabHost } from '../../lab/lab.ts';
import { judgeCut } from './judge.ts';
import { cutScript, lookScript } from './script.ts';

export interface Cut {
  readonly number: number;
  /** The command that came next; undefined: the script was over before. */
  readonly before: string | undefined;
  readonly told: number;
  readonly wrong: readonly string[];
}

const patienceMs = 120_000;

/** Runs the script of script.ts on a host with a kernel of its own, cuts the power at a point, and looks after the boot. */
export async function cutAt(host: LabHost, number: number): Promise<Cut> {
  const begun = host.console().length;
  await host.exec(`cat > /root/cut.sh <<'end of script'
${cutScript(number)}
end of script
sync; setsid -f bash /root/cut.sh >/dev/null 2>&1 </dev/null`);
  const said = await until(host, begun);
  const before = /fleet-cut \d+ before (.*)/.exec(said)?.[1]?.trim();
  const told = [...said.matchAll(/fleet-told (.*?)\r?\n/g)].map(([, line]) => line ?? '');
  await host.kill();
  await host.boot();
  const look = await host.exec(`cat > /root/look.sh <<'end of script'
${lookScript}
end of script
bash /root/look.sh`);
  const rows = look.stdout.split('\n').map((line) => line.split(' '));
  const text = (base64 = '') => Buffer.from(base64, 'base64').toString();
  const spool = rows.filter(([what]) => what === 'file').map(([, , base64]) => text(base64));
  const web = rows.find(([what, name]) => what === 'state' && name === 'web');
  const wrong = judgeCut({ told, spool, state: web && text(web[2]) });
  if (look.code !== 0) wrong.push(`nobody could look: ${look.stderr}`);
  if (wrong.length > 0) wrong.push(look.stdout, said);
  return { number, before, told: told.length, wrong };
}

async function until(host: LabHost, begun: number): Promise<string> {
  const late = Date.now() + patienceMs;
  for (;;) {
    const said = host.console().slice(begun);
    if (/fleet-(cut|over) .*\n/.test(said)) return said;
    if (Date.now() > late) throw new Error(`the script came to no end:\n${said.slice(-2000)}`);
    await sleep(50);
  }
}

export function cutText({ number, before, told, wrong }: Cut): string {
  if (before === undefined) return `${number}. over`;
  return `${number}. before ${before}: ${told} told, ${wrong.length === 0 ? 'all there' : 'WRONG'}`;
}

/** Cuts the power at one point after the other, until the script is over. */
export async function runPower(
  host: LabHost,
  isWanted: (number: number) => boolean,
  signal: AbortSignal,
  tell: (cut: Cut) => void,
): Promise<void> {
  for (let number = 1; !signal.aborted; number++) {
    if (!isWanted(number)) continue;
    const cut = await cutAt(host, number);
    tell(cut);
    if (cut.before === undefined) return;
  }
}
