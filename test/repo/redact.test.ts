import { expect, test } from 'vitest';
import { redact } from '../../src/repo/redact.ts';

test.each([
  ['https://user:token@example.net/a.git', 'https://example.net/a.git'],
  ['https://ghp_token@example.net/a.git', 'https://example.net/a.git'],
  ["fatal: 'https://u:p@ss@example.net/': no", "fatal: 'https://example.net/': no"],
  ['ssh://git@example.net/a.git', 'ssh://git@example.net/a.git'],
  ['ssh://git:secret@example.net/a.git', 'ssh://git@example.net/a.git'],
  ['git@example.net:a.git and a@b', 'git@example.net:a.git and a@b'],
  ['https://example.net/@scope/a', 'https://example.net/@scope/a'],
])('%s', (text, expected) => {
  expect(redact(text)).toBe(expected);
});
