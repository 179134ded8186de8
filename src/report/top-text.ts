import { FleetError } from '../model/errors.ts';
import { plainText } from '../model/plain-text.ts';
import { saidBy } from '../model/said-by.ts';
import { timestamp } from '../model/time.ts';
import type { HypervisorUsage, UsageOn, VmUsage } from '../model/usage.ts';
import { cutTo, linesWithin } from './columns.ts';
import type { Style } from './style.ts';
import { type Column, table } from './table.ts';
import type { Screen } from './watch-text.ts';
import { wrap } from './wrap.ts';

const [mib, gib] = [1024 ** 2, 1024 ** 3];

/** What each hypervisor and its vms have and use, who uses most memory first. @param now in seconds: a sample that is old is told */
export function topText(
  seen: readonly UsageOn[],
  style: Style,
  width: number,
  now: number,
): string {
  return seen.map((one) => ofOne(one, style, width, now)).join('\n');
}

/** The same on a screen: of the vms as many as there is room for. */
export function topPicture(
  now: () => number,
): (seen: readonly UsageOn[], style: Style, screen: Screen, at: string) => string {
  return (seen, style, screen, at) => {
    // Some terminals begin a new line after the last column.
    const columns = screen.columns - 1;
    const lines = topText(seen, style, columns, now()).trimEnd().split('\n');
    const all = [style('dim', cutTo(at, columns)), ...lines];
    // The cursor stands below.
    return `${linesWithin(all, screen.rows - 1, screen.columns).join('\n')}\n`;
  };
}

function ofOne({ hypervisor, answer }: UsageOn, style: Style, width: number, now: number): string {
  if (answer instanceof Error) {
    const hint = answer instanceof FleetError && answer.hint ? `\n${answer.hint}` : '';
    return `${wrap(plainText(`${saidBy(hypervisor, answer)}${hint}`), 2)}\n`;
  }
  const rows = answer.vms.toSorted(
    (a, b) => (b.memoryUsed ?? -1) - (a.memoryUsed ?? -1) || (a.name < b.name ? -1 : 1),
  );
  return [
    `${style('bold', hypervisor)}  ${summary(answer.hypervisor)}`,
    ...notes(answer.hypervisor, now).map((note) => style('yellow', wrap(`  ${note}`, 4))),
    table(rows, columns, style, width),
  ].join('\n');
}

/** `12 % of 8 processors; memory 14.2G used of 31G, 20G reserved for 12 vms` */
function summary(own: HypervisorUsage): string {
  const { cpu, cpus, memory, memoryAvailable, memoryReserved, reservedFor } = own;
  const processors =
    cpu === undefined || !cpus
      ? []
      : [`${Math.round((cpu / cpus) * 100)} % of ${cpus} processor${cpus === 1 ? '' : 's'}`];
  const used =
    memory === undefined || memoryAvailable === undefined
      ? []
      : [`memory ${size(memory - memoryAvailable)} used of ${size(memory)}`];
  return [
    ...processors,
    ...used,
    `${size(memoryReserved)} reserved for ${reservedFor} vm${reservedFor === 1 ? '' : 's'}`,
  ].join(', ');
}

/** Looks that are older are told. */
const usualAge = 60;
/** Part of a disk in use from which it is told. */
const nearlyFull = 0.9;

function notes(own: HypervisorUsage, now: number): string[] {
  const { at, clockSynchronised, disks, flakeCopies, memory, memoryReserved, stalled } = own;
  const full = disks.filter(({ free, size: all }) => all > 0 && 1 - free / all >= nearlyFull);
  return [
    ...(now - at > usualAge
      ? [`as it was at ${timestamp(at, 19)}: no newer sample (systemctl status fleet-sample.timer)`]
      : []),
    ...(memory !== undefined && memoryReserved > memory
      ? ['more memory is reserved than there is']
      : []),
    ...(stalled !== undefined && stalled >= 10
      ? [`everything waits for memory ${Math.round(stalled)} % of the time`]
      : []),
    ...full.map(
      ({ folder, free, size: all }) =>
        `the disk of ${folder} is ${Math.round((1 - free / all) * 100)} % full, ${size(free)} are free`,
    ),
    ...(clockSynchronised === false ? ['its clock is not synchronised'] : []),
    ...((flakeCopies ?? 0) + (own.vmGenerations ?? 0) >= 200
      ? [
          `${flakeCopies ?? 0} copies of flakes and ${own.vmGenerations ?? 0} generations are kept: fleet gc ${own.name}, or gc: in fleet.yaml`,
        ]
      : []),
  ];
}

const columns: readonly Column<VmUsage>[] = [
  { title: 'VM', text: ({ name }) => name, most: 20 },
  {
    title: 'STATE',
    text: stateText,
    most: 18,
    style: ({ health, meant, state }) =>
      state === 'Failed' || health === 'failing'
        ? 'red'
        : meant && state !== 'Ready'
          ? 'yellow'
          : undefined,
  },
  {
    title: 'CPU',
    right: true,
    text: ({ cpu }) => (cpu === undefined ? '' : `${Math.round(cpu * 100)}%`),
  },
  {
    title: 'MEMORY',
    right: true,
    text: ({ memoryReserved, memoryUsed }) => ofText(memoryUsed, memoryReserved),
    style: ({ memoryReserved, memoryUsed = 0 }) =>
      memoryReserved > 0 && memoryUsed > memoryReserved ? 'yellow' : undefined,
  },
  {
    title: 'DISK',
    right: true,
    text: ({ diskReserved, diskUsed }) => ofText(diskUsed, diskReserved),
  },
  { title: 'CPU, 1 HOUR', text: ({ trend, vcpu }) => sparkline(trend.cpu, Math.max(1, vcpu)) },
  { title: 'IN/S', right: true, text: ({ receives }) => sizeOr(receives) },
  { title: 'OUT/S', right: true, text: ({ sends }) => sizeOr(sends) },
  { title: 'UP, 30 D', right: true, text: ({ availability }) => percent(availability?.month) },
  { title: 'INSIDE', right: true, text: insideText },
];

function stateText({ health, meant, shed, state }: VmUsage): string {
  if (shed) return 'short of memory';
  if (!meant && state === 'Terminated') return 'stopped';
  return health === 'failing' ? `${state}, failing` : state;
}

/** What its agent says of memory: `210M/487M`. */
function insideText({ inside }: VmUsage): string {
  const { memoryAvailable, memoryTotal } = inside ?? {};
  if (memoryAvailable === undefined || memoryTotal === undefined) return '';
  return ofText(Math.max(0, memoryTotal - memoryAvailable), memoryTotal);
}

const ofText = (used: number | undefined, reserved: number | undefined): string =>
  used === undefined && !reserved
    ? ''
    : `${used === undefined ? '-' : size(used)}/${reserved ? size(reserved) : '-'}`;

const sizeOr = (bytes: number | undefined): string => (bytes === undefined ? '' : size(bytes));

/** Never 100 of what was not always so. */
function percent(part: number | undefined): string {
  if (part === undefined) return '';
  return part >= 1 ? '100%' : `${(Math.floor(part * 1000) / 10).toFixed(1)}%`;
}

/** `812M`, `3.1G`, `40K`. */
function size(bytes: number): string {
  if (bytes >= 1024 * gib) return short(bytes / (1024 * gib), 'T');
  if (bytes >= gib) return short(bytes / gib, 'G');
  return bytes >= mib ? `${Math.round(bytes / mib)}M` : `${Math.round(bytes / 1024)}K`;
}

const short = (n: number, unit: string): string =>
  `${n >= 10 || Number.isInteger(n) ? Math.round(n) : n.toFixed(1)}${unit}`;

const bars = '▁▂▃▄▅▆▇█';

/** Two values a character, the greater of them; a blank where nothing is known. */
function sparkline(values: readonly (number | null)[], most: number): string {
  const pairs = Array.from({ length: Math.ceil(values.length / 2) }, (_, i) =>
    values.slice(i * 2, i * 2 + 2).filter((value) => value !== null),
  );
  const text = pairs
    .map((pair) => {
      if (pair.length === 0) return ' ';
      const part = Math.min(1, Math.max(...pair) / most);
      return bars[Math.min(bars.length - 1, Math.floor(part * bars.length))];
    })
    .join('');
  return text.trim() === '' ? '' : text;
}
