import { clip } from './clip.ts';

/** Parts that incident.sh tells; files are called after them. */
const partNames = [
  ...['links', 'addresses', 'routes', 'routes6', 'rules', 'neighbours', 'nft'],
  ...['units', 'failed', 'disks', 'inodes', 'folders'],
];

/** What a hypervisor's network, units and disks are like, as its own tools say it. */
export interface HostParts {
  readonly parts: ReadonlyMap<string, string>;
  /** What is not among them, or not whole, and why. */
  readonly missing: readonly { readonly part: string; readonly why: string }[];
}

/** Reads what incident.sh printed. */
export function parseHostParts(answer: string): HostParts {
  const lines = new Map<string, string[]>();
  const missing: { part: string; why: string }[] = [];
  for (const row of answer.split('\n')) {
    const [word = '', ...rest] = row.split('\t');
    const [part = '', why = ''] = rest;
    if (word === 'missing' && partNames.includes(part)) missing.push({ part, why: clip(why, 200) });
    if (!partNames.includes(word)) continue;
    const own = lines.get(word) ?? [];
    own.push(rest.join('\t'));
    lines.set(word, own);
  }
  const parts = new Map([...lines].map(([part, own]) => [part, `${own.join('\n')}\n`]));
  return { parts, missing };
}
