import { join } from 'node:path';
import type { Surroundings } from '../../model/surroundings.ts';
import { openPlace, writePlace } from './place.ts';

/**
 * The files that fleet has exported to, by their real paths: one that is there and not among them is the user's, and
 * is not written over.
 */
export class OwnPlaces {
  readonly #file: string;
  readonly #home: string;

  constructor(home: string, { env }: Surroundings) {
    const state = env.XDG_STATE_HOME?.startsWith('/')
      ? env.XDG_STATE_HOME
      : join(home, '.local/state');
    this.#file = join(state, 'fleet/exports.json');
    this.#home = home;
  }

  has(path: string): boolean {
    return this.#read().includes(path);
  }

  /** @throws FleetError `export.place` */
  add(path: string): void {
    if (this.has(path)) return;
    const text = `${JSON.stringify([...this.#read(), path].sort(), null, 2)}\n`;
    writePlace(openPlace(this.#file, this.#home), Buffer.from(text));
  }

  #read(): readonly string[] {
    const { content } = openPlace(this.#file, this.#home);
    try {
      const known: unknown = JSON.parse(content?.toString() ?? '[]');
      return Array.isArray(known) ? known.filter((path) => typeof path === 'string') : [];
    } catch {
      return [];
    }
  }
}
