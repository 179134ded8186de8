import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Layers } from '../layers.ts';
import type { Power } from '../power.ts';
import { must, type run as Run, run, until } from '../run.ts';
import type { Slot } from '../slots.ts';

const bootTimeoutMs = 600_000;

/**
 * A host with a kernel and a memory of its own, in QEMU by emulation: a power cut loses what was not
 * synced, as it does not in a container, which shares the kernel of this machine. No guests run in it.
 */
export class EmulatedMachine implements Power {
  readonly #slot: Slot;
  readonly #hostname: string;
  readonly #layers: Layers;
  #process: ChildProcess | undefined;

  constructor(slot: Slot, hostname: string, layers: Layers) {
    this.#slot = slot;
    this.#hostname = hostname;
    this.#layers = layers;
  }

  get #consoleFile(): string {
    return join(this.#slot.dir, 'console.log');
  }

  console(): string {
    return readFileSync(this.#consoleFile, 'utf8');
  }

  /** Makes its disk from what the layers and the slot's own files say. */
  async #makeDisk(): Promise<void> {
    const { dir, number } = this.#slot;
    await must(
      'unshare',
      '--mount',
      join(import.meta.dirname, 'disk.sh'),
      dir,
      this.#layers.lower(number).join(':'),
      this.#layers.inputs,
    );
  }

  forgetDisk(): void {
    rmSync(join(this.#slot.dir, 'disk'), { force: true });
  }

  async boot(): Promise<void> {
    if (this.#process) throw new Error(`lab: ${this.#hostname} is on already`);
    const { dir, machine, outerAddress } = this.#slot;
    if (!existsSync(join(dir, 'disk'))) await this.#makeDisk();
    await must('ip', 'tuntap', 'add', 'name', machine, 'mode', 'tap');
    await must('ip', 'address', 'add', `${outerAddress}/30`, 'dev', machine);
    await must('ip', 'link', 'set', machine, 'up');
    const output = openSync(this.#consoleFile, 'a');
    // Should this process die in any way, the kernel ends the machine.
    const words = ['--pdeathsig', 'KILL', 'unshare', '--mount'];
    const script = join(import.meta.dirname, 'machine.sh');
    const debian = this.#layers.lower(this.#slot.number).at(-1) as string;
    this.#process = spawn('setpriv', [...words, script, dir, debian, machine], {
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    await this.untilBooted();
  }

  async untilBooted(): Promise<void> {
    try {
      await until(`boot of ${this.#hostname}`, bootTimeoutMs, async () => {
        if (this.#process?.exitCode !== null) throw new Error('QEMU has ended');
        const state = (await this.exec('systemctl is-system-running', 5000)).stdout.trim();
        return state === 'running' || state === 'degraded' ? true : undefined;
      });
    } catch (error) {
      throw new Error(`${String(error)}\n${this.console().slice(-4000)}`);
    }
  }

  async setCut(isCut: boolean): Promise<void> {
    if (this.#process) await must('ip', 'link', 'set', this.#slot.machine, isCut ? 'down' : 'up');
  }

  async kill(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    if (process && process.exitCode === null && process.signalCode === null) {
      const ended = once(process, 'exit');
      process.kill('SIGKILL');
      await ended;
    }
    await run('ip', ['link', 'delete', this.#slot.machine]);
  }

  async shutDown(): Promise<void> {
    await this.exec('sync', 20_000);
    await this.kill();
  }

  async reboot(): Promise<void> {
    const before = await this.exec('cat /proc/sys/kernel/random/boot_id');
    await this.exec('systemctl reboot', 10_000);
    await until(`reboot of ${this.#hostname}`, bootTimeoutMs, async () => {
      const now = await this.exec('cat /proc/sys/kernel/random/boot_id', 5000);
      return now.code === 0 && now.stdout !== before.stdout ? true : undefined;
    });
    await this.untilBooted();
  }

  /** Runs a shell command as root inside, over ssh: there is no other way in. */
  exec(command: string, timeoutMs = 120_000): ReturnType<typeof Run> {
    const options = ['-F', 'none', '-i', this.#layers.key, '-o', 'BatchMode=yes'];
    options.push('-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null');
    options.push('-o', 'ConnectTimeout=3', '-o', 'LogLevel=ERROR', `root@${this.#slot.address}`);
    return run('ssh', [...options, command], { timeoutMs });
  }
}
