import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { FleetError } from '../../model/errors.ts';

// What is exported is written for the user alone, into files and folders that are the user's alone.

/** A place to write an export to. */
export interface Place {
  /** As fleet.yaml says it, with the home in place of ~. */
  readonly path: string;
  /** Where that leads to, behind symbolic links. */
  readonly real: string;
  /** What is there; absent: nothing. */
  readonly content?: Buffer;
}

/** A kubeconfig of more is none that a person has. */
const mostBytes = 4 * 2 ** 20;

export const expandPath = (to: string, home: string): string =>
  to.startsWith('~/') ? join(home, to.slice(2)) : to;

/**
 * Looks at a place, and makes the folders that it is to be in, for the user alone.
 * @throws FleetError `export.place`: it, or its folder, is not the user's, or others can write there; it is no file
 */
export function openPlace(path: string, home: string): Place {
  const uid = ownUid(home);
  const folder = attempt(path, () => {
    makeFolders(dirname(path));
    return realpathSync(dirname(path));
  });
  const inFolder = statSync(folder);
  if (!inFolder.isDirectory()) throw unfit(path, `${folder} is no folder`);
  requireOwn(path, folder, inFolder, uid);
  const named = join(folder, basename(path));
  const link = lstatOf(named);
  if (!link) return { path, real: named };
  const real = link.isSymbolicLink() ? attempt(path, () => realpathSync(named)) : named;
  if (real !== named) requireOwn(path, dirname(real), statSync(dirname(real)), uid);
  const content = attempt(path, () => readOwn(path, real, uid));
  return { path, real, content };
}

/**
 * Puts the content there, whole or not at all; nobody but the user can ever read it.
 * @returns whether anything had to be written
 * @throws FleetError `export.place`
 */
export function writePlace({ path, real, content }: Place, wanted: Buffer): boolean {
  return attempt(path, () => {
    if (content?.equals(wanted)) {
      if ((statSync(real).mode & 0o077) !== 0) chmodSync(real, 0o600);
      return false;
    }
    const fresh = join(dirname(real), `.${basename(real).slice(0, 100)}.${randomUUID()}`);
    try {
      const fd = openSync(fresh, 'wx', 0o600);
      try {
        writeFileSync(fd, wanted);
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      renameSync(fresh, real);
    } catch (error) {
      rmSync(fresh, { force: true });
      throw error;
    }
    return true;
  });
}

/** Milliseconds that another program may have its lock on a kubeconfig, and between two tries. */
const patience = { most: 5000, between: 100 };

/**
 * Does something while no kubectl, nor another fleet, changes the same kubeconfig: client-go's lock is a file beside it.
 * @throws FleetError `export.locked`
 */
export async function whileLocked<T>(
  path: string,
  sleep: (ms: number) => Promise<void>,
  work: () => T,
): Promise<T> {
  const lock = `${path}.lock`;
  for (let waited = 0; ; waited += patience.between) {
    try {
      closeSync(openSync(lock, 'wx', 0o600));
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unfit(path, codeOf(error));
      if (waited >= patience.most)
        throw new FleetError('export.locked', `${path} is being changed by another program`, {
          hint: `Try again. If nobody does, remove ${lock}.`,
        });
    }
    await sleep(patience.between);
  }
  try {
    return work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** Each that is missing, for the user alone. */
function makeFolders(folder: string): void {
  if (lstatOf(folder)) return;
  makeFolders(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}

function readOwn(path: string, real: string, uid: number): Buffer {
  const fd = openSync(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw unfit(path, `${real} is not a file`);
    if (stat.uid !== uid) throw unfit(path, `${real} belongs to somebody else`);
    if (stat.size > mostBytes) throw unfit(path, `${real} has ${stat.size} bytes`);
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

function requireOwn(path: string, folder: string, { uid, mode }: Stats, own: number): void {
  if (uid !== own) throw unfit(path, `the folder ${folder} belongs to somebody else`);
  if ((mode & 0o002) !== 0) throw unfit(path, `everybody can write to the folder ${folder}`);
}

const lstatOf = (path: string): Stats | undefined => lstatSync(path, { throwIfNoEntry: false });

function attempt<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof FleetError) throw error;
    throw unfit(path, codeOf(error), error);
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error);

const unfit = (path: string, why: string, cause?: unknown): FleetError =>
  new FleetError('export.place', `${path} cannot be written: ${why}`, {
    hint: 'Nothing was changed there. Choose a place of your own in fleet.yaml (to: PATH).',
    ...(cause !== undefined && { cause }),
  });

/** A container may run as a user that has no entry. */
function ownUid(home: string): number {
  try {
    return userInfo().uid;
  } catch {
    return statSync(home).uid;
  }
}
