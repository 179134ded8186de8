import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Layers } from '../../lab/layers.ts';

const patienceMs = 240_000;

/** A machine of machine.sh: its disk stays from one boot to the next. */
export class SmallMachine {
  readonly #dir = mkdtempSync(join(tmpdir(), 'fleet-power-'));
  readonly #layers: Layers;

  constructor(layers: Layers) {
    this.#layers = layers;
    copyFileSync(join(import.meta.dirname, 'init.sh'), join(this.#dir, 'init'));
  }

  close(): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }

  /** Boots, runs a script until its console says something, and cuts the power there and then. What the console said. */
  async run(script: string, until: RegExp): Promise<string> {
    // A disk has whole sectors.
    const text = Buffer.from(`${script}\n`);
    writeFileSync(
      join(this.#dir, 'script'),
      Buffer.concat([text, Buffer.alloc(512 - (text.length % 512))]),
    );
    const [, host = '', debian = ''] = this.#layers.lower(1);
    const words = ['--pdeathsig', 'KILL', 'unshare', '--mount'];
    words.push(join(import.meta.dirname, 'machine.sh'), this.#dir, debian);
    const machine = spawn('setpriv', [...words, join(host, 'opt/lab/guest')], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [machine.stdout, machine.stderr])
      stream.setEncoding('utf8').on('data', (more: string) => {
        said += more;
        appendFileSync(join(this.#dir, 'console'), more);
      });
    const late = Date.now() + patienceMs;
    try {
      while (!until.test(said)) {
        if (machine.exitCode !== null || Date.now() > late)
          throw new Error(`the machine did not come to its end:\n${said.slice(-3000)}`);
        await sleep(20);
      }
    } finally {
      await end(machine);
    }
    return said;
  }
}

async function end(machine: ChildProcess): Promise<void> {
  if (machine.exitCode !== null || machine.signalCode !== null) return;
  const ended = once(machine, 'exit');
  machine.kill('SIGKILL');
  await ended;
}
