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
/** A master's log is emptied when it is longer than this many bytes. */
const mostLog = 64 * 1024;
/** A login takes less time. So an older folder without a socket was left by a fleet that was killed. */
const leftBehindMs = 600_000;

/** The folder of one ssh master, which only its owner can enter. */
export class Folder {
  readonly path: string;
  /** Its control socket. */
  readonly socket: string;
  /** The master's own log, without the output of a ProxyCommand or a banner. */
  readonly log: string;
  /** Host keys that were given for this connection alone. */
  readonly knownHosts: string;
  #count = 0;

  constructor(temporary: string) {
    // The path of a socket has to be short, and ssh expands % and $ in it.
    const base = /^[\w./-]{1,60}$/.test(temporary) ? temporary : '/tmp';
    tidy(base);
    this.path = mkdtempSync(join(base, prefix));
    this.socket = join(this.path, 's');
    this.log = join(this.path, 'log');
    this.knownHosts = join(this.path, 'known_hosts');
  }

  /** A file for the log of another client. */
  next(): string {
    return join(this.path, `log${++this.#count}`);
  }

  readLog(file: string = this.log): string {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      return ''; // nothing was logged
    }
  }

  forget(file: string): void {
    rmSync(file, { force: true });
  }

  /** The master logs some lines for every command, for as long as it runs. */
  shortenLog(): void {
    try {
      if (statSync(this.log).size > mostLog) truncateSync(this.log);
    } catch {
      // It has been removed.
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
      // Another fleet has removed it.
    }
  }
}
