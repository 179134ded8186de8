import { defaultsPath } from '../model/layers.ts';
import { plainLine } from '../model/plain-text.ts';
import type { FileChange } from './plan.ts';

/** The longest title that git's own tools show in full. */
const titleLength = 72;

/** The title names the hosts whose folders change, defaults and profiles; the body lists every file. */
export function commitMessage(files: readonly FileChange[]): string {
  const subjects = Map.groupBy(files, ({ path }) => subjectOf(path));
  const parts = new Map<string, string[]>();
  for (const [subject, changes] of subjects) {
    if (subject === undefined) continue;
    const kinds = new Set(changes.filter((c) => !isFurtherFile.test(c.path)).map((c) => c.kind));
    const word = kinds.has('add') ? 'add' : kinds.has('remove') ? 'remove' : 'change';
    parts.set(word, [...(parts.get(word) ?? []), subject]);
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

function subjectOf(path: string): string | undefined {
  if (path === defaultsPath) return 'defaults';
  return /^hosts\/([^/]+)\//.exec(path)?.[1] ?? /^modules\/(profiles\/[^/]+)\.nix$/.exec(path)?.[1];
}

/** A host is added or removed with its default.nix. */
const isFurtherFile = /^hosts\/(?!.*\/default\.nix$)/;

/** The input for the message of a revert. */
export interface Revert {
  readonly good: string;
  readonly commit: string;
  readonly hypervisor: string;
  readonly reason: string;
  /** Commits that it reverts, one line each. */
  readonly takenBack: readonly string[];
}

/** The message of the commit that reverts to what was deployed before the fleet was rolled back. */
export function revertMessage({ commit, good, hypervisor, reason, takenBack }: Revert): string {
  const short = (id: string) => id.slice(0, 8);
  return [
    `Revert to ${short(good)}: ${short(commit)} was rolled back`,
    '',
    // Text of others, which stays in git for ever: no line of it may look like a trailer.
    `${hypervisor}: ${plainLine(reason)}`,
    '',
    'Takes back:',
    ...takenBack.map((line) => `  ${plainLine(line)}`),
    '',
  ].join('\n');
}
