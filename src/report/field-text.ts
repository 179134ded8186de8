import type { FieldDifference } from '../model/generation-diff.ts';

/** `+` it came, `-` it went, `~` it changed. */
export function fieldText({ field, from, to }: FieldDifference): string {
  if (from === undefined) return `+ ${field}: ${to}`;
  return to === undefined ? `- ${field}: ${from}` : `~ ${field}: ${from} → ${to}`;
}
