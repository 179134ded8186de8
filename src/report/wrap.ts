/**
 * Text broken at spaces so that no line is longer than `width` columns, as far as its words allow. The
 * first line and every further one begin at `column`. What is in parentheses, often a command, stays
 * in one line, and so do a number and its unit.
 */
export function wrap(text: string, column: number, width = 80): string {
  // Beside a name that takes most of the line, a column of single words says less than a long line.
  const room = Math.max(width - column, 24);
  return text
    .split('\n')
    .flatMap((line) => {
      const lines: string[] = [];
      // Nobody writes such a line for people, and the finer rule takes its square in time.
      const parts = line.length > 2000 ? line.split(' ') : line.split(/(?<! \d+) (?![^(]*\))/);
      for (const part of parts) {
        const last = lines.at(-1);
        if (last !== undefined && last.length + 1 + part.length <= room)
          lines[lines.length - 1] = `${last} ${part}`;
        else lines.push(part);
      }
      return lines;
    })
    .join(`\n${' '.repeat(column)}`);
}

/** `Try: git fetch origin`: what a line without a full stop ends with is a command. */
const command = /(?<=: )(?:(?!: ).)*[^.?!]$/;
/** What follows a colon, up to the end of its clause, may be one, and so may what is in backticks. */
const clause = /(?<=: )[^,;.?!]*(?:[,;.?!](?! )[^,;.?!]*)*|`[^`]*`/g;

/**
 * What to do about an error, wrapped as any text, but with its commands in one line, to be copied. A line that
 * begins with a space is one.
 */
export function wrapHint(hint: string, column: number, width = 80): string {
  const room = Math.max(width - column, 24);
  const whole = (text: string) => text.replaceAll(' ', '\0');
  return hint
    .split('\n')
    .map((line) => {
      if (line.length <= room || line.startsWith(' ')) return line;
      const parts = line
        .replace(command, whole)
        .replace(clause, (text) => (text.length <= room ? whole(text) : text));
      return wrap(parts, column, width).replaceAll('\0', ' ');
    })
    .join(`\n${' '.repeat(column)}`);
}
