import type { ChildProcess } from 'node:child_process';
import type { Duplex } from 'node:stream';
import type { FleetError } from '../../../model/errors.ts';
import type { Surroundings } from '../../../model/surroundings.ts';
import type { Exit, Terminal } from '../../host.ts';
import { forwardError } from '../forward.ts';
import type { Channel, Link } from '../link.ts';
import { connectionLost, noSession } from '../lost.ts';
import type { Resolved } from '../resolve.ts';
import { timedOut } from '../socket.ts';
import { startCommand, startForward } from './client.ts';
import { Control } from './control.ts';
import { ownLines } from './failure.ts';
import type { Folder } from './folder.ts';

/** An ssh master that has logged in. */
export interface Master {
  readonly label: string;
  readonly at: Resolved;
  readonly publicKey: string | undefined;
  readonly folder: Folder;
  /** The connection to its jump host. */
  readonly under: Link | undefined;
  readonly env: Surroundings['env'];
}

/** A connection held by an ssh master; each command is an ssh through it. */
export class OpensshLink implements Link {
  readonly label: string;
  readonly at: Resolved;
  readonly publicKey: string | undefined;
  readonly folder: Folder;
  readonly #under: Link | undefined;
  readonly #env: Surroundings['env'];
  readonly #clients = new Set<ChildProcess>();
  #control!: Control;
  #closed: boolean = false;
  #why: string | undefined;

  private constructor({ label, at, publicKey, folder, under, env }: Master) {
    this.label = label;
    this.at = at;
    this.publicKey = publicKey;
    this.folder = folder;
    this.#under = under;
    this.#env = env;
  }

  /** Takes over a master that listens in its folder. @throws FleetError `ssh.lost` if it has ended. */
  static async hold(master: Master): Promise<OpensshLink> {
    const link = new OpensshLink(master);
    try {
      link.#control = await Control.open(master.folder.socket, () => link.#onGone());
    } catch {
      throw link.lost('logging in');
    }
    return link;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  lost(doing: string): FleetError {
    return connectionLost(this.label, doing, this.#why ?? 'closed by the other side');
  }

  async exec(command: string, pty: Terminal | undefined): Promise<Channel> {
    if (this.#closed) throw this.lost('a script was started');
    this.folder.shortenLog();
    const log = this.folder.next();
    const judge = async (code: number): Promise<Exit | undefined> => {
      const said = this.folder.readLog(log);
      this.folder.forget(log);
      if (!(await this.#control.isAlive())) return undefined;
      const refused = /session request failed: (.*)/.exec(said)?.[1];
      if (code === 255 && refused) throw noSession(this.label, refused.trim());
      return { code };
    };
    const { child, channel } = startCommand(
      this.folder.socket,
      log,
      command,
      pty,
      judge,
      this.#env,
    );
    this.#keep(child);
    return channel;
  }

  async forward(address: string, port: number, timeoutMs: number): Promise<Duplex> {
    const where = `${address} port ${port}`;
    if (this.#closed) throw this.lost(`connecting to ${where}`);
    this.folder.shortenLog();
    const { child, opened } = startForward(this.folder.socket, address, port, this.#env);
    this.#keep(child);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        child.kill('SIGKILL');
        reject(timedOut(this.label, timeoutMs, `no connection to ${where}`));
      }, timeoutMs);
    });
    try {
      const stream = await Promise.race([opened, late]);
      if (stream) return stream;
      if (await this.#control.isAlive()) throw this.forwardError(address, port);
      throw this.lost(`connecting to ${where}`);
    } finally {
      clearTimeout(timer);
    }
  }

  /** The error for a connection that could not be made. The reason is only in the master's log. */
  forwardError(address: string, port: number): FleetError {
    const reasons = [...this.folder.readLog().matchAll(/^channel \d+: open failed: (.*)$/gm)];
    const reason = reasons.at(-1)?.[1]?.trim() ?? 'no answer';
    const forbidden = reason.startsWith('administratively prohibited');
    return forwardError(this.label, `${address} port ${port}`, reason, forbidden);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#control.terminate();
    for (const child of this.#clients) child.kill('SIGKILL');
    this.folder.remove();
    this.#under?.close();
  }

  #keep(child: ChildProcess): void {
    this.#clients.add(child);
    child.once('close', () => this.#clients.delete(child));
  }

  #onGone(): void {
    this.#why = ownLines(this.folder.readLog()).at(-1);
    this.close();
  }
}
