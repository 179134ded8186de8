import { readdirSync, readFileSync } from 'node:fs';

const folder = new URL('../fixtures/config/', import.meta.url);

/** A file of test/fixtures/config. */
export function fixture(name: string): string {
  return readFileSync(new URL(name, folder), 'utf8');
}

/** Every wrong fleet.yaml, with what its first comments expect: `# expect LINE:COLUMN CODE`. */
export function wrongFixtures(): { name: string; text: string; expected: string[] }[] {
  return readdirSync(new URL('wrong/', folder))
    .sort()
    .map((file) => {
      const text = fixture(`wrong/${file}`);
      const expected = [...text.matchAll(/^# expect (\d+:\d+ [EW]\d+)$/gm)].map(
        (match) => match[1]!,
      );
      return { name: file.replace(/\.yaml$/, ''), text, expected };
    });
}
