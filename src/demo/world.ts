import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Surroundings } from '../model/surroundings.ts';
import { sandboxLock } from '../sandbox/flake-lock.ts';
import { type Sandbox, startSandbox } from '../sandbox/sandbox.ts';
import { demoFleet } from './demo-fleet.ts';

/** What the demo plays in: a temporary folder with a fleet's repository, its remote, and pretend hypervisors. */
export class DemoWorld {
  readonly #folder: string;
  readonly #surroundings: Surroundings;
  readonly #program: readonly [string, ...string[]];
  #started: Sandbox | undefined;
  #child: ChildProcess | undefined;

  /** @param program how fleet is started: a command and its first words */
  constructor(surroundings: Surroundings, program: readonly [string, ...string[]]) {
    this.#folder = mkdtempSync(join(surroundings.temporary, 'fleet-demo-'));
    this.#surroundings = surroundings;
    this.#program = program;
  }

  async start(names: readonly string[]): Promise<void> {
    this.#started = await startSandbox({
      dir: join(this.#folder, 'sandbox'),
      hypervisors: names.map((name) => ({ name })),
      surroundings: this.#surroundings,
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

  /** Changes fleet.yaml. */
  edit(change: (text: string) => string): void {
    const file = join(this.repository, 'fleet.yaml');
    writeFileSync(file, change(readFileSync(file, 'utf8')));
  }

  /** Runs fleet as a person would, in a process of its own, at this one's terminal. @returns its exit code */
  async fleet(args: readonly string[]): Promise<number> {
    const [command, ...first] = this.#program;
    const child = spawn(command, [...first, '-C', this.repository, ...args], {
      env: { ...this.#surroundings.env, ...this.env },
      stdio: 'inherit',
    });
    this.#child = child;
    const code = await new Promise<number>((resolve) =>
      child.once('close', (c) => resolve(c ?? 255)),
    );
    this.#child = undefined;
    return code;
  }

  /** Where things lie, what a shell needs, and faults that fleet finds and mends. */
  howToPlay(): string {
    const env = Object.entries(this.env).map(([key, value]) => `export ${key}=${value}`);
    const on = (hypervisor: string) => `ssh -F "$FLEET_SSH_CONFIG" ${hypervisor}`;
    return [
      ...env,
      `alias fleet='${this.#program.join(' ')}'`,
      `cd ${this.repository}`,
      '',
      `# The repository is here, its remote ${join(this.#folder, 'remote.git')},`,
      `# and the disk of hv1 ${join(this.#folder, 'sandbox/hosts/hv1')}.`,
      `# A command on a hypervisor: ${on('hv1')} systemctl status microvm@web1`,
      '',
      '# Three faults to try. A guest that is stopped:',
      `${on('hv1')} systemctl stop microvm@web1`,
      'fleet plan     # is inactive (dead)',
      'fleet apply    # starts it',
      '# A bridge that is down, and with it the guests in it:',
      `${on('hv3')} ip link set br-ops down`,
      'fleet verify   # bridge br-ops: seen down; metrics and worker do not answer',
      'fleet apply    # repairs it',
      '# A change that makes a guest mute:',
      "sed -i 's/^  db:$/&\\n    config: { boot.kernelParams: [lab.mute] }/' fleet.yaml",
      'fleet apply    # rolls it back, and reverts the commit: exit 3',
      '',
      '# What there is to return to:',
      'fleet rollback --list',
    ].join('\n');
  }

  get #sandbox(): Sandbox {
    if (this.#started === undefined) throw new Error('the demo has not started');
    return this.#started;
  }

  /** Where fleet.yaml is. */
  get repository(): string {
    return join(this.#folder, 'infra');
  }

  /** Also keeps the user's own git settings out: a signing key would be asked for its passphrase. */
  get env(): Record<string, string> {
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
    const remote = join(this.#folder, 'remote.git');
    const git = (...args: string[]) =>
      execFileSync('git', args, {
        cwd: this.repository,
        env: { ...this.#surroundings.env, ...this.env },
        stdio: 'ignore',
      });
    mkdirSync(this.repository);
    git('init', '-q', '--bare', '-b', 'main', remote);
    git('init', '-q');
    for (const host of this.#sandbox.hosts) {
      const file = join(this.repository, 'hosts', host.name, 'hardware-configuration.nix');
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, host.hardwareModule);
    }
    writeFileSync(join(this.repository, 'fleet.yaml'), demoFleet(this.#sandbox.hosts));
    writeFileSync(join(this.repository, 'flake.lock'), sandboxLock);
    git('add', '-A');
    git('commit', '-qm', 'A first fleet.yaml');
    git('remote', 'add', 'origin', remote);
    git('push', '-q', '-u', 'origin', 'main');
  }
}
