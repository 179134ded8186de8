import type { LogLine } from '../model/log-line.ts';
import type { LogDocument, LogEntry } from './json/looking.ts';
import type { Style } from './style.ts';

/** A name that takes more pushes its line out of the column. */
const longest = 20;

/**
 * Makes lines of a listing: time (UTC), whose it is when there may be several, who wrote it unless it is a guest's
 * console. Names stand in one column, as wide as those that came so far need.
 */
export function logText(hasNames: boolean, style: Style): (lines: readonly LogLine[]) => string {
  let width = 0;
  return (lines) => {
    for (const { name } of lines) width = Math.min(longest, Math.max(width, name.length));
    return lines
      .map((line) => {
        const who = hasNames ? `${style('bold', line.name.padEnd(width))} ` : '';
        const isPlain = line.unit === 'console' || line.by === '';
        const by = isPlain ? '' : `${style('dim', `${writer(line)}:`)} `;
        return `${style('dim', moment(line.at))} ${who}${by}${coloured(line, style)}\n`;
      })
      .join('');
  };
}

/** `microvm-virtiofsd@web` where the line already is web's: virtiofsd. */
function writer({ by, name, unit }: LogLine): string {
  return by.endsWith(`@${name}`) ? unit : by;
}

function coloured({ text, priority = 6 }: LogLine, style: Style): string {
  return priority <= 3 ? style('red', text) : text;
}

/** To the second: it is people who read it. */
function moment(at: number): string {
  return isoTime(at).slice(0, 19).replace('T', ' ');
}

/** Of microseconds since the epoch, to the millisecond; a clock there may be off by any amount. */
function isoTime(at: number): string {
  return new Date(Math.min(at / 1000, 8.64e15)).toISOString();
}

/** The same for programs, a line of JSON each. */
export function logLines(lines: readonly LogLine[]): string {
  return lines.map((line) => `${JSON.stringify(logDocument(line))}\n`).join('');
}

const logDocument = (line: LogLine): LogDocument => ({
  kind: 'log',
  version: 1,
  ...logEntry(line),
});

/** As programs have it. */
export function logEntry({ at, ...line }: LogLine): LogEntry {
  return { time: isoTime(at), ...line };
}
