import { table } from '../table.ts';
import type { Episode } from './life.ts';

/** What was done, how often, and how it ended. */
export function lifeTable(episodes: readonly Episode[]): string {
  const done = episodes.flatMap(({ injuries, wrong }) =>
    injuries.map(({ kind }) => ({ kind, well: wrong.length === 0 })),
  );
  const rows = [...Map.groupBy(done, ({ kind }) => kind)]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([kind, list]) => {
      const bad = list.filter(({ well }) => !well).length;
      return [kind, String(list.length), bad === 0 ? '-' : String(bad)];
    });
  const seconds = episodes.reduce((sum, e) => sum + e.seconds, 0);
  const bad = episodes.filter(({ wrong }) => wrong.length > 0).length;
  const longest = Math.max(0, ...episodes.map((e) => e.seconds)).toFixed(0);
  const seeds = [...new Set(episodes.map((e) => e.seed))].join(', ');
  return `${table(['injury', 'done', 'in an episode with something wrong'], rows)}

Seed ${seeds}; ${episodes.length} episodes in ${Math.round(seconds / 60)} min of lab time, ${done.length} injuries; ${bad} episodes with something wrong. Longest until all was well: ${longest} s.`;
}
