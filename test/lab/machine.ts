import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cgroups, removeCgroups } from './cgroup.ts';
import type { Layers } from './layers.ts';
import type { LossyDisk } from './lossy-disk.ts';
import { must, run, sleep, until } from './run.ts';
import type { Slot } from './slots.ts';

/** What systemd-nspawn ends with when the container wants to be started again. */
const rebootWanted = 133;
const bootTimeoutMs = 120_000;

/** A host that shares this machine's kernel: a container with systemd. */
export class Machine {
  readonly #slot: Slot;
  readonly #hostname: string;
  readonly #layers: Layers;
  readonly #disk: LossyDisk | undefined;
  #process: ChildProcess | undefined;
  /** The switch, not the lamp: while a machine reboots it has no process and is on. */
  #power: 'off' | 'on' = 'off';
  #cable: 'in' | 'out' = 'in';

  /** @param disk one of its own; else a power loss loses nothing, for the page cache is this machine's */
  constructor(slot: Slot, hostname: string, layers: Layers, disk?: LossyDisk) {
    this.#slot = slot;
    this.#hostname = hostname;
    this.#layers = layers;
    this.#disk = disk;
  }

  /** Everything the machine has written to its console since it was made. */
  console(): string {
    return readFileSync(this.#consoleFile, 'utf8');
  }

  get #consoleFile(): string {
    return join(this.#slot.dir, 'console.log');
  }

  /** Process id, out here, of the first process in there. */
  get leader(): number | undefined {
    const pid = this.#process?.pid;
    if (pid === undefined || this.#process?.exitCode !== null) return undefined;
    try {
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
      return children.split(' ').map(Number).find(isFirstProcess);
    } catch {
      return undefined;
    }
  }

  /** Switches on and waits until the machine has booted, whatever became of its units. */
  async boot(): Promise<void> {
    if (this.#power === 'on') throw new Error(`lab: ${this.#hostname} is on already`);
    this.#power = 'on';
    await this.#disk?.make();
    await this.#start();
    await this.untilBooted();
  }

  /** Waits until systemd in there says that its boot is over. */
  async untilBooted(): Promise<void> {
    try {
      await until(`boot of ${this.#hostname}`, bootTimeoutMs, async () => {
        if (this.#power === 'off') throw new Error(`lab: ${this.#hostname} went off while booting`);
        const state = (await this.exec('systemctl is-system-running', 5000)).stdout.trim();
        return state === 'running' || state === 'degraded' ? true : undefined;
      });
    } catch (error) {
      throw new Error(`${String(error)}\n${this.console().slice(-4000)}`);
    }
  }

  async #start(): Promise<void> {
    const { dir, machine, number } = this.#slot;
    // The cable of the boot before goes with its network namespace, a moment after the processes.
    await until(`${machine} is gone`, 10_000, () =>
      existsSync(`/sys/class/net/${machine}`) ? undefined : true,
    );
    if (this.#power === 'off') return;
    const output = openSync(this.#consoleFile, 'a');
    const args = [machine, this.#hostname, dir, this.#layers.lower(number).join(':')];
    // Should this process die in any way, the kernel ends the machine.
    const process = spawn(
      'setpriv',
      ['--pdeathsig', 'KILL', 'unshare', '--mount', join(import.meta.dirname, 'machine.sh')].concat(
        args,
        this.#layers.inputs,
        cgroups(machine),
      ),
      { stdio: ['ignore', output, output] },
    );
    closeSync(output);
    this.#process = process;
    process.on('exit', (code) => {
      if (this.#process !== process) return;
      this.#process = undefined;
      if (code === rebootWanted && this.#power === 'on') this.#restart();
      else this.#power = 'off';
    });
    await until(`cable of ${this.#hostname}`, 30_000, () => {
      if (process.exitCode !== null)
        throw new Error(`lab: no container:\n${this.console().slice(-2000)}`);
      return existsSync(`/sys/class/net/${machine}`) ? true : undefined;
    });
    await must('ip', 'address', 'replace', `${this.#slot.outerAddress}/30`, 'dev', machine);
    if (this.#cable === 'in') await must('ip', 'link', 'set', machine, 'up');
  }

  #restart(): void {
    this.#start().catch(() => {
      this.#power = 'off';
    });
  }

  /** Pulls the cable, or puts it back. A reboot does not put it back. */
  async setCut(isCut: boolean): Promise<void> {
    this.#cable = isCut ? 'out' : 'in';
    if (this.#process) await must('ip', 'link', 'set', this.#slot.machine, isCut ? 'down' : 'up');
  }

  /** Power off as it is done by command: systemd stops everything. SIGKILL when that takes long. */
  async shutDown(): Promise<void> {
    const process = this.#process;
    this.#power = 'off';
    if (process) {
      const ended = once(process, 'exit');
      process.kill('SIGTERM');
      await Promise.race([ended, sleep(20_000)]);
    }
    await this.kill();
  }

  /** Power loss. */
  async kill(): Promise<void> {
    const process = this.#process;
    this.#power = 'off';
    this.#process = undefined;
    if (process && process.exitCode === null && process.signalCode === null) {
      const ended = once(process, 'exit');
      try {
        if (process.pid !== undefined) await this.#disk?.cutPower(process.pid);
      } finally {
        process.kill('SIGKILL');
        await ended;
      }
    }
    await removeCgroups(this.#slot.machine);
  }

  /** Reboots by command. Resolves when the machine is up again. */
  async reboot(): Promise<void> {
    const before = this.#process;
    await this.exec('systemctl reboot', 10_000);
    await until(`reboot of ${this.#hostname}`, bootTimeoutMs, () =>
      this.#process && this.#process !== before ? true : undefined,
    );
    await this.untilBooted();
  }

  /** Runs a shell command as root inside; works without any network. */
  async exec(command: string, timeoutMs?: number): ReturnType<typeof run> {
    const { leader } = this;
    if (leader === undefined) return { code: 255, stdout: '', stderr: 'lab: the machine is off' };
    const path = '/run/wrappers/bin:/run/current-system/sw/bin:/usr/sbin:/usr/bin';
    return run(
      'nsenter',
      [
        '--target',
        String(leader),
        '--all',
        '/usr/bin/env',
        '-i',
        'HOME=/root',
        `PATH=${path}`,
      ].concat('/bin/bash', '-c', `cd\n${command}`),
      timeoutMs === undefined ? {} : { timeoutMs },
    );
  }
}

function isFirstProcess(pid: number): boolean {
  if (!readdirSync('/proc').includes(String(pid))) return false;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return /^NSpid:.*\t1$/m.test(status);
}
