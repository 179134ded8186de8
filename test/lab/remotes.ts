import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { must, until } from './run.ts';
import { gitInterface, type Slot } from './slots.ts';

/** A bare git repository on this machine. */
export interface Remote {
  /** What fleets use: the same for the desk and for every host. Anybody may push. */
  readonly url: string;
  /** Where it lies on this machine. */
  readonly path: string;
}

/** The git server of a lab: one address, reached from hosts through their cables. */
export class GitServer {
  readonly #dir: string;
  readonly #address: string;
  readonly #interface: string;
  #daemon: ChildProcess | undefined;

  constructor(slot: Slot) {
    this.#dir = join(slot.dir, 'remotes');
    // Hosts have a route to 10.250.0.0/24.
    this.#address = `10.250.0.${slot.number}`;
    this.#interface = gitInterface(slot);
  }

  async start(): Promise<void> {
    await mkdir(this.#dir);
    // A bridge without ports is an interface of the lab's own to put the address on.
    await must('ip', 'link', 'add', this.#interface, 'type', 'bridge');
    await must('ip', 'address', 'add', `${this.#address}/32`, 'dev', this.#interface);
    await must('ip', 'link', 'set', this.#interface, 'up');
    await this.up();
  }

  /** Makes an empty bare repository. */
  async create(name: string): Promise<Remote> {
    const path = join(this.#dir, `${name}.git`);
    await must('git', 'init', '--quiet', '--bare', '--initial-branch=main', path);
    return { url: `git://${this.#address}/${name}.git`, path };
  }

  async up(): Promise<void> {
    if (this.#daemon) return;
    const git = join(await must('git', '--exec-path'), 'git-daemon');
    const args = ['--pdeathsig', 'KILL', git, '--reuseaddr', `--listen=${this.#address}`];
    this.#daemon = spawn(
      'setpriv',
      args.concat(
        '--export-all',
        '--enable=receive-pack',
        '--informative-errors',
        `--base-path=${this.#dir}`,
      ),
      { stdio: 'ignore' },
    );
    await until('git daemon answers', 5000, async () =>
      (await must('ss', '-Hltn', 'src', `${this.#address}:9418`)) === '' ? undefined : true,
    );
  }

  /** The server is gone: connections are refused until up(). */
  async down(): Promise<void> {
    const daemon = this.#daemon;
    this.#daemon = undefined;
    if (!daemon || daemon.exitCode !== null) return;
    const ended = once(daemon, 'exit');
    daemon.kill('SIGTERM');
    await ended;
  }
}
