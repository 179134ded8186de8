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
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { userInfo } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { FleetError } from '../../model/errors.ts';
import { placeFault } from '../../model/export-place.ts';

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
 * The place of an export. With merge, one of kubectl's is one wherever a link of the user's leads.
 * @throws FleetError `export.place`: as openPlace; or programs take orders there, be it behind a link
 */
export function openExport(to: string, home: string, isMerged: boolean): Place {
  const path = expandPath(to, home);
  const judge = (place: string) => {
    const fault = placeFault(place, isMerged);
    if (fault) throw unfit(path, fault.message);
  };
  const own = fromHome(path, home);
  judge(own);
  if (isMerged && own.startsWith('~/.kube/')) return openPlace(path, home);
  return openPlace(path, home, (real) => judge(fromHome(real, home)));
}

/** What is below the home with ~, also where that is known by another name. */
function fromHome(path: string, home: string): string {
  const known = [home, attempt(path, () => realpathSync(home))].find(
    (folder) => folder !== '/' && path.startsWith(`${folder}/`),
  );
  return known === undefined ? path : `~${path.slice(known.length)}`;
}

/**
 * Looks at a place, and makes the folders that it is to be in, for the user alone.
 * @param judge refuses what the place really is, before anything is made
 * @throws FleetError `export.place`: it, or its folder, is not the user's, or others can write there, or could have
 *   put a link or folder in the way; it is no file
 */
export function openPlace(
  path: string,
  home: string,
  judge: (real: string) => void = () => {},
): Place {
  const uid = ownUid(home);
  attempt(path, () => {
    requireWay(path, path, home, uid);
    judge(realOf(path));
  });
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

/** Links there may be in one way; the kernel follows as many. */
const mostLinks = 40;

/**
 * Nobody but the user and the system decides where a path leads: every folder and link on it is of one of them, and
 * where everybody may write, nobody may replace what is another's (as in /tmp). Where the home is, and whose, is not
 * asked: in a container it may be of the user outside.
 */
function requireWay(path: string, way: string, home: string, uid: number, links = 0): void {
  // The system is root, but in a user namespace that may be known by another number.
  const trusted = [uid, 0, statSync('/').uid, statSync(home).uid];
  const parts = way.split('/').slice(1);
  for (const [n] of parts.entries()) {
    const here = `/${parts.slice(0, n + 1).join('/')}`;
    const stat = lstatOf(here);
    if (!stat) return;
    const isLink = stat.isSymbolicLink();
    const isLast = n === parts.length - 1;
    if (isLast && !isLink) return; // is looked at when it is opened
    if (!isLink && `${home}/`.startsWith(`${here}/`)) continue;
    if (!trusted.includes(stat.uid))
      throw unfit(path, `the ${isLink ? 'link' : 'folder'} ${here} belongs to somebody else`);
    if (!isLink && (stat.mode & 0o1002) === 0o002)
      throw unfit(path, `everybody can write to the folder ${here}`);
    if (!isLink) continue;
    if (links >= mostLinks) throw unfit(path, 'ELOOP');
    requireWay(path, resolve(dirname(here), readlinkSync(here)), home, uid, links + 1);
  }
}

/** Where a path leads, as far as it is there. */
function realOf(path: string): string {
  if (lstatOf(path)) return realpathSync(path);
  const folder = dirname(path);
  return folder === path ? path : join(realOf(folder), basename(path));
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
