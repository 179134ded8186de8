/**
 * Quotes one word for a POSIX shell. Nothing is special inside single quotes but the single quote
 * itself, which is closed, escaped and reopened.
 */
export function shellQuote(word: string): string {
  if (word.includes('\0')) throw new TypeError('a shell word cannot hold a NUL character');
  if (/^[\w@%+:,./-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", "'\\''")}'`;
}
