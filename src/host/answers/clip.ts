/**
 * A text of others, cut to a length that a person reads: what comes after is theirs to keep. Never
 * between the halves of one character.
 */
export function clip(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
