import { randomUUID } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { FleetError } from '../model/errors.ts';

/**
 * Files of a repository that others write, too: everyone who can open a pull request can commit a link to anywhere. So no
 * function here follows links, in any part of a path below the repository.
 */

/** Most bytes of a file; no person, nor fleet or Nix, writes larger ones. */
const maxBytes = 16 * 2 ** 20;

/**
 * The text of a file, or undefined if it does not exist. @param top real path of the repository, which is trusted
 * @throws FleetError `workspace.unsafe-file` for a link, a device, a folder, or more than 16 MiB
 */
export function readWithin(top: string, path: string): string | undefined {
  if (!foldersAreReal(top, path)) return undefined;
  try {
    return readRegular(join(top, path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * The text of a regular file of a bounded size; the file itself must not be a link.
 * @throws FleetError `workspace.unsafe-file`; the system's error if it does not exist
 */
export function readRegular(file: string): string {
  let fd: number;
  try {
    // Opening a pipe without a writer would wait for one.
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // EMLINK on FreeBSD.
    if (code === 'ELOOP' || code === 'EMLINK') throw unsafe(file, 'is a link');
    throw error;
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw unsafe(file, 'is not a file');
    if (stat.size > maxBytes) throw unsafe(file, `has ${stat.size} bytes`);
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

/** Writes a file, whole or not at all, and creates its folders. Replaces a file or link of that name. */
export function writeWithin(top: string, path: string, text: string): void {
  const file = join(top, path);
  makeFolders(top, path);
  const fresh = join(dirname(file), `.fleet-${randomUUID()}`);
  try {
    writeFileSync(fresh, text, { flag: 'wx' });
    renameSync(fresh, file);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
}

/** Writes a file unless something of that name exists, even a broken link. @returns whether it did */
export function writeNewWithin(top: string, path: string, text: string): boolean {
  makeFolders(top, path);
  try {
    writeFileSync(join(top, path), text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Removes a file, or a link of that name. */
export function removeWithin(top: string, path: string): void {
  if (foldersAreReal(top, path)) rmSync(join(top, path), { force: true });
}

function makeFolders(top: string, path: string): void {
  if (!foldersAreReal(top, path)) mkdirSync(dirname(join(top, path)), { recursive: true });
}

/** Whether all folders of a path exist. @throws FleetError `workspace.unsafe-file` if one is a link */
function foldersAreReal(top: string, path: string): boolean {
  const parts = path.split('/').slice(0, -1);
  let folder = top;
  for (const part of parts) {
    if (part === '..') throw unsafe(path, 'leads out of the repository');
    folder = join(folder, part);
    const stat = lstatSync(folder, { throwIfNoEntry: false });
    if (!stat) return false;
    if (stat.isSymbolicLink()) throw unsafe(folder, 'is a link');
    if (!stat.isDirectory()) return false;
  }
  return true;
}

function unsafe(path: string, what: string): FleetError {
  return new FleetError('workspace.unsafe-file', `${path} ${what}: fleet does not use it`, {
    hint: 'Files in the repository must be regular files of at most 16 MiB: a link could expose or overwrite something outside it.',
    blames: 'user',
  });
}
