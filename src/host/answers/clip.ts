/**
 * Cuts a text of others to a length that a person reads, but never in the middle of a surrogate pair.
 */
export function clip(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
