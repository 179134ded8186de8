import { harmless, unguarded } from './guard.ts';

/** Lines that stay on a terminal, and below them rows that change until it is over. */
export class Screen {
  readonly #out: NodeJS.WriteStream;
  #rows: readonly string[] = [];
  #isOver = false;

  constructor(stream: NodeJS.WriteStream) {
    this.#out = unguarded(stream);
  }

  /** Columns that a row may have. One is left free: some terminals begin a new line after the last. */
  get width(): number {
    return Math.max(20, (this.#out.columns || 80) - 1);
  }

  /** Rows that may be shown: two thirds, so that what stands above them can be read, too. */
  get height(): number {
    return Math.max(3, Math.floor(((this.#out.rows || 24) * 2) / 3));
  }

  /** Writes lines that stay, above the rows. */
  write(text: string): void {
    this.#draw(harmless(text), this.#rows);
  }

  /** Shows these rows, none longer than `width`, in place of those before. */
  show(rows: readonly string[]): void {
    const own = rows.slice(0, this.height).map(harmless);
    if (this.#isOver || own.join('\n') === this.#rows.join('\n')) return;
    this.#draw('', own);
  }

  /** Takes the rows away; what was written stays. */
  end(): void {
    if (this.#isOver) return;
    this.#draw('', []);
    this.#isOver = true;
  }

  #draw(text: string, rows: readonly string[]): void {
    const before = this.#rows.length;
    // Whoever typed Ctrl-C has moved the cursor.
    const erase = before > 0 ? `\r\x1b[${before}A\x1b[J` : '';
    const cursor = before === 0 && rows.length > 0 ? '\x1b[?25l' : '';
    const back = before > 0 && rows.length === 0 ? '\x1b[?25h' : '';
    this.#rows = rows;
    this.#out.write(`${erase}${cursor}${text}${rows.map((row) => `${row}\n`).join('')}${back}`);
  }
}
