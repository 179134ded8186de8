import type { BroughtGeneration, GenerationDiff } from '../model/generation-diff.ts';
import { timestamp } from '../model/time.ts';
import { formatSize } from '../model/units.ts';
import { fieldText } from './field-text.ts';
import type { Style } from './style.ts';
import { wrap } from './wrap.ts';

/** Smaller differences Nix leaves out. */
const none = 'no package differs in version or by 8 KiB';
/** Packages that are listed; a new nixpkgs has thousands. */
const most = 40;

/** Two generations beside each other, then what differs: fields, commits, packages. */
export function diffText(diff: GenerationDiff, style: Style): string {
  const { name, from, to, fields, commits, takenBack = [], closure } = diff;
  const parts = [
    `${style('bold', name)}  ${generationText(from)}`,
    `${' '.repeat(name.length)}  ${generationText(to)}`,
    '',
    ...section('fleet.yaml', style, fields?.map(fieldText), 'nothing differs'),
    ...(commits?.length === 0 && takenBack.length > 0
      ? []
      : section('commits', style, commits, 'the same commit')),
    ...(takenBack.length > 0 ? section('commits taken back', style, takenBack, '') : []),
    ...section(`packages: ${sizesText(closure.sizes)}`, style, shown(closure.lines), none),
  ];
  return `${parts.join('\n')}\n`;
}

function section(
  title: string,
  style: Style,
  lines: readonly string[] | undefined,
  empty: string,
): string[] {
  const unknown = 'unknown: a commit was not recorded, or is not in this clone';
  const own = lines === undefined ? [unknown] : lines.length === 0 ? [empty] : lines;
  return [style('bold', title), ...own.map((line) => `  ${wrap(line, 4)}`)];
}

function generationText({ number, since, commit, deployment }: BroughtGeneration): string {
  const words = [
    number === undefined ? 'kept' : `generation ${number}`,
    since > 0 ? timestamp(since) : '',
    commit?.slice(0, 8) ?? '',
    deployment ?? '',
  ];
  return words.filter((word) => word !== '').join('  ');
}

function sizesText([from, to]: readonly [number, number]): string {
  const size = (bytes: number) =>
    bytes === 0 ? 'unknown' : formatSize(Math.round(bytes / 1024 ** 2));
  return `${size(from)} → ${size(to)}`;
}

function shown(lines: readonly string[]): readonly string[] {
  if (lines.length <= most) return lines;
  return [...lines.slice(0, most), `and ${lines.length - most} more: --json has all of them`];
}
