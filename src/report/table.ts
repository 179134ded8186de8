import type { Style } from './style.ts';

/** A column of a table of one line a row. */
export interface Column<T> {
  readonly title: string;
  readonly text: (row: T) => string;
  /** Numbers stand under each other. */
  readonly right?: true;
  /** Characters after which a text is cut. */
  readonly most?: number;
  readonly style?: (row: T) => Parameters<Style>[0] | undefined;
}

const gap = 2;

/**
 * As many columns, the first of them first, as fit in `width`; each is as wide as its widest text. One that says
 * nothing of any row is left out.
 */
export function table<T>(
  rows: readonly T[],
  columns: readonly Column<T>[],
  style: Style,
  width: number,
): string {
  if (rows.length === 0) return '';
  let left = width + gap;
  const chosen = columns.flatMap((column) => {
    const texts = rows.map((row) => cut(column.text(row), column.most ?? width));
    const widest = Math.max(column.title.length, ...texts.map((text) => text.length));
    if (texts.every((text) => text === '') || left < widest + gap) return [];
    left -= widest + gap;
    return [{ column, texts, widest }];
  });
  const line = (cells: readonly string[]) => cells.join(' '.repeat(gap)).trimEnd();
  const pad = (text: string, widest: number, right?: true) =>
    right ? text.padStart(widest) : text.padEnd(widest);
  const head = line(chosen.map(({ column, widest }) => pad(column.title, widest, column.right)));
  const body = rows.map((row, i) =>
    line(
      chosen.map(({ column, texts, widest }) => {
        const text = texts[i] ?? '';
        const format = column.style?.(row);
        const padded = pad(text, widest, column.right);
        return format && text ? padded.replace(text, () => style(format, text)) : padded;
      }),
    ),
  );
  return `${[style('dim', head), ...body].join('\n')}\n`;
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, Math.max(0, most - 1))}…`;
}
