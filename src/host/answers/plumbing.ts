import { posix } from 'node:path';
import type { StateMount } from '../../model/facts.ts';
import type { UnitFacts } from '../../model/guest-facts.ts';
import type { ForwardDrop, Plumbing } from '../../model/network-facts.ts';
import * as shape from './shape.ts';

type Rows = (key: string) => readonly (readonly string[])[];

/** What facts.sh prints about forwarding, firewall and name service. */
export function parsePlumbing(of: Rows, units: ReadonlyMap<string, UnitFacts>): Plumbing {
  const [forwards6] = of('forwards6');
  const [table] = of('table');
  return {
    closed4: new Set(of('closed4').map(([name]) => shape.words(name))),
    forwards6: forwards6 && forwards6[0] !== '0',
    table: table && tableState(table),
    drops: of('drops').map(
      ([chain, names = '']): ForwardDrop => ({
        chain: shape.words(chain),
        names: names
          .split(' ')
          .map((name) => shape.words(name.replaceAll('"', '')))
          .filter(Boolean),
      }),
    ),
    dnsmasq: shape.nameOrNone(units.get('dnsmasq.service')?.active, 'state of a unit') || undefined,
  };
}

function tableState([now, deployed]: readonly string[]): Plumbing['table'] {
  if (!now) return 'missing';
  return deployed && deployed !== now ? 'changed' : 'as deployed';
}

export function parseMount(of: Rows): StateMount | undefined {
  const [row] = of('mounted');
  if (!row?.[0]) return undefined;
  const [folder, type, othersKept] = row;
  return {
    folder: shape.words(folder),
    type: shape.words(type),
    othersKept: othersKept === 'yes',
  };
}

/** Folders of vms with more files than facts.sh lists. */
export function parseCrowded(lines: readonly string[], root: string): Set<string> {
  const folders = lines.flatMap((line) => (line.startsWith('cut ') ? [line.slice(4)] : []));
  return new Set(
    folders
      .filter((path) => path.startsWith(root) && shape.isPath(path))
      .map((path) => path.slice(root.length)),
  );
}

/** Sizes of files in the vms' folders, from `stat`, by folder and name, in bytes. */
export function parseImages(
  lines: readonly string[],
  root: string,
): Map<string, Map<string, number>> {
  const images = new Map<string, Map<string, number>>();
  for (const line of lines) {
    const [, bytes, path] = /^(\d+) (\/.*)$/.exec(line) ?? [];
    if (!path?.startsWith(root) || !shape.isPath(path)) continue;
    const folder = posix.dirname(path.slice(root.length));
    const own = images.get(folder) ?? new Map<string, number>();
    images.set(folder, own.set(posix.basename(path), Number(bytes)));
  }
  return images;
}
