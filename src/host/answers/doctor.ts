import type { Condition, Inodes } from '../../model/condition.ts';
import type { Facts } from '../../model/facts.ts';
import { parseFacts } from './facts.ts';
import * as shape from './shape.ts';

/** Ends the answer of facts.sh. */
const end = '\n== end\n';

/** Reads what doctor.sh printed. @throws FleetError `facts.unreadable`, `doctor.unreadable` */
export function parseDoctor(text: string): { facts: Facts; condition: Condition } {
  const at = text.lastIndexOf(end);
  // Whatever is wrong with the first part, whoever reads it says.
  const facts = parseFacts(at < 0 ? text : text.slice(0, at + end.length));
  const condition = shape.understand('doctor.unreadable', text, () =>
    readCondition(text.slice(at + end.length)),
  );
  return { facts, condition };
}

function readCondition(text: string): Condition {
  const rows = shape.Rows.in(text);
  if (!rows.has('end')) throw new Error('it is cut off');
  const one = (word: string) => rows.firsts(word)[0];
  const said = (word: string) => shape.words(one(word)).trim() || undefined;
  return {
    user: said('user'),
    nixos: said('nixos'),
    nix: parseVersion(said('nix')),
    flakes: one('flakes') === 'yes',
    missingTools: rows.firsts('missing').map((tool) => shape.name(tool, 'tool')),
    isShared: rows.has('shared'),
    isUnusable: rows.has('unusable'),
    kernel: new Set(rows.firsts('kernel')),
    inodes: rows.firsts('inodes').flatMap(parseInodes),
  };
}

/** `nix (Nix) 2.28.3`, `nix (Lix, like Nix) 2.91.1`: what counts stands last. */
function parseVersion(text = ''): number[] | undefined {
  const [, version] = /\s(\d{1,4}(?:\.\d{1,4}){1,2})\S*$/.exec(text) ?? [];
  return version?.split('.').map(Number);
}

/** A line of `df -Pi`; file systems that have as many as they want count none. */
function parseInodes(line: string): Inodes[] {
  const [, total, free, mount] = /^.*?\s(\d+)\s+\d+\s+(\d+)\s+\S+\s+(\/.*)$/.exec(line) ?? [];
  if (!shape.isPath(mount) || Number(total) === 0) return [];
  return [{ mount, total: Number(total), free: Number(free) }];
}
