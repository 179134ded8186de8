import { clip } from './clip.ts';
import * as shape from './shape.ts';

/** What a command inside a guest printed. */
export interface GuestOutput {
  /** Its exit status; 124: it was given up, 255: ssh failed. */
  readonly code: number;
  readonly bytes: Buffer;
  /** The last lines on its standard error, whatever they are. */
  readonly lines: readonly string[];
}

/** Reads what guest-file.sh printed. No error shows any of it. @throws FleetError `guest.unreadable` */
export function parseGuestFile(answer: string): GuestOutput {
  const [code = '', content = '', ...lines] = answer.split('\n');
  return shape.understand('guest.unreadable', '', () => {
    if (!/^\d{1,3}$/.test(code) || !/^[A-Za-z0-9+/]*={0,2}$/.test(content))
      throw new Error('it is no exit status and base64');
    const said = lines.filter((line) => line.trim() !== '').slice(-3);
    return {
      code: Number(code),
      bytes: Buffer.from(content, 'base64'),
      lines: said.map((line) => clip(line, 200)),
    };
  });
}
