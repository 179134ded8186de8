import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach } from 'vitest';
import { coverage } from '../coverage.ts';
import { requireDocuments } from '../report/json-schema.ts';

export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const entry =
  process.env.FLEET_ENTRY ?? fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** A hypervisor that no test may reach: loopback, a port that nobody listens on. */
export const valid = `version: 1
name: example
hypervisors:
  hv1: { ssh: "root@127.0.0.1:9", system: x86_64-linux, stateVersion: "25.11", uplink: eth0 }
networks:
  front: { subnet: 10.1.0.0/24 }
vms:
  web1: { on: hv1, network: front }
`;

/** The same with a module, which may bring hardware and keys: nothing to warn of. */
export const complete = valid.replace('eth0 }', 'eth0, modules: [./hv1] }');

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder to run the built binary in, with a home of its own and nothing else in its environment. */
export class Desk {
  readonly folder: string;
  readonly home: string;
  readonly env: Record<string, string>;

  constructor(fleetYaml?: string) {
    const top = mkdtempSync(join(tmpdir(), 'fleet-cli-'));
    folders.push(top);
    this.folder = join(top, 'infra');
    this.home = join(top, 'home');
    mkdirSync(this.folder);
    mkdirSync(this.home);
    this.env = { PATH: process.env.PATH ?? '/usr/bin:/bin', HOME: this.home, ...coverage() };
    if (fleetYaml !== undefined) this.write('fleet.yaml', fleetYaml);
  }

  /** Makes it a git repository with everything in it committed. */
  commit(): this {
    for (const args of [
      ['init', '-q', '-b', 'main'],
      ['add', '-A'],
      ['commit', '-qm', 'start'],
    ])
      this.git(...args);
    return this;
  }

  git(...args: string[]): string {
    const who = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org'];
    return execFileSync('git', [...who, ...args], {
      cwd: this.folder,
      env: this.env,
      encoding: 'utf8',
    });
  }

  write(path: string, text: string): void {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), 'utf8');
  }

  has(path: string): boolean {
    return existsSync(join(this.folder, path));
  }

  /** Every file, git's own left out, with its text. */
  files(): Record<string, string> {
    const all = readdirSync(this.folder, { recursive: true, withFileTypes: true });
    const paths = all
      .filter((e) => e.isFile())
      .map((e) => join(e.parentPath, e.name).slice(this.folder.length + 1))
      .filter((path) => !path.startsWith('.git/'));
    return Object.fromEntries(paths.sort().map((path) => [path, this.read(path)]));
  }

  async fleet(...args: string[]): Promise<Run> {
    const run = await this.run(entry, ...args);
    requireDocuments(args, run);
    return run;
  }

  /** Another program of Node's than the built binary. */
  run(program: string, ...args: string[]): Promise<Run> {
    return this.#spawn(process.execPath, [program, ...args]);
  }

  /** Runs fleet and sends it `signal` when `moment` has come; `ms` is what it took to end from then on. */
  async signalled(
    signal: NodeJS.Signals,
    moment: Promise<unknown>,
    ...args: string[]
  ): Promise<Run & { ms: number }> {
    let at = 0;
    const run = await this.#spawn(process.execPath, [entry, ...args], (child) => {
      void moment.then(() => {
        at = Date.now();
        child.kill(signal);
      });
    });
    requireDocuments(args, run);
    return { ...run, ms: Date.now() - at };
  }

  /** `fleet ARGS | COMMAND`; the exit code is fleet's. */
  piped(command: string, ...args: string[]): Promise<Run> {
    const script = `{ "$@"; echo "code $?" >&2; } | ${command}`;
    return this.#spawn('sh', ['-c', script, 'sh', process.execPath, entry, ...args]);
  }

  /** `fleet ARGS >FILE`, where no file may have more than `most` blocks of 512 bytes. */
  into(file: string, most: number | 'unlimited', ...args: string[]): Promise<Run> {
    const script = `trap '' XFSZ; ulimit -f ${most}; exec "$@" >'${file}'`;
    return this.#spawn('sh', ['-c', script, 'sh', process.execPath, entry, ...args]);
  }

  #spawn(
    command: string,
    args: readonly string[],
    started: (child: ChildProcess) => void = () => {},
  ): Promise<Run> {
    return new Promise((resolve, reject) => {
      const child = spawn(command, args, {
        cwd: this.folder,
        env: this.env,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      started(child);
      const run = { stdout: '', stderr: '' };
      for (const name of ['stdout', 'stderr'] as const) {
        child[name].setEncoding('utf8').on('data', (text: string) => {
          run[name] += text;
        });
      }
      child.once('error', reject);
      child.once('close', (code) => resolve({ code: code ?? 255, ...run }));
    });
  }
}
