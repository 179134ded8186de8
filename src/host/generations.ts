import * as shape from './answers/shape.ts';

/** One entry of a Nix profile that one can return to. */
export interface Generation {
  /** The vm, or `systemName`. */
  readonly name: string;
  /** Absent: held by fleet, though its profile entry is gone (nix-collect-garbage -d). */
  readonly number: number | undefined;
  readonly path: string;
  /** Seconds since the epoch; 0: unknown. */
  readonly since: number;
  readonly current: boolean;
}

export interface Generations {
  readonly all: readonly Generation[];
  /** Base name of a store path → how that generation is reached (src/plan/expected.ts). */
  readonly expected: ReadonlyMap<string, string>;
}

/**
 * Reads what generations.sh printed; sorted by name and number.
 * @throws FleetError `generations.unreadable` for what cannot be
 */
export function parseGenerations(text: string): Generations {
  return shape.understand('generations.unreadable', text, () => read(text));
}

function read(text: string): Generations {
  const rows = text.split('\n').map((line) => line.split('\t'));
  const all = rows
    .filter((r) => r[0] === 'generation')
    .map(
      ([, name, number, path, since, current]): Generation => ({
        name: shape.name(name, 'name of a vm'),
        number: number === 'kept' ? undefined : shape.whole(number, 'number of a generation'),
        path: shape.path(path, 'path of a generation'),
        since: shape.time(since, 'time of a generation'),
        current: current === 'yes',
      }),
    );
  // What a profile still lists need not be listed as kept, too.
  const listed = new Set(
    all.filter((g) => g.number !== undefined).map((g) => `${g.name} ${g.path}`),
  );
  return {
    all: all
      .filter((g) => g.number !== undefined || !listed.has(`${g.name} ${g.path}`))
      .sort((a, b) =>
        a.name === b.name ? (a.number ?? 0) - (b.number ?? 0) : a.name < b.name ? -1 : 1,
      ),
    expected: new Map(
      rows.filter((r) => r[0] === 'expected').map(([, base = '', text = '']) => [base, text]),
    ),
  };
}

/** The generation to return to: `to`, or the one before the current one, or the one fleet kept. */
export function chooseGeneration(
  generations: Generations,
  name: string,
  to: number | undefined,
): Generation | undefined {
  const own = generations.all.filter((g) => g.name === name);
  if (to !== undefined) return own.find((g) => g.number === to);
  const current = own.find((g) => g.current);
  const before = own.filter(
    (g) =>
      g.number !== undefined &&
      !g.current &&
      g.path !== current?.path &&
      g.number < (current?.number ?? 0),
  );
  return before.at(-1) ?? own.find((g) => g.number === undefined && g.path !== current?.path);
}
