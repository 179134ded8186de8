/** How single Nix tokens are written: nothing outside this folder puts a quote around anything. */

const identifier = /^[A-Za-z_][A-Za-z0-9_'-]*$/;

/** `or` is one only in places, but a reader should not have to know where. */
const keywords = new Set(
  'assert else if in inherit let or rec then with true false null'.split(' '),
);

const shortEscapes: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** Throws for text that no Nix string can hold; the rules of fleet.yaml refuse it long before. */
function refuseUnholdable(text: string): void {
  if (text.includes('\0')) throw new Error('Nix strings cannot hold NUL');
  if (!text.isWellFormed()) throw new Error('Nix strings cannot hold lone surrogates');
}

/** What a terminal would obey and a reader not see. Nix has no escapes for it, but its JSON has. */
const unseen = /[^\P{Cc}\n\r\t]|[\u2028\u2029\p{Bidi_C}]/gu;

const byJson = (character: string): string =>
  `\${builtins.fromJSON "\\"\\\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}\\""}`;

const needsNothing = /^[ !#%-[\]-~]*$/;

/** `"…"` on one line. */
export function quoted(text: string): string {
  if (needsNothing.test(text)) return `"${text}"`;
  refuseUnholdable(text);
  const body = text.replace(
    // A dollar sign before a brace, or before what becomes one, is none of Nix's.
    /["\\]|\$(?=[{\u2028\u2029\p{Bidi_C}]|[^\P{Cc}\n\r\t])|[\n\r\t]/gu,
    (c) => shortEscapes[c] ?? `\\${c}`,
  );
  return `"${body.replace(unseen, byJson)}"`;
}

/**
 * `''…''` over several lines, or undefined where Nix would not read the same text back (it takes
 * off the indentation common to all lines, and a last line of blanks) or a reader would not see it.
 */
export function indented(text: string, indent: string): string | undefined {
  if (!text.includes('\n') || text.includes('\r') || text.search(unseen) >= 0) return undefined;
  if (!/(^|\n)[^ \n]/.test(text) || /(^|\n) +$/.test(text)) return undefined;
  refuseUnholdable(text);
  const lines = escapeIndented(text).split('\n');
  const last = lines.length - 1;
  const inner = lines.map((line, n) => (line === '' && n < last ? '' : `${indent}  ${line}`));
  if (lines[last] === '') inner[last] = indent;
  return `''\n${inner.join('\n')}''`;
}

/** A quote that meets `''` or `''$` would be read together with it, so it is escaped on its own. */
function escapeIndented(text: string): string {
  return text.replace(/\$(?=\{)|'(?='|\$\{|$)/g, (c) => (c === '$' ? "''$" : "''\\'"));
}

/** One step of an attribute path. */
export function key(name: string): string {
  return identifier.test(name) && !keywords.has(name) ? name : quoted(name);
}

/**
 * A number that Nix reads as the same number. Whole numbers within 64 bit become integers, so
 * `1.0` does too: JSON and YAML readers do not tell them apart. -0 becomes 0, as in JSON.
 */
export function number(n: number): string {
  if (!Number.isFinite(n)) throw new Error(`${n} is not a number that Nix has`);
  if (Number.isSafeInteger(n)) return String(n);
  if (Number.isInteger(n) && Math.abs(n) < 2 ** 63) return BigInt(n).toString();
  // Nix refuses literals that lose precision, which all numbers this near to zero do.
  if (Math.abs(n) < 2 ** -1022) return `(builtins.fromJSON "${n}")`;
  const [mantissa = '', exponent] = String(n).split('e');
  const withPoint = mantissa.includes('.') ? mantissa : `${mantissa}.0`;
  return exponent === undefined ? withPoint : `${withPoint}e${exponent.replace('+', '')}`;
}

const plainPath = /^\.{1,2}(\/[A-Za-z0-9._+-]+)+$/;

/** A path relative to the file it is written in, e.g. `./config.nix` or `../../modules/guest.nix`. */
export function pathLiteral(relative: string): string {
  if (plainPath.test(relative)) return relative;
  // Path literals have no escapes: the part that needs some is appended as a string.
  const [base = './'] = /^(\.{1,2}\/)+/.exec(relative) ?? [];
  return `(${base}. + ${quoted(`/${relative.slice(base.length)}`)})`;
}
