import { age } from '../model/age.ts';
import { plainLine, quotedText } from '../model/plain-text.ts';
import type {
  Core,
  Dump,
  HypervisorStatus,
  Origin,
  PastEnd,
  Story,
  VmStatus,
} from '../model/status.ts';
import { timestamp } from '../model/time.ts';
import { formatSize } from '../model/units.ts';
import type { GuestUsage } from '../model/usage.ts';
import { sentence } from './events-text.ts';
import { byTime, historyText } from './history-text.ts';
import {
  exitText,
  findingLines,
  headLine,
  hypervisorState,
  restartsText,
  vmState,
} from './status-text.ts';
import type { Style } from './style.ts';
import { wrap } from './wrap.ts';

/** Events that are told. */
const mostEvents = 20;

/** All that is known of one vm or hypervisor: how it is and why, what was looked at, what happened, what it said last. */
export function storyText(
  { status, events, happened, lines, deployments, operations, ends, dumps, cores, inside }: Story,
  style: Style,
  width = 80,
): string {
  const { kind, row } = status;
  const [title, about, values] =
    status.kind === 'vm'
      ? [`${row.name} on ${status.row.hypervisor}`, vmState(status.row), vmValues(status.row)]
      : [row.name, hypervisorState(status.row, true), hypervisorValues(status.row)];
  const part = (name: string, text: string) => (text ? `\n${style('bold', name)}\n${text}` : '');
  const checks = row.checks.map(({ ok, check, expected, seen }) => {
    const head = `  ${ok ? style('green', 'ok  ') : style('red', 'FAIL')}  ${plainLine(check)}: `;
    const text = ok ? seen : `expected ${expected}, seen ${seen}`;
    return `${head}${wrap(plainLine(text), 10 + check.length, width)}\n`;
  });
  const told = [...events, ...happened.map((event) => ({ at: event.at, text: sentence(event) }))]
    .toSorted((a, b) => a.at - b.at)
    .slice(-mostEvents)
    .map(
      ({ at, text }) =>
        `  ${timestamp(at, 19).slice(0, 19)}  ${wrap(plainLine(text), 23, width)}\n`,
    );
  const past = byTime(deployments, operations).slice(0, 5);
  const last = quotedText(lines.join('\n')).replace(/^/gm, '  ');
  return [
    `${headLine(title, about, row.standing, style, width)}\n`,
    findingLines(row.findings, style, width),
    ...[...values, ...insideValues(inside)].map(
      ([key, value]) => `  ${key.padEnd(11)} ${wrap(value, 14, width)}\n`,
    ),
    part('Checks', checks.join('')),
    part('Events (UTC)', told.join('')),
    part('How it ended before (UTC)', ends.map((one) => endText(one, width)).join('')),
    part(
      'Kept of its memory, on its hypervisor',
      [
        ...dumps.map((one) => dumpText(row.name, one)),
        ...cores.map((one) => coreText(row.name, one, width)),
      ].join(''),
    ),
    part('Done last', historyText(past, style, true, width - 2).replace(/^(?=.)/gm, '  ')),
    part(
      kind === 'vm' ? 'What it said last' : 'What its units said last',
      lines.length > 0 ? `${last}\n` : '',
    ),
  ].join('');
}

function endText({ unit, at, who, why, ran, last }: PastEnd, width: number): string {
  const helper = unit.startsWith('microvm@') ? '' : `${unit}: `;
  const after = ran === undefined ? '' : `, after ${age(2, ran + 2)}`;
  // What somebody asked for needs no last words.
  const said = last && ['guest', 'helper', 'vmm'].includes(who) ? `; it said last: ${last}` : '';
  const text = plainLine(`${helper}${who}: ${why}${after}${said}`);
  return `  ${timestamp(at, 19).slice(0, 19)}  ${wrap(text, 23, width)}\n`;
}

const dumpText = (vm: string, { file, bytes }: Dump): string =>
  `  /var/lib/fleet/dumps/${vm}/${file}, ${formatSize(Math.ceil(bytes / 1024 ** 2))}\n`;

const coreText = (vm: string, { at, signal }: Core, width: number): string => {
  const how = `coredumpctl info COREDUMP_UNIT=microvm@${vm}.service`;
  return `  ${wrap(`${timestamp(at)}, core of its VMM, signal ${signal}: ${how}`, 4, width)}\n`;
};

type Value = readonly [key: string, value: string];

function vmValues({
  address,
  use,
  memoryMiB,
  vcpu,
  diskKiB,
  origin,
  ends,
  now,
  health,
}: VmStatus): Value[] {
  const memory =
    use.memoryKiB === undefined ? '' : `${formatSize(Math.ceil(use.memoryKiB / 1024))} of `;
  const processors = `${vcpu} processor${vcpu === 1 ? '' : 's'}`;
  const cpu =
    use.cpuPercent === undefined ? processors : `${use.cpuPercent}% of one, has ${processors}`;
  return [
    ['health', health],
    ['address', address],
    ['memory', `${memory}${formatSize(memoryMiB)}`],
    ['cpu', cpu],
    ...(diskKiB === undefined
      ? []
      : [['disk', `${formatSize(Math.ceil(diskKiB / 1024))} used`] as const]),
    ...originValues(origin, now),
    ...(ends && ends.restarts > 0 ? [['restarts', restartsText(ends)] as const] : []),
    ...(ends?.last && now !== undefined
      ? [['last end', exitText(ends.last, now).replace(/^last end /, '')] as const]
      : []),
  ];
}

/** As its agent says. */
function insideValues(inside: GuestUsage | undefined): Value[] {
  if (!inside) return [];
  const { memoryTotal, memoryAvailable, load, units, failedUnits, disks } = inside;
  const mib = (bytes: number) => formatSize(Math.floor(bytes / 1024 ** 2));
  const failed = failedUnits
    ? `${failedUnits} failed: ${units.join(', ')}${failedUnits > units.length ? ' …' : ''}`
    : 'no unit has failed';
  const parts = [
    ...(memoryTotal !== undefined && memoryAvailable !== undefined
      ? [`${mib(memoryAvailable)} of ${mib(memoryTotal)} available`]
      : []),
    ...(load === undefined ? [] : [`load ${load}`]),
    ...disks.flatMap(({ mount, size, free }) =>
      size === undefined || free === undefined
        ? []
        : [`${mount} ${mib(free)} of ${mib(size)} free`],
    ),
    ...(failedUnits === undefined ? [] : [failed]),
  ];
  return [['inside', plainLine(parts.join(', '))]];
}

function hypervisorValues(row: HypervisorStatus): Value[] {
  const { uptime, release, load, processors, memory, freeKiB, origin, now, behind } = row;
  const mib = (kib: number) => formatSize(Math.floor(kib / 1024));
  const values: (readonly [string, string | undefined])[] = [
    ['up', uptime === undefined ? undefined : age(2, uptime + 2)],
    ['nixos', release],
    [
      'load',
      load.length > 0
        ? `${load.join(' ')}${processors ? ` on ${processors} processors` : ''}`
        : undefined,
    ],
    ['memory', memory && `${mib(memory.availableKiB)} of ${mib(memory.totalKiB)} available`],
    ['disk', freeKiB && `${mib(freeKiB.kib)} free in ${freeKiB.folder}`],
    ...originValues(origin, now),
    ['behind', behind ? `${behind >= 20 ? '20 or more' : behind} commits` : undefined],
    ['reboot', row.rebootFor.length > 0 ? `due for ${row.rebootFor.join(', ')}` : undefined],
  ];
  return values.flatMap(([key, value]) => (value ? [[key, value] as const] : []));
}

function originValues(origin: Origin | undefined, now: number | undefined): Value[] {
  if (!origin) return [];
  const { commit, since, operator, subject } = origin;
  const ago = now === undefined ? undefined : age(since, now);
  const by = operator ? ` by ${operator}` : '';
  return [
    ['commit', `${commit.slice(0, 8)}${subject ? ` ${plainLine(subject)}` : ''}`],
    ['deployed', `${timestamp(since)}${ago ? `, ${ago} ago` : ''}${by}`],
  ];
}
