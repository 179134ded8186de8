import { expect, test } from 'vitest';
import { redact } from '../../src/model/redact.ts';

test.each([
  ['https://user:token@example.net/a.git', 'https://example.net/a.git'],
  ['https://ghp_token@example.net/a.git', 'https://example.net/a.git'],
  ["fatal: 'https://u:p@ss@example.net/': no", "fatal: 'https://example.net/': no"],
  ['ssh://git@example.net/a.git', 'ssh://git@example.net/a.git'],
  ['ssh://git:secret@example.net/a.git', 'ssh://git@example.net/a.git'],
  ['git@example.net:a.git and a@b', 'git@example.net:a.git and a@b'],
  ["https://u:p'q@example.net/a.git", 'https://example.net/a.git'],
  ['https://u:p/q@example.net/a.git', 'https://example.net/a.git'],
  ['https://example.net:8443/a@b', 'https://example.net:8443/a@b'],
  [
    'https://h/a.git?ref=main&access_token=xyz#web1',
    'https://h/a.git?ref=main&access_token=…#web1',
  ],
  ['git+https://h/a?private-token=xyz', 'git+https://h/a?private-token=…'],
  [
    'git+https://oauth2:glpat-SECRET@git.example.org/infra.git?ref=main#nixosConfigurations.extra',
    'git+https://git.example.org/infra.git?ref=main#nixosConfigurations.extra',
  ],
  ['https://example.net/@scope/a', 'https://example.net/@scope/a'],
  [`https://oauth2:${'eyJ0'.repeat(300)}@example.net/a`, 'https://example.net/a'],
  [`https://${'eyJ0'.repeat(300)}@example.net/a`, 'https://example.net/a'],
  ['https://u:p@example.net/a@v2', 'https://example.net/a@v2'],
  ['https://a/?next=https://u:p@b/,ssh://c:d@e/', 'https://a/?next=https://b/,ssh://c@e/'],
  ['http://[fd00::1]:8080/a@b', 'http://[fd00::1]:8080/a@b'],
])('%s', (text, expected) => {
  expect(redact(text)).toBe(expected);
});

test('takes time in proportion to its length', () => {
  const began = performance.now();
  for (const text of ['a.', 'a://', 'https://u:', '?token', 'https://a@'])
    redact(text.repeat(80_000 / text.length));
  expect(performance.now() - began).toBeLessThan(3000);
});
