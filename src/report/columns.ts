/** East Asian characters and emoji take two columns of a terminal. */
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]|\p{Emoji_Presentation}/u;

// biome-ignore lint/suspicious/noControlCharactersInRegex: this is what it is about.
const styles = /\u001b\[[\d;]*m/g;

/** Columns that these characters take. */
export function columnsOf(characters: Iterable<string>): number {
  let sum = 0;
  for (const character of characters) sum += wide.test(character) ? 2 : 1;
  return sum;
}

/** Rows of a terminal that a text takes: it breaks lines that are too long for it, some also one that is just as long. */
export function rowsOf(text: string, columns: number): number {
  const rows = (line: string) => 1 + Math.floor(columnsOf(line.replace(styles, '')) / columns);
  return text.split('\n').reduce((sum, line) => sum + rows(line), 0);
}

/** As many lines, the first of them first, as take no more rows than that; a mark stands for the others. */
export function linesWithin(lines: readonly string[], rows: number, columns: number): string[] {
  const taken = (shown: readonly string[]) => rowsOf(shown.join('\n'), columns);
  if (taken(lines) <= rows) return [...lines];
  const shown = lines.slice(0, rows);
  while (shown.length > 0 && taken([...shown, '…']) > rows) shown.pop();
  return [...shown, '…'];
}

/** As much of a line as there is room for, with a mark where it goes on. */
export function cutTo(text: string, room: number): string {
  if (columnsOf(text) <= room) return text;
  let [shown, left] = ['', Math.max(0, room - 1)];
  for (const character of text) {
    left -= columnsOf([character]);
    if (left < 0) break;
    shown += character;
  }
  return `${shown}…`;
}
