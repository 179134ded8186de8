import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Git, list } from './git.ts';
import { filesAt } from './head.ts';
import { type ObjectFormat, objectId } from './object-id.ts';
import type { Contents } from './repo.ts';

/** An entry of an index, as `update-index --index-info` reads it. */
interface Entry {
  readonly path: string;
  readonly mode: string;
  readonly id: string;
}

/**
 * The ids that git gives these texts. For texts with carriage returns git is asked, because its settings may remove them
 * from the commit.
 */
export async function idsOf(
  git: Git,
  format: ObjectFormat,
  texts: ReadonlyMap<string, string>,
  write = false,
): Promise<ReadonlyMap<string, string>> {
  const ids = await Promise.all(
    [...texts].map(async ([path, text]): Promise<[string, string]> => {
      if (!text.includes('\r')) return [path, objectId(format, 'blob', text)];
      const options = [...(write ? ['-w'] : []), `--path=${path}`, '--stdin'];
      const out = await git.read(['hash-object', ...options], { stdin: text });
      return [path, out.toString().trim()];
    }),
  );
  return new Map(ids);
}

/** Writes the texts to the object store. @returns their index entries */
export async function entriesOf(
  git: Git,
  format: ObjectFormat,
  contents: Contents,
  base: string | undefined,
): Promise<Entry[]> {
  const texts = new Map<string, string>();
  for (const [path, text] of contents) if (text !== undefined) texts.set(path, text);
  // One process for all, which may be thousands.
  const plain = [...texts.values()].filter((text) => !text.includes('\r'));
  const stream = plain.map((text) => `blob\ndata ${Buffer.byteLength(text)}\n${text}\n`).join('');
  const [ids, files] = await Promise.all([
    idsOf(git, format, texts, true),
    base === undefined ? [] : filesAt(git, base),
    stream === '' ? undefined : git.read(['fast-import', '--quiet'], { stdin: stream }),
  ]);
  const before = new Map(files.map(({ path, mode }) => [path, mode]));
  return [...contents.keys()].flatMap((path): Entry[] => {
    const id = ids.get(path);
    const mode = before.get(path);
    if (id === undefined) return mode === undefined ? [] : [gone(format, path)];
    return [{ path, mode: plainMode(mode), id }];
  });
}

/** An executable file stays executable; a link or submodule becomes a plain file. */
export const plainMode = (mode: string | undefined): string =>
  mode === '100755' ? mode : '100644';

const gone = (format: ObjectFormat, path: string): Entry => ({
  path,
  mode: '0',
  id: '0'.repeat(format === 'sha1' ? 40 : 64),
});

/** Puts entries into the index: the repository's, or the one that `env` names. */
export async function stage(
  git: Git,
  entries: readonly Entry[],
  env?: Readonly<Record<string, string>>,
): Promise<void> {
  if (entries.length === 0) return;
  const stdin = list(entries.map(({ path, mode, id }) => `${mode} ${id}\t${path}`));
  const options = ['--add', '--replace', '-z', '--index-info'];
  await git.read(['update-index', ...options], { stdin, ...(env && { env }) });
}

/** Runs `work` with an index of its own, made from `base` and these entries, and its tree. */
export async function inIndex<T>(
  git: Git,
  base: string | undefined,
  entries: readonly Entry[],
  work: (env: Readonly<Record<string, string>>, tree: string) => Promise<T>,
): Promise<T> {
  const dir = await mkdtemp(join(git.temporary, 'fleet-index-'));
  try {
    const env = { GIT_INDEX_FILE: join(dir, 'index') };
    await git.read(['read-tree', base ?? '--empty'], { env });
    await stage(git, entries, env);
    return await work(env, (await git.read(['write-tree'], { env })).toString().trim());
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
