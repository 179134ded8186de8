/**
 * Text of others as it may be shown: names, error messages, units and output of hypervisors, guests,
 * servers, git and files. All of it goes through here before a person or a log reads it.
 * docs/decisions/text-of-others.md
 */

/**
 * Control characters could move the cursor, direction marks swap what is read, U+2028 and U+2029 break a
 * line in some viewers, and half of a surrogate pair is no character at all. Tabs and line feeds stay.
 */
const unprintable = /[^\P{Cc}\n\t]|[\u2028\u2029\p{Bidi_C}]|\p{Cs}/gu;

/** Colours, which Nix prints to a pipe, too: without them its lines can be read. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: this is what it is about.
const colours = /\u001b\[[\d;:]{0,32}m/g;

/** A text without colours, which may stand in the middle of what somebody looks for. */
export const withoutColours = (text: string): string => text.replace(colours, '');

/** Stands where a character was that must not be shown. */
const dot = '·';

/** Lines as they are, without colours and everything in them printable; what is over `limit` characters is cut. */
export function plainText(text: string, limit = 65_536): string {
  return cut(text, limit).replaceAll('\r\n', '\n').replace(colours, '').replace(unprintable, dot);
}

/** On one line, and a line that a person reads: line breaks and tabs are blanks. */
export function plainLine(text: string, limit = 500): string {
  return plainText(text, limit).replace(/[\n\t]/g, ' ');
}

/**
 * Text of others below a line of fleet's own: every line behind a mark, so that it is never taken for
 * one of fleet's, nor for a command of GitHub's workflows (`::error` behind blanks is one).
 */
export function quotedText(text: string, limit?: number): string {
  return plainText(text.trimEnd(), limit).replace(/^/gm, '| ');
}

/** A message whose further lines, which others may have made, stand behind the mark. */
export function quotedAfterFirst(text: string): string {
  const [first = '', ...more] = plainText(text).split('\n');
  return more.length === 0 ? first : `${first}\n${quotedText(more.join('\n'))}`;
}

/** Unprintable characters as JSON's own escapes: the value stays what it is. */
export function plainJson(json: string): string {
  return json.replace(unprintable, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(4, '0');
    return `\\u${code}`;
  });
}

function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;
}
