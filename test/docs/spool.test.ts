import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { spoolKinds } from '../../src/model/spool-event.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

const page = read('docs/spool.md');
const table = [...page.matchAll(/^\| `([a-z]+\.[a-z-]+)` \|/gm)].map(([, kind]) => kind);

test('docs/spool.md has every kind of event, in the order of the code', () => {
  expect(table).toEqual([...spoolKinds]);
});

test('no script writes an event of a kind that the page does not have', () => {
  const shell = ['src/host/scripts/', 'src/render/modules/'].flatMap((folder) =>
    readdirSync(new URL(folder, root))
      .filter((file) => file.endsWith('.sh'))
      .map((file) => read(`${folder}${file}`)),
  );
  const written = shell.flatMap((text) => [
    ...[...text.matchAll(/\b(?:event|event_soon|spool_append) ([a-z]+\.[a-z-]+)/g)].map(
      ([, kind]) => kind,
    ),
    ...[...text.matchAll(/\b(deployment|hold)_event ([a-z-]+)/g)].map(
      ([, of, kind]) => `${of}.${kind}`,
    ),
  ]);
  expect(new Set(written).size).toBeGreaterThan(10);
  expect(written.filter((kind) => !table.includes(kind))).toEqual([]);
});
