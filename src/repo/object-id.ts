import { createHash } from 'node:crypto';

export type ObjectFormat = 'sha1' | 'sha256';

/**
 * The id that git gives an object with this content.
 *
 * Computed here, without asking git, because there may be thousands. git may convert a file before it hashes it, but
 * line ends (autocrlf, eol) become LF, which fleet writes anyway, so the id is the same. Only if somebody sets a filter or
 * working-tree-encoding for rendered files (.gitattributes), it differs; such a file would look changed in every plan.
 */
export function objectId(format: ObjectFormat, type: 'blob' | 'tree', content: string): string {
  const bytes = Buffer.from(content);
  return createHash(format).update(`${type} ${bytes.length}\0`).update(bytes).digest('hex');
}
