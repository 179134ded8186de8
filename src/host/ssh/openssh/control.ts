import { connect, type Socket } from 'node:net';

/** Message types of OpenSSH's PROTOCOL.mux. */
const hello = 0x00000001;
const aliveCheck = 0x10000004;
const terminate = 0x10000005;
const version = 4;

/**
 * A connection to an ssh master's control socket. It keeps the master running, and closes when the master ends for
 * whatever reason. If fleet is killed, the master ends some seconds later (ControlPersist).
 */
export class Control {
  readonly #socket: Socket;
  #answers: Buffer = Buffer.alloc(0);
  #waiting: ((isAlive: boolean) => void)[] = [];
  #closed: boolean = false;

  private constructor(socket: Socket, onClose: () => void) {
    this.#socket = socket;
    this.#send(hello, version);
    socket.on('error', () => {}); // followed by close
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.once('close', () => {
      this.#closed = true;
      for (const answer of this.#waiting.splice(0)) answer(false);
      onClose();
    });
  }

  /** @throws Error if nobody listens there. */
  static open(path: string, onClose: () => void): Promise<Control> {
    return new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.removeListener('error', reject);
        resolve(new Control(socket, onClose));
      });
    });
  }

  /** Whether the master, and with it its connection, is still there. */
  isAlive(): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#send(aliveCheck, this.#waiting.length);
    });
  }

  /** Ends the master, and with it every command through it. */
  terminate(): void {
    if (this.#closed) return;
    this.#send(terminate, 0);
    this.#socket.destroySoon();
  }

  #send(...words: number[]): void {
    const packet = Buffer.alloc(4 + 4 * words.length);
    [4 * words.length, ...words].forEach((word, i) => {
      packet.writeUInt32BE(word, 4 * i);
    });
    this.#socket.write(packet);
  }

  /** Skips the hello; any other message answers the oldest question. */
  #read(chunk: Buffer): void {
    this.#answers = Buffer.concat([this.#answers, chunk]);
    while (this.#answers.length >= 8) {
      const end = 4 + this.#answers.readUInt32BE(0);
      if (this.#answers.length < end) return;
      const type = this.#answers.readUInt32BE(4);
      this.#answers = this.#answers.subarray(end);
      if (type !== hello) this.#waiting.shift()?.(true);
    }
  }
}
