import { harmless, unguarded } from './guard.ts';

/**
 * Lines that stay on a terminal, and below them rows that change until it is over. What others write to the stream
 * meanwhile, an error for one, stays above the rows, too.
 */
export class Screen {
  readonly #out: NodeJS.WriteStream;
  readonly #put: (text: string) => boolean;
  /** How others write, while rows stand. */
  #others: NodeJS.WriteStream['write'] | undefined;
  #rows: readonly string[] = [];
  #isOver = false;

  constructor(stream: NodeJS.WriteStream) {
    this.#out = stream;
    const own = unguarded(stream);
    this.#put = own.write.bind(own);
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
    this.#put(`${erase}${cursor}${text}${rows.map((row) => `${row}\n`).join('')}${back}`);
    if (before === 0 && rows.length > 0) this.#take();
    if (before > 0 && rows.length === 0 && this.#others) {
      this.#out.write = this.#others;
      this.#others = undefined;
    }
  }

  #take(): void {
    const others = this.#out.write;
    this.#others = others;
    const above = (chunk: string | Uint8Array, ...more: []) =>
      typeof chunk === 'string'
        ? this.#draw(chunk.endsWith('\n') ? harmless(chunk) : `${harmless(chunk)}\n`, this.#rows)
        : others.call(this.#out, chunk, ...more);
    this.#out.write = ((...how: [string]) => {
      above(...how);
      return true;
    }) as typeof others;
  }
}
