import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Stand-ins for mv and sync, which write down what they are asked for; nothing need reach a disk. */
export function noteWrites(root: string, also = ':'): void {
  mkdirSync(join(root, 'bin'), { recursive: true });
  const notes = join(root, 'writes');
  const note = `printf '\\t%s' ${'$'}{0##*/} "$@" >>'${notes}'; echo >>'${notes}'`;
  writeFileSync(join(root, 'bin/sync'), `#!/bin/sh\n${note}\n${also}\n`, { mode: 0o755 });
  writeFileSync(join(root, 'bin/mv'), `#!/bin/sh\n${note}\nexec /bin/mv "$@"\n`, { mode: 0o755 });
}

/** What is made again from what is kept (docs/metrics.md); dumps, on which nothing depends; and the spool, of which any half line is known for one. */
const derived = /^var\/lib\/fleet\/(metrics|samples|dumps|events)\//;

/**
 * What units keep and a power cut could leave half, or lose after it was told: what took its place before it was on disk, or of
 * which the folder never was.
 */
export function cutByPower(root: string): string[] {
  const notes = join(root, 'writes');
  if (!existsSync(notes)) return [];
  const synced = new Set<string>();
  const open = new Set<string>();
  const cut: string[] = [];
  for (const line of readFileSync(notes, 'utf8').split('\n').slice(0, -1)) {
    const [, tool, ...words] = line.split('\t');
    const paths = words.filter((word) => word.startsWith(`${root}/`));
    if (tool === 'sync') {
      // Without a path it is all that there is.
      if (paths.length === 0) open.clear();
      for (const path of paths) {
        synced.add(path);
        for (const file of open) if (dirname(file) === path) open.delete(file);
      }
      continue;
    }
    const [from = '', to = ''] = paths;
    const name = to.slice(root.length + 1);
    if (!name.startsWith('var/lib/fleet/') || derived.test(name)) continue;
    if (!synced.delete(from)) cut.push(`${name} before it is on disk`);
    open.add(to);
  }
  return [...cut, ...[...open].map((path) => `the folder of ${path.slice(root.length + 1)}`)];
}
