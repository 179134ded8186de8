/** What a disk was told, in its order. */
export type Entry =
  | {
      readonly kind: 'write';
      readonly at: number;
      readonly data: Buffer;
      readonly durable: boolean;
    }
  | { readonly kind: 'flush' }
  /** Something that the machine wrote behind its file system, for us. */
  | { readonly kind: 'note'; readonly text: string };

/** A file system, and all that was written to it from then on. */
export interface Recording {
  readonly disk: Buffer;
  readonly entries: readonly Entry[];
}

export const sector = 512;
/** Of the file system; behind it is the sector for notes. */
export const diskBytes = 8 * 1024 * 1024;

const flags = { flush: 1n, fua: 2n, discard: 4n };

/**
 * Reads a log of QEMU's driver blklogwrites, which is that of Linux' dm-log-writes: a superblock, then for each entry one
 * sector with position, length in sectors and flags, and its data (linux/drivers/md/dm-log-writes.c).
 */
export function readLog(log: Buffer): Entry[] {
  if (log.readBigUInt64LE(0) !== 0x6a736677736872n) throw new Error('this is no log of writes');
  const entries: Entry[] = [];
  for (let at = sector; at + sector <= log.length; ) {
    const [position, sectors, flag] = [0, 8, 16].map((n) => log.readBigUInt64LE(at + n)) as [
      bigint,
      bigint,
      bigint,
    ];
    if (position === 0n && sectors === 0n && flag === 0n) break;
    at += sector;
    const bytes = Number(sectors) * sector;
    if ((flag & flags.flush) !== 0n) entries.push({ kind: 'flush' });
    if (bytes === 0) continue;
    if ((flag & flags.discard) !== 0n) throw new Error('the disk was told to discard');
    const data = log.subarray(at, at + bytes);
    at += bytes;
    const where = Number(position) * sector;
    if (where >= diskBytes)
      entries.push({ kind: 'note', text: data.toString('utf8').replace(/\0+$/, '').trimEnd() });
    else entries.push({ kind: 'write', at: where, data, durable: (flag & flags.fua) !== 0n });
  }
  return entries;
}
