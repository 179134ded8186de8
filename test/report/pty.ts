import { spawn } from 'node:child_process';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** What a command writes at a terminal of this size, by `script` of util-linux. */
export function atTerminal(
  command: string,
  { columns, rows }: Size,
  env: Readonly<Record<string, string>> = {},
  cwd = '.',
): Promise<string> {
  const line = `stty rows ${rows} cols ${columns}; exec ${command}`;
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn('script', ['-qefc', line, '/dev/null'], {
    cwd,
    env: { PATH, HOME, TERM: 'xterm', SHELL: '/bin/sh', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve(said));
  });
}

/** What stands there then: lines that have left at the top, too. Knows what fleet uses of a terminal, and no more. */
export function shownOf(said: string, { columns, rows }: Size): string[] {
  const lines = [''];
  let [row, column] = [0, 0];
  const down = () => {
    row++;
    if (row === lines.length) lines.push('');
  };
  const known =
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about.
    /\u001b\[(?<number>\d*)(?<order>[AJm])|\u001b\[\?25[lh]|\u001b\][^\u0007]*\u0007|(?<character>[^\u001b])|(?<other>\u001b)/gu;
  for (const { groups = {} } of said.matchAll(known)) {
    const { number, order, character, other } = groups;
    if (other) throw new Error('something else of a terminal was asked for');
    // What has left at the top is out of reach.
    if (order === 'A') row = Math.max(row - Number(number || 1), lines.length - rows, 0);
    if (order === 'J') {
      lines.length = row + 1;
      lines[row] = lines[row]!.slice(0, column);
    }
    if (character === '\r') column = 0;
    else if (character === '\n') down();
    else if (character !== undefined) {
      if (column === columns) {
        column = 0;
        down();
      }
      const line = [...lines[row]!.padEnd(column)];
      line[column] = character;
      lines[row] = line.join('');
      column++;
    }
  }
  return lines;
}
