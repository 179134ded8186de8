import { styleText } from 'node:util';
import type { Diagnostic } from '../model/diagnostic.ts';
import { plainText } from '../model/plain-text.ts';
import { secret } from '../model/secrets.ts';
import { columnsOf } from './columns.ts';

const width = 80;

/** Diagnostics for a person, at most 80 columns wide: where, what, and what to write instead. */
export function diagnosticsText(
  diagnostics: readonly Diagnostic[],
  source: string,
  { color }: { readonly color: boolean },
): string {
  const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
    color ? styleText(style, text, { validateStream: false }) : text;
  const lines = visible(source).split('\n');

  const blocks = diagnostics.map((found) => {
    const style = found.severity === 'error' ? 'red' : 'yellow';
    const place = found.line > 0 ? `:${found.line}:${found.column}` : '';
    const head = `${found.file}${place} ${found.severity} ${found.code} ${onOneLine(found.message)}`;
    const [first = '', ...more] = wrap(head, '  ');
    const painted = first.replace(found.severity, () => paint([style, 'bold'], found.severity));
    const frame = codeFrame(found, lines).map(({ text, caret }) =>
      caret ? paint(style, text) : paint('dim', text),
    );
    const hint = found.hint ? wrap(`  hint: ${onOneLine(found.hint)}`, '    ') : [];
    return [painted, ...more, ...frame, ...hint].join('\n');
  });
  return blocks.map((block) => `${block}\n`).join('\n');
}

interface FrameLine {
  readonly text: string;
  readonly caret: boolean;
}

function codeFrame({ line, column, length }: Diagnostic, lines: readonly string[]): FrameLine[] {
  if (line < 1 || line > lines.length) return [];
  const gutter = String(line).length + 5;
  const room = width - gutter;
  // A long line is cut so that the caret and a little before it can be seen.
  const skip = column + Math.min(length, 20) > room ? Math.max(0, column - 31) : 0;
  const here = window(lines[line - 1]!, skip, room);
  const indent = columnsOf(here.slice(0, column - 1 - skip));
  const under = columnsOf(here.slice(column - 1 - skip, column - 1 - skip + length));
  const carets = '^'.repeat(Math.max(1, Math.min(under, room - indent)));
  const frame = [
    { text: `> ${line} | ${clip(here, skip, room)}`, caret: false },
    { text: `${' '.repeat(gutter - 2)}| ${' '.repeat(indent)}${carets}`, caret: true },
  ];
  if (line > 1) {
    const number = String(line - 1).padStart(gutter - 5);
    frame.unshift({
      text: `  ${number} | ${clip(window(lines[line - 2]!, skip, room), skip, room)}`,
      caret: false,
    });
  }
  return frame.map(({ text, caret }) => ({ text: text.trimEnd(), caret }));
}

/** Characters of a line around what is shown. Of a very long line nothing more is looked at. */
function window(line: string, skip: number, room: number): string[] {
  if (line.length > 2000) return [...line.slice(skip, skip + 2 * room)];
  return [...line].slice(skip, skip + 2 * room);
}

/** As many characters as there is room for, with a mark where the line goes on. */
function clip(characters: readonly string[], skip: number, room: number): string {
  const shown = skip > 0 && characters.length > 0 ? ['…', ...characters.slice(1)] : characters;
  if (columnsOf(shown) <= room) return shown.join('');
  let used = 1;
  const kept = shown.findIndex((character) => {
    used += columnsOf([character]);
    return used > room;
  });
  return `${shown.slice(0, kept).join('')}…`;
}

function wrap(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  // A store path is there to be copied.
  const isWhole = (word: string) => word.length < 400 && word.includes('/nix/store/');
  const words = text
    .split(/(?<=\S) /)
    .flatMap((word) => (isWhole(word) ? [word] : (word.match(/.{1,70}/gsu) ?? [])));
  for (const word of words) {
    if (line !== '' && columnsOf(line) + 1 + columnsOf(word) > width) {
      lines.push(line);
      line = indent + word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/** The source as it may be shown: no control sequences, no secrets, the columns as they were. */
function visible(source: string): string {
  const pem =
    /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g;
  let text = source.replace(/^\ufeff/, '');
  if (secret.test(text)) {
    text = text
      .replace(pem, (key) => key.replace(/\S/g, '•'))
      .replace(/AGE-SECRET-KEY-1\S*/g, (key) => '•'.repeat(key.length));
  }
  return clean(text.replaceAll('\r\n', '\n'));
}

const onOneLine = (text: string): string => clean(text).replaceAll('\n', ' ');

const clean = (text: string): string =>
  plainText(text, Number.POSITIVE_INFINITY).replaceAll('\t', ' ');
