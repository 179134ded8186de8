import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What hosts share: made by recipe.sh, read-only afterwards. */
export interface Layers {
  /** Read-only layers of a host's root, the top one first. */
  lower(slot: number): readonly string[];
  /** Flakes in place of nixpkgs and microvm.nix; the same path inside hosts. */
  readonly inputs: string;
  /** Private key that may log in to every host. */
  readonly key: string;
  /** Text of the host's own hardware-configuration.nix. */
  hardwareModule(slot: number): Promise<string>;
}

/** Builds the layers unless they are there. Progress goes to stderr: the first time takes a minute. */
export async function makeLayers(): Promise<Layers> {
  const recipe = spawn(join(import.meta.dirname, 'recipe.sh'), {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  recipe.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  const [code] = (await once(recipe, 'close')) as [number | null];
  if (code !== 0) throw new Error(`lab: recipe.sh failed with exit ${code}`);
  const dir = printed.trim();
  return {
    lower: (slot) => [join(dir, `slots/${slot}`), join(dir, 'host'), join(dir, 'debian')],
    inputs: join(dir, 'inputs'),
    key: join(dir, 'key'),
    hardwareModule: (slot) => readFile(join(dir, `inputs/base/slots/${slot}.nix`), 'utf8'),
  };
}
