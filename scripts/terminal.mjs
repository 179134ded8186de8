// As much of a terminal as fleet uses, and a picture of it.

/** Of the styles that src/report/style.ts has: by number of SGR, what it sets. */
const orders = {
  0: { colour: undefined, bold: false, dim: false },
  1: { bold: true },
  2: { dim: true },
  22: { bold: false, dim: false },
  31: { colour: '#ff7b72' },
  32: { colour: '#7ee787' },
  33: { colour: '#e3b341' },
  36: { colour: '#76e3ea' },
  39: { colour: undefined },
};
const plain = orders[0];
/** A dark screen of its own, with a border: to be read on a white page and on a black one. */
const [ground, frame, ink, faint] = ['#0d1117', '#30363d', '#e6edf3', '#8b949e'];
/** Pixels. */
const [cell, line, margin, size] = [8, 18, 14, 13];

export class Terminal {
  #columns;
  #rows;
  #lines = [[]];
  #at = { row: 0, column: 0 };
  #style = plain;
  /** Of an order that is not whole yet. */
  #begun = '';

  constructor(columns, rows) {
    this.#columns = columns;
    this.#rows = rows;
  }

  copy() {
    const copy = new Terminal(this.#columns, this.#rows);
    copy.#lines = this.#lines.map((cells) => [...cells]);
    return copy;
  }

  /** What stands there, without its style. */
  text() {
    return this.#lines.map((cells) => cells.map(({ character }) => character).join(''));
  }

  write(piece) {
    const all = this.#begun + piece;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: an order begins with it.
    const [begun = ''] = /\u001b(?:\[[\d;?]*)?$/.exec(all) ?? [];
    this.#begun = begun;
    const text = all.slice(0, all.length - begun.length);
    const known =
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about.
      /\u001b\[(?<numbers>[\d;]*)(?<order>[AJm])|\u001b\[\?25[lh]|(?<character>[^\u001b])|(?<other>\u001b)/gu;
    for (const { groups } of text.matchAll(known)) {
      if (groups.other) throw new Error('something else of a terminal was asked for');
      if (groups.order) this.#obey(groups.order, groups.numbers);
      else if (groups.character !== undefined) this.#put(groups.character);
    }
  }

  #obey(order, numbers) {
    const { row, column } = this.#at;
    if (order === 'A') {
      // What has left at the top is out of reach.
      const first = Math.max(0, this.#lines.length - this.#rows);
      this.#at.row = Math.max(row - Number(numbers || 1), first);
    }
    if (order === 'J') this.#lines.splice(row, Infinity, this.#lines[row].slice(0, column));
    if (order === 'm')
      for (const number of (numbers || '0').split(';'))
        this.#style = { ...this.#style, ...orders[number] };
  }

  #put(character) {
    if (character === '\r') this.#at.column = 0;
    else if (character === '\n') this.#down();
    else {
      if (this.#at.column === this.#columns) {
        this.#at.column = 0;
        this.#down();
      }
      const cells = this.#lines[this.#at.row];
      while (cells.length < this.#at.column) cells.push({ character: ' ', ...plain });
      cells[this.#at.column++] = { character, ...this.#style };
    }
  }

  #down() {
    this.#at.row++;
    if (this.#at.row === this.#lines.length) this.#lines.push([]);
  }

  /** As SVG: the lines from this one on, below the command that was typed. */
  svg(command, from) {
    const lines = this.#lines.slice();
    while (lines.length > 0 && lines.at(-1).length === 0) lines.pop();
    const shown = [
      [...command].map((character) => ({ character, ...plain, bold: true })),
      ...lines.slice(from),
    ];
    const [width, height] = [this.#columns * cell + 2 * margin, shown.length * line + 2 * margin];
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(command)}">`,
      `<rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="6" fill="${ground}" stroke="${frame}"/>`,
      `<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="${size}" fill="${ink}">`,
      ...shown.flatMap((cells, row) => runs(cells).map((run) => textOf(run, row))),
      '</g></svg>\n',
    ].join('\n');
  }
}

/** Cells of one style, without spaces at either end: each has its place, whatever the font. */
function runs(cells) {
  const found = [];
  let run;
  for (const [column, { character, ...style }] of cells.entries()) {
    const isGap = character === ' ' && (cells[column + 1]?.character ?? ' ') === ' ';
    const isSame = run && JSON.stringify(run.style) === JSON.stringify(style);
    if (isGap || (character === ' ' && !isSame)) run = undefined;
    else if (isSame) run.text += character;
    else {
      run = { column, text: character, style };
      found.push(run);
    }
  }
  return found.map((one) => ({ ...one, text: one.text.trimEnd() }));
}

function textOf({ column, text, style: { bold, colour, dim } }, row) {
  const fill = colour ?? (dim ? faint : undefined);
  const x = margin + column * cell;
  const y = margin + row * line + size;
  return [
    `<text x="${x}" y="${y}" textLength="${[...text].length * cell}" lengthAdjust="spacingAndGlyphs"`,
    fill === undefined ? '' : ` fill="${fill}"`,
    bold ? ' font-weight="bold"' : '',
    `>${escaped(text)}</text>`,
  ].join('');
}

const escaped = (text) =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);
