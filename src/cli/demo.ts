import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitCodes } from '../model/errors.ts';
import { ownFile } from '../own-files.ts';
import { styleFor } from '../report/style.ts';
import { demoFleet, demoLock } from '../sandbox/demo-fleet.ts';
import { type Sandbox, startSandbox } from '../sandbox/sandbox.ts';
import type { Invocation } from './options.ts';

/**
 * `fleet demo`: the real fleet, git and ssh against hypervisors that pretend (and say so). Interrupted, it waits
 * for the command that it runs; however it ends, its processes and its folder are gone.
 */
export async function demoCommand(
  invocation: Invocation,
  options: { keep?: boolean },
): Promise<number> {
  const demo = new Demo(mkdtempSync(join(tmpdir(), 'fleet-demo-')), invocation.signal);
  // Ctrl-C again ends the process, and nothing below is run.
  const cleanUp = () => demo.cleanUp();
  process.once('exit', cleanUp);
  const { signal } = invocation;
  const onStop = () =>
    process.stderr.write('\nInterrupted: the demo ends, and its folder is removed.\n');
  signal.addEventListener('abort', onStop, { once: true });
  try {
    return await play(demo, signal, options.keep ?? false);
  } finally {
    signal.removeEventListener('abort', onStop);
    await demo.stop();
    process.off('exit', cleanUp);
  }
}

async function play(demo: Demo, signal: AbortSignal, keep: boolean): Promise<number> {
  const style = styleFor(process.stdout);
  const say = (text: string) => {
    if (!signal.aborted) process.stdout.write(`\n${style('bold', `# ${text}`)}\n`);
  };
  say(
    'Three pretend hypervisors: ssh, git and the scripts are real; systemd, Nix and guests are not.',
  );
  await demo.start(['hv1', 'hv2', 'hv3']);
  await walkThrough(demo, say);
  if (signal.aborted || demo.wentWrong) return exitCodes.failed;
  if (keep) {
    say('They run until Ctrl-C. In another terminal:');
    process.stdout.write(`${demo.howToPlay()}\n`);
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }
  return exitCodes.ok;
}

async function walkThrough(demo: Demo, say: (text: string) => void): Promise<void> {
  say('A fleet.yaml with five vms. What would apply do?');
  await demo.fleet(['plan', '--no-diff'], 0);
  say('Do it: commit, push, build, switch, start one guest after another, look at each.');
  await demo.fleet(['apply', '--yes'], 0);
  say('Again: a healthy guest on the right runner is never touched.');
  await demo.fleet(['apply', '--yes'], 0);
  say('A bad change: a package for web1, and web2 that will never answer.');
  demo.edit((text) =>
    text
      .replace('  web1:\n', '  web1:\n    packages: [htop]\n')
      .replace('  web2:\n', '  web2:\n    config: { boot.kernelParams: [lab.mute] }\n'),
  );
  await demo.fleet(['apply', '--yes'], exitCodes.rolledBack);
  say('The commit was reverted, here and at the remote. Once more, without the mistake.');
  demo.edit((text) => text.replace('  web1:\n', '  web1:\n    packages: [htop]\n'));
  await demo.fleet(['apply', '--yes'], 0);
  say('What was deployed so far, and a vm returned to what it was before its last change.');
  await demo.fleet(['history', 'web1'], 0);
  await demo.fleet(['rollback', 'web1', '--yes'], 0);
  await demo.fleet(['plan', '--no-diff'], 0);
}

class Demo {
  readonly #folder: string;
  readonly #signal: AbortSignal;
  #started: Sandbox | undefined;
  #child: ChildProcess | undefined;
  wentWrong = false;

  constructor(folder: string, signal: AbortSignal) {
    this.#folder = folder;
    this.#signal = signal;
  }

  async start(names: readonly string[]): Promise<void> {
    this.#started = await startSandbox({
      dir: join(this.#folder, 'sandbox'),
      hypervisors: names.map((name) => ({ name })),
    });
    this.#makeRepository();
  }

  async stop(): Promise<void> {
    await this.#started?.stop();
    this.cleanUp();
  }

  /** In one go, for a process that exits: waits for nothing. */
  cleanUp(): void {
    this.#child?.kill('SIGKILL');
    this.#started?.endAll();
    // What was just killed may still be writing.
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 10 });
  }

  get #sandbox(): Sandbox {
    if (this.#started === undefined) throw new Error('the demo has not started');
    return this.#started;
  }

  get #repository(): string {
    return join(this.#folder, 'infra');
  }

  /** Also keeps the user's own git settings out: a signing key would be asked for its passphrase. */
  get #env(): Record<string, string> {
    return {
      ...this.#sandbox.env,
      GIT_CONFIG_GLOBAL: join(this.#folder, 'gitconfig'),
      GIT_CONFIG_SYSTEM: '/dev/null',
    };
  }

  #makeRepository(): void {
    writeFileSync(
      join(this.#folder, 'gitconfig'),
      '[user]\nname = Demo\nemail = demo@example.org\n[init]\ndefaultBranch = main\n',
    );
    const git = (...args: string[]) =>
      execFileSync('git', args, {
        cwd: this.#repository,
        env: { ...process.env, ...this.#env },
        stdio: 'ignore',
      });
    mkdirSync(this.#repository);
    execFileSync('git', ['init', '-q', '--bare', '-b', 'main', join(this.#folder, 'remote.git')], {
      stdio: 'ignore',
    });
    git('init', '-q');
    for (const host of this.#sandbox.hosts) {
      const file = join(this.#repository, 'hosts', host.name, 'hardware-configuration.nix');
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, host.hardwareModule);
    }
    writeFileSync(join(this.#repository, 'fleet.yaml'), demoFleet(this.#sandbox.hosts));
    writeFileSync(join(this.#repository, 'flake.lock'), demoLock);
    git('add', '-A');
    git('commit', '-qm', 'A first fleet.yaml');
    git('remote', 'add', 'origin', join(this.#folder, 'remote.git'));
    git('push', '-q', '-u', 'origin', 'main');
  }

  edit(change: (text: string) => string): void {
    const file = join(this.#repository, 'fleet.yaml');
    writeFileSync(file, change(readFileSync(file, 'utf8')));
  }

  /** Runs fleet as a person would, in a process of its own. */
  async fleet(args: readonly string[], expected: number): Promise<void> {
    if (this.#signal.aborted) return;
    process.stdout.write(`$ fleet ${args.join(' ')}\n`);
    const child = spawn(process.execPath, [this.#entry, '-C', this.#repository, ...args], {
      env: { ...process.env, ...this.#env },
      stdio: 'inherit',
    });
    this.#child = child;
    const code = await new Promise<number>((resolve) =>
      child.once('close', (c) => resolve(c ?? 255)),
    );
    this.#child = undefined;
    if (this.#signal.aborted) return;
    if (expected !== 0) process.stdout.write(`(exit ${code})\n`);
    if (code !== expected) {
      this.wentWrong = true;
      process.stdout.write(`expected exit ${expected}, got ${code}\n`);
    }
  }

  get #entry(): string {
    return fileURLToPath(ownFile(`./main${extname(import.meta.url)}`));
  }

  howToPlay(): string {
    const env = Object.entries(this.#env).map(([key, value]) => `export ${key}=${value}`);
    return [
      ...env,
      `alias fleet='${process.execPath} ${this.#entry}'`,
      `cd ${this.#repository}`,
      '$EDITOR fleet.yaml   # config: { boot.kernelParams: [lab.mute] } makes a guest that never answers',
      'fleet plan',
      'fleet apply',
      'fleet rollback --list',
    ].join('\n');
  }
}
