import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { pages, readPage, root } from './pages.ts';

const isExternal = (to: string): boolean => /^[a-z][a-z+.-]*:/i.test(to);
const byPath = new Map(pages.map((page) => [page.path, page]));

/** Path and anchor that a link of a page leads to. */
const target = (from: string, to: string): readonly [path: string, anchor: string | undefined] => {
  const [path = '', anchor] = to.split('#');
  return [path === '' ? from : normalize(join(dirname(from), decodeURI(path))), anchor];
};

test('links within the repository lead to files and headings that are there', () => {
  const all = pages.flatMap(({ path, links }) => links.map((link) => ({ ...link, path })));
  expect(all.length).toBeGreaterThan(60);
  const wrong = all
    .filter(({ to }) => !isExternal(to))
    .filter(({ path: from, to }) => {
      const [path, anchor] = target(from, to);
      if (path.startsWith('..') || !existsSync(root + path)) return true;
      return anchor !== undefined && !byPath.get(path)?.anchors.has(anchor);
    });
  expect(wrong.map(({ where, to }) => `${where}: ${to}`)).toEqual([]);
});

test('files of this repository that pages name are there', () => {
  const named = pages.flatMap(({ path, text, codes }) => [
    ...[...text.matchAll(/(?<![\w./-])(?:src|test|docs|scripts|schemas|bench)\/[\w./-]*\w/g)].map(
      ([file]) => ({ path, file }),
    ),
    // The one page on which src/ goes without saying.
    ...(path === 'docs/architecture.md' ? codes : [])
      .map(({ text }) => text)
      .filter((text) =>
        /^(app|cli|config|deploy|host|model|plan|render|report)\/[\w./-]+$/.test(text),
      )
      .map((text) => ({ path, file: `src/${text}` })),
  ]);
  expect(named.length).toBeGreaterThan(100);
  const wrong = named
    .filter(({ file }) => !file.includes('NAME'))
    .filter(({ file }) => ![file, `${file}.ts`].some((each) => existsSync(root + each)));
  expect(wrong).toEqual([]);
});

test('links to elsewhere are whole https addresses', () => {
  const wrong = pages
    .flatMap(({ links }) => links)
    .filter(({ to }) => isExternal(to) && !to.startsWith('mailto:'))
    .filter(({ to }) => !URL.canParse(to) || !/^https:\/\/[\w.-]+\.\w+(\/|$)/.test(to));
  expect(wrong.map(({ where, to }) => `${where}: ${to}`)).toEqual([]);
});

test('what is packed links to nothing that is not', () => {
  const { files } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { files: string[] };
  const packed = ['README.md', 'LICENSE', 'package.json', ...files];
  const isPacked = (path: string) =>
    packed.some((one) => path === one || path.startsWith(`${one}/`));
  const wrong = pages
    .filter(({ path }) => isPacked(path))
    .flatMap(({ path, links }) => links.map((link) => ({ ...link, path })))
    .filter(({ to }) => !isExternal(to))
    .filter(({ path, to }) => !isPacked(target(path, to)[0].replace(/\/$/, '')));
  expect(wrong.map(({ where, to }) => `${where}: ${to}`)).toEqual([]);
});

test('every page can be reached from README', () => {
  // The lab's is not packed: CONTRIBUTING names it.
  const reached = new Set(['README.md', 'test/lab/README.md']);
  // A set goes on with what is added while it is gone through.
  for (const path of reached)
    for (const { to } of byPath.get(path)?.links ?? []) {
      const [next] = isExternal(to) ? [''] : target(path, to);
      const asFile = byPath.has(next) ? next : join(next, 'README.md');
      if (byPath.has(asFile)) reached.add(asFile);
    }
  expect(pages.map(({ path }) => path).filter((path) => !reached.has(path))).toEqual([]);
});

test('headings get the anchors that GitHub gives them, and code is no link', () => {
  const { anchors, links } = readPage(
    'a.md',
    '# What `fleet apply` does: it, (asks)\n\n## Twice\n\n## Twice\n\n`[x](y)` and [b](c "d")\n',
  );
  expect([...anchors]).toEqual(['what-fleet-apply-does-it-asks', 'twice', 'twice-1']);
  expect(links.map(({ to }) => to)).toEqual(['c']);
});
