import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { System } from '../model/fleet.ts';
import type { Surroundings } from '../model/surroundings.ts';
import { dialGuest } from './guest-ports.ts';
import { guestSshd } from './guest-sshd.ts';
import type { KeyPair } from './keys.ts';
import { type CommandResult, Processes } from './processes.ts';
import { type Sshd, startSshd } from './sshd.ts';

/** What a pretend hypervisor is made with. */
export interface HypervisorOptions {
  readonly name: string;
  readonly system: System;
  /** Its folder: FLEET_ROOT of everything that runs on it. */
  readonly root: string;
  /** Address of its uplink. */
  readonly address: string;
  /** Folder of the stand-in tools. */
  readonly tools: string;
  /** PATH of everything that runs on it. */
  readonly path: string;
  /** Seconds from a guest's start to its first answer. */
  readonly guestBoot: number;
  readonly hostKey: KeyPair;
  readonly clientKey: KeyPair;
  readonly signalGroup: Surroundings['signalGroup'];
  /** Ports of 127.0.0.1 that it may connect to: the other hypervisors, for jump hosts. */
  readonly neighbours: ReadonlySet<number>;
}

/** Seconds that virtiofsd takes to be ready, and its guest waits with a queued start. */
const virtiofsdStart = 0.5;

const folders = [
  'boot',
  'dev/net',
  'etc',
  'nix/store',
  'nix/var/nix/gcroots/auto',
  'nix/var/nix/profiles',
  'proc/sys/kernel/random',
  'root',
  'sandbox/evaluations',
  'sys/class/misc/kvm',
  'sys/class/net',
  'sys/devices/system/cpu',
  'tmp',
  'var/lib/microvms',
];

/** One pretend hypervisor: a folder, stand-in tools, and an ssh server. */
export class SandboxHost {
  readonly name: string;
  readonly system: System;
  readonly root: string;
  readonly hostKey: KeyPair;
  readonly publicKey: string;
  readonly #options: HypervisorOptions;
  readonly #processes: Processes;
  #sshd: Sshd | undefined;
  readonly #lacks = new Set<'cable' | 'power'>();

  constructor(options: HypervisorOptions) {
    this.#options = options;
    this.name = options.name;
    this.system = options.system;
    this.root = options.root;
    this.hostKey = options.hostKey;
    this.publicKey = options.clientKey.public;
    const env = {
      FLEET_ROOT: this.root,
      HOME: join(this.root, 'root'),
      LANG: 'C.UTF-8',
      LOGNAME: 'root',
      PATH: options.path,
      SHELL: '/bin/sh',
      TMPDIR: join(this.root, 'tmp'),
      USER: 'root',
    };
    const sessions = join(this.root, 'sandbox/sessions');
    this.#processes = new Processes(env, this.root, sessions, options.signalGroup);
  }

  /** Port of its ssh server on 127.0.0.1. */
  get port(): number {
    if (this.#sshd === undefined) throw new Error(`${this.name} has not started`);
    return this.#sshd.port;
  }

  /** What ssh calls it, with the config in the sandbox's home. */
  get ssh(): string {
    return this.name;
  }

  /** Hand-written Nix that keeps its uplink and lets us in; a system without it cuts us off. */
  get hardwareModule(): string {
    return `# The pretend hardware of ${this.name}: without it a system has no uplink.
{
  sandbox.uplink = "enp1s0";
  services.openssh.ports = [ ${this.port} ];
  users.users.root.openssh.authorizedKeys.keys = [ "${this.publicKey}" ];
}
`;
  }

  /** Lays out the folder, boots, and listens. */
  async start(): Promise<void> {
    const { clientKey, hostKey, neighbours } = this.#options;
    await this.#install();
    this.#sshd = await startSshd({
      hostKey: hostKey.private,
      clientKey: clientKey.public,
      start: (command, connection) =>
        this.#processes.start(command, { SSH_CONNECTION: connection }),
      dial: (address, port) =>
        address === '127.0.0.1' && neighbours.has(port)
          ? connect(port, address)
          : dialGuest(this.root, address, port, (guest) =>
              guestSshd(this.root, guest, (command, env) => this.#processes.start(command, env)),
            ),
      isCut: () => this.#lacks.size > 0 || existsSync(join(this.root, 'sandbox/no-uplink')),
    });
  }

  /** Runs a command as root, not through ssh. */
  exec(command: string): Promise<CommandResult> {
    return this.#processes.run(command);
  }

  /** Pulls the uplink's cable: connections end, new ones are turned away. */
  async cutLink(): Promise<void> {
    this.#lacks.add('cable');
    this.#sshd?.dropAll();
  }

  async restoreLink(): Promise<void> {
    this.#lacks.delete('cable');
  }

  /** Cuts the power: everything ends at once, files stay. */
  async kill(): Promise<void> {
    this.#lacks.add('power');
    this.#sshd?.dropAll();
    this.#processes.endAll();
  }

  /** After kill: the boot default comes up, and with it what is started at boot. */
  async boot(): Promise<void> {
    await this.#tool('boot');
    this.#lacks.delete('power');
  }

  /** Back to a hypervisor that fleet has never touched; its keys and port stay. */
  async reset(): Promise<void> {
    await this.kill();
    await this.#install();
    this.#lacks.clear();
  }

  /** Copies what it is now to a folder, for `returnTo`. */
  keep(folder: string): void {
    rmSync(folder, { recursive: true, force: true });
    execFileSync('cp', ['-a', this.root, folder]);
  }

  /** Makes it what it was then: its files, and with them the units that ran. What was to happen later does not. */
  async returnTo(folder: string): Promise<void> {
    await this.kill();
    rmSync(this.root, { recursive: true, force: true });
    execFileSync('cp', ['-a', folder, this.root]);
    this.#lacks.clear();
  }

  async stop(): Promise<void> {
    rmSync(join(this.root, 'sandbox/server'), { force: true });
    await this.#sshd?.stop();
    this.#processes.endAll();
  }

  /** Ends its processes for good, and nothing else. */
  endAll(): void {
    rmSync(join(this.root, 'sandbox/server'), { force: true });
    this.#processes.endAll();
  }

  async #install(): Promise<void> {
    const { address, guestBoot, path, system, tools } = this.#options;
    rmSync(this.root, { recursive: true, force: true });
    for (const folder of folders) mkdirSync(join(this.root, folder), { recursive: true });
    const facts = {
      address,
      'boot-seconds': guestBoot,
      machine: system.split('-')[0],
      'virtiofsd-seconds': virtiofsdStart,
    };
    for (const [name, fact] of Object.entries(facts)) {
      writeFileSync(join(this.root, 'sandbox', name), `${fact}\n`);
    }
    // A file of shell: dash reads a line byte by byte, in every tool that starts.
    const quoted = `'${path.replaceAll("'", "'\\''")}'`;
    writeFileSync(join(this.root, 'sandbox/path.sh'), `PATH=${quoted}\n`);
    symlinkSync(tools, join(this.root, 'sandbox/tools'));
    const memory = ['MemTotal:       32768000 kB', 'MemAvailable:   24576000 kB', ''].join('\n');
    writeFileSync(join(this.root, 'proc/meminfo'), memory);
    writeFileSync(join(this.root, 'proc/loadavg'), '0.42 0.21 0.10 1/123 4711\n');
    writeFileSync(join(this.root, 'sys/devices/system/cpu/online'), '0-7\n');
    for (const node of ['net/tun', 'vhost-net', 'vhost-vsock'])
      writeFileSync(join(this.root, 'dev', node), '');
    // The parent of this shell. What is to happen later happens only as long as it lives.
    await this.#run('echo "$PPID" >"$FLEET_ROOT/sandbox/server"');
    await this.#tool('install', this.name);
  }

  #tool(...words: readonly string[]): Promise<void> {
    return this.#run(`"$FLEET_ROOT/sandbox/tools/lib/"${words.join(' ')}`);
  }

  async #run(command: string): Promise<void> {
    const { code, stderr } = await this.#processes.run(command);
    if (code !== 0) throw new Error(`the sandbox could not run ${command}: ${stderr}`);
  }
}
