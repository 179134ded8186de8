import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { type Packed, pack, startRegistry } from './registry.ts';

/** fleet as npm installs it from its package, without any install script, outside of the checkout. */
export class Installation {
  readonly folder = mkdtempSync(join(tmpdir(), 'fleet-package-'));
  readonly prefix = join(this.folder, 'prefix');
  readonly package = join(this.prefix, 'lib/node_modules/microvm-fleet');
  readonly home = join(this.folder, 'home');
  readonly temporary = join(this.folder, 'tmp');
  /** Nothing of the checkout's; the first Node is the one that runs the tests. */
  readonly env: Readonly<Record<string, string>> = {
    PATH: [
      join(this.folder, 'node'),
      join(this.prefix, 'bin'),
      ...(process.env.PATH ?? '').split(delimiter).filter((path) => !path.includes('node_modules')),
    ].join(delimiter),
    HOME: this.home,
    TMPDIR: this.temporary,
  };
  packed!: Packed;

  async make(): Promise<this> {
    for (const name of ['home', 'node', 'packed', 'registry', 'tmp'])
      mkdirSync(join(this.folder, name));
    symlinkSync(process.execPath, join(this.folder, 'node/node'));
    [this.packed] = pack(join(this.folder, 'packed'), '.') as [Packed];
    const registry = await startRegistry(join(this.folder, 'registry'));
    try {
      const options = [`--prefix=${this.prefix}`, `--registry=${registry.url}`, '--ignore-scripts'];
      // npm keeps a compile cache where temporary files are.
      const npm = ['NODE_DISABLE_COMPILE_CACHE=1', 'npm', 'install', '--global'];
      await this.run('env', ...npm, ...options, this.tarball);
    } finally {
      registry.stop();
    }
    return this;
  }

  get tarball(): string {
    return join(this.folder, 'packed', this.packed.filename);
  }

  /** Runs a program in a folder that has nothing of ours, and returns what it prints. */
  async run(program: string, ...args: string[]): Promise<string> {
    const options = { cwd: this.home, env: this.env, maxBuffer: 1 << 24 };
    return (await promisify(execFile)(program, args, options)).stdout;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
