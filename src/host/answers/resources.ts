import { posix } from 'node:path';
import type { Memory } from '../../model/facts.ts';

/** `df -P` prints a line for each disk, in the order of its arguments. */
export function parseFree(
  disks: readonly (readonly string[])[],
  lines: readonly string[],
): Map<string, number> {
  const rows = lines.filter(Boolean).slice(1);
  // A disk that it could not read has no line, and then it is unknown which disks the others are.
  if (rows.length !== disks.length) return new Map();
  return new Map(
    disks
      .map(([disk = ''], i) => [disk, Number(rows[i]?.trim().split(/\s+/)[3])] as const)
      .filter(([, free]) => Number.isSafeInteger(free)),
  );
}

/** Reads the two lines of /proc/meminfo. */
export function parseMemory(rows: readonly (readonly string[])[]): Memory | undefined {
  const kib = (key: string) => Number(rows.find(([name]) => name === key)?.[1]);
  const memory = { totalKiB: kib('MemTotal'), availableKiB: kib('MemAvailable') };
  return Number.isSafeInteger(memory.totalKiB + memory.availableKiB) ? memory : undefined;
}

/** Counts processors, which the kernel lists as `0-3,8`. */
export function parseProcessors(list: string | undefined): number | undefined {
  const count = (list ?? '')
    .split(',')
    .map((range) => range.split('-').map(Number))
    .reduce((sum, [first = Number.NaN, last = first]) => sum + last - first + 1, 0);
  return list === undefined || !Number.isSafeInteger(count) || count < 1 ? undefined : count;
}

/** Reads what `du -sk` printed: KiB and a folder in /var/lib/microvms, whose name is the vm's. */
export function parseTaken(lines: readonly string[]): Map<string, number> {
  const rows = lines.filter(Boolean).map((line) => {
    const [kib, folder = ''] = line.split('\t');
    return [posix.basename(folder), Number(kib)] as const;
  });
  return new Map(rows.filter(([, kib]) => Number.isSafeInteger(kib)));
}
