import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';

const prefix = 'fleet-mux-';
/** Bytes of log of which nothing is needed any more. */
const mostLog = 64 * 1024;
/** A login takes less; a folder without a socket that is older was left by a fleet that was killed. */
const leftBehindMs = 600_000;

/** What one ssh master has of its own: a folder that only its owner can enter. */
export class Folder {
  readonly path: string;
  /** Its control socket. */
  readonly socket: string;
  /** What the master itself says, apart from what a ProxyCommand or a banner does. */
  readonly log: string;
  #count = 0;

  constructor(temporary: string) {
    // A socket's path has a short limit, and ssh reads % and $ in it.
    const base = /^[\w./-]{1,60}$/.test(temporary) ? temporary : '/tmp';
    tidy(base);
    this.path = mkdtempSync(join(base, prefix));
    this.socket = join(this.path, 's');
    this.log = join(this.path, 'log');
  }

  /** A name for the log of one more client. */
  next(): string {
    return join(this.path, `log${++this.#count}`);
  }

  readLog(file: string = this.log): string {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      return ''; // nothing was said
    }
  }

  forget(file: string): void {
    rmSync(file, { force: true });
  }

  /** The master says some lines of each command, for as long as it lives. */
  shortenLog(): void {
    try {
      if (statSync(this.log).size > mostLog) truncateSync(this.log);
    } catch {
      // It is removed.
    }
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

function tidy(base: string): void {
  const { uid } = userInfo();
  for (const name of readdirSync(base).filter((name) => name.startsWith(prefix))) {
    const path = join(base, name);
    try {
      const { mtimeMs, uid: owner } = lstatSync(path);
      const isLeft = owner === uid && Date.now() - mtimeMs > leftBehindMs;
      if (isLeft && !existsSync(join(path, 's'))) rmSync(path, { recursive: true });
    } catch {
      // Another fleet was faster.
    }
  }
}
