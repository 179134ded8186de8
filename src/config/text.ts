import { secret } from '../model/secrets.ts';
import type { Finding } from './finding.ts';

/** At most this many, because a binary file has too many to list. */
const maxListed = 20;

/** Checks of the text before it is read as YAML. */
export function readText(text: string): Finding[] {
  const findings: Finding[] = [];
  // Except carriage returns, which are part of line breaks. U+FFFD replaces bytes that are not UTF-8; direction marks make
  // a line look different from what it is.
  const control =
    /[^\P{Cc}\t\n\r]|\r(?!\n)|\p{Surrogate}|[\ufeff\ufffd\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;
  for (const match of text.matchAll(control)) {
    if (findings.length === maxListed) break;
    const code = match[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
    findings.push({
      code: 'E103',
      path: [],
      range: [match.index, match.index + 1],
      message: `the character U+${code} cannot be in this file`,
      hint: code === 'FFFD' ? 'save the file as UTF-8' : 'remove it; most editors do not show it',
    });
  }
  for (const match of text.matchAll(new RegExp(secret, 'g'))) {
    findings.push({
      code: 'E115',
      path: [],
      range: [match.index, match.index + match[0].length],
      message: 'this is a secret, and everyone who can read the repository has it',
      hint: 'only the public half (.pub) belongs here; replace the key: once pushed it is compromised',
    });
  }
  return findings;
}
