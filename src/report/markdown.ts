import { plainLine, plainText } from '../model/plain-text.ts';

/**
 * Markdown of text that strangers wrote: none of it is markup, a mention, a link, an image or a reference to an issue.
 * GitHub looks for the last four after it has undone escapes, everywhere but in code: so the characters that they begin
 * with are followed by a zero-width space.
 */

const zeroWidth = '\u200b';

/** A sentence, on one line. */
export function prose(text: string, limit?: number): string {
  return plainLine(text, limit)
    .replace(/[\\`*_[\]<>&!|~$#]/g, '\\$&')
    .replace(/^(\s*\d*)([-+=.)])/, '$1\\$2')
    .replace(/[@#]|:(?=\S)|\bwww(?=\.)|\bgh-/gi, `$&${zeroWidth}`);
}

/** A word or value as it is, in a code span. */
export function code(text: string, limit?: number): string {
  const line = plainLine(text, limit);
  const fence = fenceFor(line, 1);
  // A blank at both ends is taken away again.
  const pad = /^[`\s]|[`\s]$|^$/.test(line) ? ' ' : '';
  return `${fence}${pad}${line || '\u00a0'}${pad}${fence}`;
}

/** Lines as they are, in a block of code. @param language a word of ours */
export function codeBlock(text: string, language = '', limit?: number): string {
  const lines = plainText(text, limit).replace(/\n$/, '');
  const fence = fenceFor(lines, 3);
  return `${fence}${language}\n${lines}\n${fence}\n`;
}

/** What is shown on a click. @param summary a word of ours, then text of others as code */
export function details(
  { what, name = '' }: { readonly what: string; readonly name?: string },
  body: string,
): string {
  const named = name && ` <code>${html(name)}</code>`;
  return `<details><summary>${html(what)}${named}</summary>\n\n${body}\n</details>\n`;
}

/** Text between tags. */
function html(text: string): string {
  return plainLine(text).replace(/[&<>"'`]/g, (found) => `&#${found.charCodeAt(0)};`);
}

/** One backtick more than stand together anywhere in `text`. */
function fenceFor(text: string, least: number): string {
  // One by one: arguments of a call have to fit on the stack.
  let longest = least - 1;
  for (const [run] of text.matchAll(/`+/g)) longest = Math.max(longest, run.length);
  return '`'.repeat(longest + 1);
}
