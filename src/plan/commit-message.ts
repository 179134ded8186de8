import { plainLine } from '../model/plain-text.ts';
import type { FileChange } from './plan.ts';

/** Longest title that git's own tools show whole. */
const titleLength = 72;

/** Says what changes, by the hosts whose folders do; the body has every file. */
export function commitMessage(files: readonly FileChange[]): string {
  const hosts = Map.groupBy(
    files.filter((f) => /^hosts\/[^/]+\//.test(f.path)),
    (f) => f.path.split('/')[1] ?? '',
  );
  const parts = new Map<string, string[]>();
  for (const [host, changes] of hosts) {
    const kinds = new Set(
      changes.filter((c) => c.path.endsWith('/default.nix')).map((c) => c.kind),
    );
    const word = kinds.has('add') ? 'add' : kinds.has('remove') ? 'remove' : 'change';
    parts.set(word, [...(parts.get(word) ?? []), host]);
  }
  const title = ['add', 'remove', 'change']
    .filter((word) => parts.has(word))
    .map((word) => `${word} ${parts.get(word)?.sort().join(', ')}`)
    .join('; ');
  const full = `fleet: ${title || files.map((f) => f.path).join(', ')}`;
  const short = full.length > titleLength ? `${full.slice(0, titleLength - 1)}…` : full;
  const sign = { add: 'new', change: 'changed', remove: 'removed' } as const;
  return `${short}\n\n${files.map((f) => `${sign[f.kind]} ${f.path}`).join('\n')}\n`;
}

/** What the message of a revert is made from. */
export interface Revert {
  readonly good: string;
  readonly commit: string;
  readonly hypervisor: string;
  readonly reason: string;
  /** Commits that it takes back, a line each. */
  readonly takenBack: readonly string[];
}

/** Message of the commit that returns to what was deployed before a fleet was rolled back. */
export function revertMessage({ commit, good, hypervisor, reason, takenBack }: Revert): string {
  const short = (id: string) => id.slice(0, 8);
  return [
    `Revert to ${short(good)}: ${short(commit)} was rolled back`,
    '',
    // Of others, and in git for ever: no line of it may look like a trailer.
    `${hypervisor}: ${plainLine(reason)}`,
    '',
    'Takes back:',
    ...takenBack.map((line) => `  ${plainLine(line)}`),
    '',
  ].join('\n');
}
