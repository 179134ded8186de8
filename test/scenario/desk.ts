import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { coverage } from '../coverage.ts';
import { requireDocuments } from '../report/json-schema.ts';
import type { World } from './world.ts';

export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Was it refused because the same went wrong before, and wants --force? */
export const isKnownBad = ({ code, stderr }: Run): boolean =>
  code !== 0 && stderr.includes('[commit.known-bad]');

/** A fleet binary at work. */
export interface Running {
  /** Resolves when it has ended, in whatever way. */
  readonly ended: Promise<Run>;
  kill(signal: NodeJS.Signals): void;
}

/** One whose output is of interest while it runs. */
export interface Speaking extends Running {
  /** Nobody reads its standard output any more. */
  readonly closeOutput: () => void;
  /** What it has said until now. */
  readonly sofar: () => Pick<Run, 'stdout' | 'stderr'>;
}

/** fleet.yaml as plain data, so that scenarios change it without editing text. */
// biome-ignore lint/suspicious/noExplicitAny: the schema is what is under test.
export type FleetData = Record<string, any>;

const entry = () =>
  process.env.FLEET_ENTRY ?? fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** A person's desk: a clone with fleet.yaml, its remote, and the fleet binary. */
export class Desk {
  readonly world: World;
  readonly folder: string;
  remote = '';
  data: FleetData;
  readonly #home: string;
  readonly #name: string;

  constructor(world: World, name: string, data: FleetData) {
    this.world = world;
    this.data = data;
    this.#home = mkdtempSync(join(tmpdir(), 'fleet-desk-'));
    this.folder = join(this.#home, 'infra');
    this.#name = name;
  }

  /** Repository, remote and first commit, with each hypervisor's hardware module. */
  async open(lock?: string): Promise<void> {
    this.#begin();
    this.remote = await this.world.createRemote(this.#name);
    await this.git('init', '-q', '-b', 'main');
    for (const host of this.world.hosts)
      this.write(`hosts/${host.name}/hardware-configuration.nix`, host.hardwareModule);
    if (lock !== undefined) this.write('flake.lock', lock);
    this.save();
    await this.git('add', '-A');
    await this.git('commit', '-qm', 'start');
    await this.git('remote', 'add', 'origin', this.remote);
    await this.git('push', '-q', '-u', 'origin', 'main');
  }

  /** Instead of open: another operator's clone of what `other` works on. */
  async join(other: Desk): Promise<void> {
    this.#begin();
    this.remote = other.remote;
    await this.git('clone', '-q', this.remote, '.');
  }

  #begin(): void {
    mkdirSync(this.folder, { recursive: true });
    writeFileSync(
      join(this.#home, 'gitconfig'),
      '[user]\nname = Ada\nemail = ada@example.org\n[safe]\ndirectory = *\n',
    );
  }

  close(): void {
    rmSync(this.#home, { recursive: true, force: true });
  }

  write(path: string, text: string): void {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), 'utf8');
  }

  /** Changes fleet.yaml. */
  edit(change: (data: FleetData) => void): void {
    change(this.data);
    this.save();
  }

  save(): void {
    this.write('fleet.yaml', stringify(this.data, { lineWidth: 0 }));
  }

  git(...args: string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      execFile('git', args, { cwd: this.folder, env: this.#env() }, (error, stdout, stderr) => {
        if (error) reject(new Error(`git ${args.join(' ')}: ${stderr}`));
        else resolve(stdout.trim());
      });
    });
  }

  /** Runs the built binary with a scrubbed environment; `onStderr` sees its progress as it comes. */
  fleet(
    args: readonly string[],
    onStderr?: (text: string, kill: (signal: NodeJS.Signals) => void) => void,
    input?: string,
  ): Promise<Run> {
    return this.start(args, onStderr, input).ended;
  }

  /** As `fleet`, for those who do not only wait for its end. */
  start(
    args: readonly string[],
    onStderr?: (text: string, kill: (signal: NodeJS.Signals) => void) => void,
    input?: string,
  ): Speaking {
    const child = spawn(process.execPath, [entry(), '-C', this.folder, ...args], {
      env: this.#env(),
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    }) as ChildProcessByStdio<Writable | null, Readable, Readable>;
    // It may end without having read it.
    child.stdin?.on('error', () => {}).end(input);
    const kill = (signal: NodeJS.Signals) => void child.kill(signal);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      onStderr?.(stderr, kill);
    });
    const ended = new Promise<Run>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        const run = { code: code ?? 255, stdout, stderr };
        try {
          // Without a reader, or killed, it cannot finish what it prints.
          if (!child.stdout.readableAborted && code !== null) requireDocuments(args, run);
          resolve(run);
        } catch (error) {
          reject(error);
        }
      });
    });
    const closeOutput = () => void child.stdout.destroy();
    return { ended, kill, closeOutput, sofar: () => ({ stdout, stderr }) };
  }

  /** Runs fleet with its standard output in a file, or a device. */
  into(path: string, args: readonly string[]): Promise<Pick<Run, 'code' | 'stderr'>> {
    const out = openSync(path, 'w');
    const child = spawn(process.execPath, [entry(), '-C', this.folder, ...args], {
      env: this.#env(),
      stdio: ['ignore', out, 'pipe'],
    });
    closeSync(out);
    let stderr = '';
    (child.stderr as Readable).setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code: code ?? 255, stderr }));
    });
  }

  /**
   * Runs fleet at a terminal, which is what `stderr` shows; standard output goes elsewhere, or with `size` to the
   * terminal, too. `answers` has what to type for each question, once it is there.
   */
  async atTerminal(
    args: readonly string[],
    answers: Readonly<Record<string, () => string>>,
    size?: { readonly rows: number; readonly columns: number },
    env: Readonly<Record<string, string>> = {},
  ): Promise<Run> {
    const out = size ? undefined : join(this.#home, 'stdout');
    const words = [process.execPath, entry(), '-C', this.folder, ...args];
    const quoted = words.map((word) => `'${word}'`).join(' ');
    const command = size
      ? `stty rows ${size.rows} cols ${size.columns} && exec ${quoted}`
      : `${quoted} >'${out}'`;
    const child = spawn('script', ['-qefc', command, '/dev/null'], {
      env: { ...this.#env(), SHELL: '/bin/sh', ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let screen = '';
    const open = new Map(Object.entries(answers));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      screen += text;
      for (const [question, answer] of open) {
        if (!screen.includes(question)) continue;
        open.delete(question);
        child.stdin.write(`${answer()}\r`);
      }
    });
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(code ?? 255));
    });
    return {
      code,
      stdout: out === undefined ? '' : readFileSync(out, 'utf8'),
      stderr: screen.replaceAll('\r\n', '\n'),
    };
  }

  /** `fleet apply --yes`; shows everything when it did not end as expected. */
  async apply(expected: number, ...more: string[]): Promise<Run> {
    const run = await this.fleet(['apply', '--yes', ...more]);
    if (run.code !== expected)
      throw new Error(
        `apply ended with ${run.code}, expected ${expected}\n${run.stdout}\n${run.stderr}`,
      );
    return run;
  }

  /**
   * `fleet verify`, which must be content. Of a lab's guest that is logged in to it may ask again: by emulation, on a
   * busy machine, a login takes longer than a check's ten seconds once in a while.
   */
  async verified(tries = 3): Promise<void> {
    const { code, stdout, stderr } = await this.fleet(['verify']);
    if (code === 0) return;
    if (tries === 1) throw new Error(`verify ended with ${code}\n${stdout}\n${stderr}`);
    await this.verified(tries - 1);
  }

  /** Settings of git's that are this desk's own. */
  get gitEnvironment(): Record<string, string> {
    return { GIT_CONFIG_GLOBAL: join(this.#home, 'gitconfig'), GIT_CONFIG_SYSTEM: '/dev/null' };
  }

  #env(): Record<string, string> {
    return {
      PATH: process.env.PATH ?? '/usr/bin:/bin',
      HOME: this.world.home,
      ...coverage(),
      ...this.gitEnvironment,
      ...this.world.env,
    };
  }
}
