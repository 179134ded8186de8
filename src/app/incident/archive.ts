import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { gzipSync } from 'node:zlib';
import { exitCodes, FleetError } from '../../model/errors.ts';
import type { Ports } from '../ports.ts';
import { type ArchiveFile, tar } from './tar.ts';

/**
 * Where an archive will be, absolute: as asked for, or in the current folder by names and time.
 * @throws FleetError `incident.in-the-way`, `incident.no-folder`
 */
export function archivePath(
  { clock, cwd }: Pick<Ports, 'clock' | 'cwd'>,
  names: readonly string[],
  asked: string | undefined,
): string {
  const path = resolve(cwd, asked ?? `${titleOf(names, clock.now())}.tar.gz`);
  let folder: string;
  try {
    folder = realpathSync(dirname(path));
  } catch {
    throw refuse('incident.no-folder', `there is no folder ${dirname(path)}`);
  }
  const file = join(folder, basename(path));
  if (file.toLowerCase().split(sep).includes('.git'))
    throw refuse('incident.in-git', `${file} is in git's own folder`);
  if (existsSync(file)) throw inTheWay(file);
  return file;
}

function titleOf(names: readonly string[], now: number): string {
  const name = names.join('-').replace(/[^a-z0-9]+/gi, '-');
  const time = new Date(now).toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return `fleet-incident-${name.replace(/^-|-$/g, '').slice(0, 60) || 'all'}-${time}`;
}

/**
 * Writes it, whole or not at all, for the user alone, and never over a file.
 * @param file what `archivePath` gave
 * @returns its bytes
 * @throws FleetError `incident.in-the-way`, `incident.not-written`
 */
export function writeArchive(file: string, files: readonly ArchiveFile[], at: number): number {
  const folder = basename(file)
    .replace(/(\.tar)?\.t?gz$/, '')
    .replace(/[^\w.-]/g, '-');
  const bytes = gzipSync(tar(folder.slice(0, 150) || 'fleet-incident', files, at));
  const fresh = join(dirname(file), `.fleet-incident-${randomUUID()}`);
  try {
    const fd = openSync(fresh, 'wx', 0o600);
    try {
      writeFileSync(fd, bytes);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    place(fresh, file);
  } catch (error) {
    if (error instanceof FleetError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new FleetError('incident.not-written', `cannot write ${file} (${code})`);
  } finally {
    rmSync(fresh, { force: true });
  }
  return bytes.length;
}

/** Renaming would replace what came there meanwhile; a link is refused then. Some file systems have none. */
function place(fresh: string, file: string): void {
  try {
    linkSync(fresh, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' || existsSync(file))
      throw inTheWay(file);
    renameSync(fresh, file);
  }
}

const refuse = (code: string, message: string) =>
  new FleetError(code, message, { exitCode: exitCodes.usage });

const inTheWay = (file: string) => refuse('incident.in-the-way', `${file} exists already`);
