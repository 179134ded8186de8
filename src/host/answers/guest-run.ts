import { clip } from './clip.ts';
import * as shape from './shape.ts';

/** How a command inside a guest ended. */
export interface GuestRun {
  /** Its exit status; 124: it took too long, 255: ssh failed. */
  readonly code: number;
  /** The last lines of its output. */
  readonly lines: readonly string[];
}

/** How much of the output is kept: lines, and characters of each. */
const most = { lines: 3, length: 200 };

/** Reads what guest-run.sh printed. @throws FleetError `guest.unreadable` */
export function parseGuestRun(answer: string): GuestRun {
  return shape.understand('guest.unreadable', answer, () => {
    const [code = '', ...lines] = answer.trimEnd().split('\n');
    if (!/^\d{1,3}$/.test(code))
      throw new Error(`${JSON.stringify(clip(code, 100))} is not an exit status`);
    const said = lines.filter((line) => line.trim() !== '').slice(-most.lines);
    return { code: Number(code), lines: said.map((line) => clip(line, most.length)) };
  });
}
