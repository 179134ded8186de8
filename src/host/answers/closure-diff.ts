import { clip } from './clip.ts';
import * as shape from './shape.ts';

/** How what one generation needs differs from what another needs. */
export interface ClosureDiff {
  /** Bytes of the old and the new one with all they need; 0: unknown. */
  readonly sizes: readonly [from: number, to: number];
  /** A package a line, as `nix store diff-closures` says it: `git: 2.50 → 2.51, +1.2 MiB`. */
  readonly lines: readonly string[];
}

/** A new nixpkgs changes some thousands. */
const most = 10_000;

/** Reads what closure-diff.sh printed. @throws FleetError `closure-diff.unreadable` */
export function parseClosureDiff(answer: string): ClosureDiff {
  return shape.understand('closure-diff.unreadable', answer, () => {
    const rows = shape.Rows.in(answer);
    const [from, to] = rows.of('size').map(([, bytes]) => shape.whole(bytes, 'size'));
    if (from === undefined || to === undefined) throw new Error('it has no sizes');
    const lines = rows.firsts('closure').slice(0, most);
    return { sizes: [from, to], lines: lines.map((line) => clip(line, 300)) };
  });
}
