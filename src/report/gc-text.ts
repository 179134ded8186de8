import { FleetError } from '../model/errors.ts';
import type { GarbageOn, OldGeneration } from '../model/garbage.ts';
import { systemName } from '../model/names.ts';
import { plainText } from '../model/plain-text.ts';
import { saidBy } from '../model/said-by.ts';
import { timestamp } from '../model/time.ts';
import { formatSize } from '../model/units.ts';
import type { Style } from './style.ts';
import { wrap } from './wrap.ts';

/** What may go, a line a vm. */
export function garbageText(found: readonly GarbageOn[], style: Style): string {
  return found.map((one) => `${style('bold', one.hypervisor)}\n${ofOne(one)}`).join('');
}

function ofOne({ hypervisor, answer }: GarbageOn): string {
  if (answer instanceof Error) return failureText(hypervisor, answer);
  if (answer.old.length === 0) return '  no old generations\n';
  return [...Map.groupBy(answer.old, ({ name }) => name)]
    .map(
      ([name, own]) =>
        `  ${wrap(`${name === systemName ? 'its system' : name}: ${listed(own)}`, 4)}\n`,
    )
    .join('');
}

function listed(own: readonly OldGeneration[]): string {
  const numbers = own.map(({ number }) => number).sort((a, b) => a - b);
  const since = own.reduce((least, one) => Math.min(least, one.since), Number.POSITIVE_INFINITY);
  const many = own.length > 8 ? `${numbers[0]} … ${numbers.at(-1)}` : numbers.join(', ');
  return `${own.length} generation${own.length === 1 ? '' : 's'} (${many}), the oldest of ${timestamp(since)}`;
}

/** What has gone. */
export function collectedText(gone: readonly GarbageOn[]): string {
  return gone
    .map(({ hypervisor, answer }) => {
      if (answer instanceof Error) return failureText(hypervisor, answer);
      const { old, freedKiB, paths } = answer;
      const size = formatSize(Math.max(0, Math.round(freedKiB / 1024)));
      return `${hypervisor}  ${size} freed: ${old.length} generation${old.length === 1 ? '' : 's'} and ${paths} store path${paths === 1 ? '' : 's'} are gone\n`;
    })
    .join('');
}

function failureText(hypervisor: string, error: Error): string {
  const hint = error instanceof FleetError && error.hint ? `\n${error.hint}` : '';
  return `  ${wrap(plainText(`${saidBy(hypervisor, error)}${hint}`), 4)}\n`;
}
