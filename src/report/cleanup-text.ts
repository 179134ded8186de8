import { age } from '../model/age.ts';
import { FleetError } from '../model/errors.ts';
import {
  type CleanedOn,
  hasData,
  type Leftover,
  type LeftoverKind,
  type LeftoversOn,
  vmOf,
} from '../model/leftovers.ts';
import { plainText } from '../model/plain-text.ts';
import { saidBy } from '../model/said-by.ts';
import { formatSize } from '../model/units.ts';
import type { Style } from './style.ts';
import { wrap } from './wrap.ts';

const titles: Readonly<Record<LeftoverKind, string>> = {
  process: 'process',
  tap: 'TAP',
  bridge: 'bridge',
  roots: 'GC roots',
  vm: 'generations',
  deployment: 'deployment',
  aside: 'set aside',
  unfinished: 'unfinished',
  record: 'record',
  volumes: 'volumes',
};

/** What nobody owns, with size and age; volumes apart, for they go only by their name. @param now seconds since the epoch */
export function leftoversText(found: readonly LeftoversOn[], now: number, style: Style): string {
  return found
    .map(({ hypervisor, answer }) => {
      if (answer instanceof Error)
        return `${style('bold', hypervisor)}\n${failure(hypervisor, answer)}`;
      const { things, strangers } = answer;
      const lines = things.map((thing) => thingText(thing, now));
      if (things.length === 0) lines.push('  nothing to clean up\n');
      const others = strangers.map(({ kind, id }) => `${kind} ${id}`).join(', ');
      if (others) lines.push(`  ${style('dim', wrap(`not fleet's, left alone: ${others}`, 4))}\n`);
      return `${style('bold', hypervisor)}\n${lines.join('')}`;
    })
    .join('');
}

function thingText(thing: Leftover, now: number): string {
  const { kind, id, kib, since, about } = thing;
  const figures = [
    ...(kib === undefined ? [] : [sizeText(kib)]),
    ...(since === undefined ? [] : [`${age(since, now) ?? 'less than a minute'} old`]),
  ];
  const more = figures.length > 0 ? ` (${figures.join(', ')})` : '';
  const how = hasData(thing) ? `: only with --volumes ${vmOf(thing)}` : '';
  const name = kind === 'process' ? id.replace(/-.*/, '') : id;
  return `  ${titles[kind].padEnd(12)} ${wrap(`${name}  ${about}${more}${how}`, 15)}\n`;
}

const sizeText = (kib: number): string =>
  kib < 1024 ? `${kib} KiB` : formatSize(Math.round(kib / 1024));

/** What has gone, and what stays and why. */
export function cleanedText(cleaned: readonly CleanedOn[], style: Style): string {
  return cleaned
    .map(({ hypervisor, answer }) => {
      if (answer instanceof Error) return failure(hypervisor, answer);
      const { gone, kept } = answer;
      const things = `${gone.length} thing${gone.length === 1 ? '' : 's'}`;
      const stay = kept.map(
        ({ kind, id, why }) =>
          `  ${style('yellow', '!')} ${wrap(`${titles[kind]} ${id} stays: ${why}`, 4)}\n`,
      );
      return `${hypervisor}  ${things} deleted\n${stay.join('')}`;
    })
    .join('');
}

function failure(hypervisor: string, error: Error): string {
  const hint = error instanceof FleetError && error.hint ? `\n${error.hint}` : '';
  return `  ${wrap(plainText(`${saidBy(hypervisor, error)}${hint}`), 4)}\n`;
}
