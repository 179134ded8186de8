import { createHash } from 'node:crypto';

export type ObjectFormat = 'sha1' | 'sha256';

/**
 * The id that git gives an object with this content.
 *
 * For a text it is computed without asking git, thousands at a time. git may convert a file before
 * it hashes it: line ends (autocrlf, eol) become LF, which is what fleet writes to begin with, so
 * the id is the same. Only a filter or working-tree-encoding set on rendered files by hand
 * (.gitattributes) would make another one; such a file would look changed in every plan.
 */
export function objectId(format: ObjectFormat, type: 'blob' | 'tree', content: string): string {
  const bytes = Buffer.from(content);
  return createHash(format).update(`${type} ${bytes.length}\0`).update(bytes).digest('hex');
}
