import { createHash } from 'node:crypto';
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
import { join } from 'node:path';
import { must, run } from '../../lab/run.ts';
import type { Found } from './judge.ts';
import { lookScript } from './script.ts';

/** What is found after a boot. */
export type Seen = Omit<Found, 'told'>;

/** Mounts what a power cut left, as a boot does, and lets one more event be written. */
export class Looker {
  readonly #dir: string;
  readonly #known = new Map<string, Seen>();

  constructor() {
    // In memory where there is such a folder: every look writes a disk.
    this.#dir = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'fleet-power-'));
  }

  close(): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }

  /** Of how many different trees a look was needed. */
  get looks(): number {
    return this.#known.size;
  }

  async look(image: Buffer): Promise<Seen> {
    const file = join(this.#dir, 'disk');
    const root = join(this.#dir, 'root');
    const state = join(root, 'var/lib/fleet');
    writeFileSync(file, image);
    rmSync(root, { recursive: true, force: true });
    mkdirSync(state, { recursive: true });
    // Plays the journal back and takes away what was deleted while it was open, as the kernel does; 4: it found an error.
    const check = await run('e2fsck', ['-p', file]);
    if (check.code > 1)
      throw new Error(`the file system is damaged:\n${check.stdout}${check.stderr}`);
    await must('debugfs', '-R', `rdump / ${state}`, file);
    const key = hashOf(state);
    const known = this.#known.get(key);
    if (known) return known;
    const boot = await run('sh', ['-c', lookScript], {
      env: { PATH: process.env.PATH ?? '/usr/bin:/bin', FLEET_ROOT: root },
    });
    if (boot.code !== 0) throw new Error(`${boot.stderr}${boot.stdout}`);
    const web = join(state, 'guests/web');
    const seen: Seen = {
      spool: textsOf(join(state, 'events')),
      state: existsSync(web) ? readFileSync(web, 'utf8') : undefined,
    };
    this.#known.set(key, seen);
    return seen;
  }
}

function textsOf(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((name) => readFileSync(join(folder, name), 'utf8'));
}

function hashOf(folder: string): string {
  const hash = createHash('sha256');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}
