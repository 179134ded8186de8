import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Layers } from '../../lab/layers.ts';
import { must } from '../../lab/run.ts';
import { diskBytes, type Recording, readLog, sector } from './log.ts';

const patienceMs = 240_000;

/** Lets the machine of machine.sh run a script, and writes down what its disk is told. */
export async function record(layers: Layers, script: string, keepIn?: string): Promise<Recording> {
  const dir = mkdtempSync(join(tmpdir(), 'fleet-power-'));
  try {
    const disk = join(dir, 'disk');
    await makeDisk(disk);
    copyFileSync(disk, join(dir, 'before'));
    await runMachine(dir, layers, script);
    if (keepIn !== undefined) {
      mkdirSync(keepIn, { recursive: true });
      copyFileSync(join(dir, 'before'), join(keepIn, 'disk'));
      copyFileSync(join(dir, 'log'), join(keepIn, 'log'));
    }
    return {
      disk: readFileSync(join(dir, 'before')).subarray(0, diskBytes),
      entries: readLog(readFileSync(join(dir, 'log'))),
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** What the small machine says of a script; what it does to its disk is lost. */
export async function toldByMachine(layers: Layers, script: string): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'fleet-power-'));
  try {
    await makeDisk(join(dir, 'disk'));
    return await runMachine(dir, layers, script);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function makeDisk(disk: string): Promise<void> {
  // All of it is there from the start: nothing is written later that nobody asked for.
  const options = 'lazy_itable_init=0,lazy_journal_init=0';
  const size = `${diskBytes / 1024}k`;
  await must('mke2fs', '-q', '-t', 'ext4', '-b', '4096', '-E', options, disk, size);
  await truncate(disk, diskBytes + sector);
}

/** What it says until the script has ended well. */
async function runMachine(dir: string, layers: Layers, script: string): Promise<string> {
  writeFileSync(join(dir, 'script'), script);
  const [, host = '', debian = ''] = layers.lower(1);
  const words = ['--pdeathsig', 'KILL', 'unshare', '--mount'];
  words.push(join(import.meta.dirname, 'machine.sh'), dir, debian, join(host, 'opt/lab/guest'));
  const machine = spawn('setpriv', words, {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: patienceMs,
    killSignal: 'SIGKILL',
  });
  let said = '';
  for (const stream of [machine.stdout, machine.stderr])
    stream.setEncoding('utf8').on('data', (more: string) => {
      said += more;
    });
  await once(machine, 'close');
  if (!/fleet-ended 0\r?$/m.test(said))
    throw new Error(`the machine did not come to its end:\n${said.slice(-3000)}`);
  return said;
}

/** One that was kept, or undefined. */
export function kept(folder: string): Recording | undefined {
  if (!existsSync(join(folder, 'log'))) return undefined;
  return {
    disk: readFileSync(join(folder, 'disk')).subarray(0, diskBytes),
    entries: readLog(readFileSync(join(folder, 'log'))),
  };
}
