import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DemoWorld } from '../../src/demo/world.ts';
import { coverage } from '../coverage.ts';
import { here } from '../surroundings.ts';

const entry =
  process.env.FLEET_ENTRY ?? fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** What one command did, standard error among its output. */
export interface Typed {
  readonly code: number;
  readonly screen: string;
}

/** The fleet of `fleet demo`, deployed, and a shell in its repository: what `npm start -- --keep` leaves to a reader. */
export class DemoShell {
  readonly world = new DemoWorld(here, [process.execPath, entry]);

  async start(): Promise<void> {
    await this.world.start(['hv1', 'hv2', 'hv3']);
    mkdirSync(this.#bin);
    writeFileSync(
      join(this.#bin, 'fleet'),
      `#!/bin/sh\nexec '${process.execPath}' '${entry}' "$@"\n`,
      { mode: 0o755 },
    );
    symlinkSync(process.execPath, join(this.#bin, 'node'));
    // CI has it; elsewhere a reader may do without, too.
    if (process.env.FLEET_LAB !== 'required' && spawnSync('promtool', ['--version']).error)
      writeFileSync(join(this.#bin, 'promtool'), '#!/bin/sh\n', { mode: 0o755 });
    const { code, screen } = (await this.type(['fleet apply --yes']))[0]!;
    if (code !== 0) throw new Error(`the demo's fleet was not deployed:\n${screen}`);
  }

  stop(): Promise<void> {
    return this.world.stop();
  }

  get #bin(): string {
    return join(this.world.repository, '..', 'bin');
  }

  /** Types commands into one shell without a terminal; one that fails does not keep the next from being typed. */
  async type(commands: readonly string[]): Promise<Typed[]> {
    const mark = '\x1e';
    const script = commands.map(
      (command) => `(exit $code)\n${command}\ncode=$?\nprintf '${mark}%s${mark}' $code`,
    );
    const child = spawn('sh', ['-c', `exec 2>&1\ncode=0\n${script.join('\n')}`], {
      cwd: this.world.repository,
      env: {
        ...this.world.env,
        ...coverage(),
        PATH: `${this.#bin}:${process.env.PATH}`,
        HOME: join(this.world.repository, '..'),
        USER: 'you',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    await new Promise((resolve) => child.once('close', resolve));
    const parts = said.split(mark);
    return commands.map((_, i) => ({
      screen: parts[2 * i] ?? '',
      code: Number(parts[2 * i + 1] ?? Number.NaN),
    }));
  }
}
