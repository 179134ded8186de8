import type { Code } from './pages.ts';

/** One thing that is typed, and what follows on the screen; nothing in `shows`: nothing is said about it. */
export interface Turn {
  readonly command: string;
  readonly shows: readonly string[];
}

/** A transcript (`console`) turn by turn; any other block is one turn that shows nothing. */
export function turnsOf({ language, text }: Code): Turn[] {
  if (language !== 'console') return [{ command: text, shows: [] }];
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((turn) => {
      const [command = '', ...shows] = turn.trimEnd().split('\n');
      return { command, shows };
    });
}

/** What differs from run to run, and is written in docs as it once was. */
const varying: readonly (readonly [RegExp, string])[] = [
  [/\/nix\/store\/[0-9a-z]{32}/, '/nix/store/[0-9a-z]{32}'],
  [/\b\d{8}-\d{6}-[0-9a-f]{4}\b/, '\\d{8}-\\d{6}-[0-9a-f]{4}'],
  [/\b\d{4}-\d\d-\d\d( \d\d:\d\d(:\d\d)?)?/, '\\d{4}-\\d\\d-\\d\\d( \\d\\d:\\d\\d(:\\d\\d)?)?'],
  [/<?\b[\d.]+ (s|min|h|d)\b/, '<?[\\d.]+ (s|min|h|d)'],
  [/\b[\d.]+ ?[KMGT](iB)?\b/, '[\\d.]+ ?[KMGT]?(iB|B)?'],
  [/\b(?=[0-9a-f]*\d)[0-9a-f]{7,40}\b/, '[0-9a-f]{7,40}'],
  [/\byou@desk\b/, '\\S+@\\S+'],
  [/…/, '.*'],
  [/ +/, ' +'],
];
const anyVarying = new RegExp(varying.map(([from]) => `(${from.source})`).join('|'), 'g');

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** A line of a transcript, as a pattern: `…` stands for anything, times, sizes and ids for any other. */
const pattern = (line: string): string => {
  let [end, all] = [0, ''];
  for (const match of line.matchAll(anyVarying)) {
    const [, to = ''] =
      varying.find(([from]) => new RegExp(`^(${from.source})$`).test(match[0])) ?? [];
    all += escaped(line.slice(end, match.index)) + to;
    end = match.index + match[0].length;
  }
  return all + escaped(line.slice(end));
};

/**
 * What a transcript says that is not on the screen. A line `…` stands for any lines.
 * @returns the first line that is not there, or what is there instead of the end; undefined: all is as it says
 */
export function missingFrom(shows: readonly string[], screen: string): string | undefined {
  const lines = screen.split('\n').map((line) => line.trimEnd());
  const isAny = (line: string) => line === '…';
  const patternOf = (part: readonly string[]) =>
    part.map((line) => (isAny(line) ? '(?:.*\\n)*?' : `${pattern(line)} *\\n`)).join('');
  const text = `${lines.join('\n').replace(/^\n+|\n+$/g, '')}\n`;
  if (new RegExp(`^${patternOf(shows)}$`).test(text)) return undefined;
  const at = shows.findIndex(
    (line, i) => !isAny(line) && !new RegExp(`^${patternOf(shows.slice(0, i + 1))}`).test(text),
  );
  return at < 0 ? 'more follows than it shows' : shows[at];
}

/** @throws Error with the screen, when it does not show what the docs say */
export function requireShown({ command, shows }: Turn, screen: string): void {
  const missing = shows.length === 0 ? undefined : missingFrom(shows, screen);
  if (missing !== undefined)
    throw new Error(`$ ${command}\n${screen}\nThe docs say otherwise: ${missing}`);
}
