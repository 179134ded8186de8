import { age, span } from '../model/age.ts';
import { plainLine } from '../model/plain-text.ts';
import {
  type Finding,
  type FleetStatus,
  type HypervisorStatus,
  type Known,
  type LastExit,
  type Origin,
  type Standing,
  standings,
  type VmStatus,
} from '../model/status.ts';
import { formatSize } from '../model/units.ts';
import type { Style } from './style.ts';
import { type Column, table } from './table.ts';
import { wrap, wrapHint } from './wrap.ts';

/** What a person on call has to look at stands out. */
export const standingColours: Readonly<Record<Standing, Parameters<Style>[0]>> = {
  wrong: 'red',
  unknown: 'yellow',
  moving: 'cyan',
  noted: 'yellow',
  well: 'green',
};

/** Notes that are told in full. */
const mostNotes = 6;

/** What to do about a failure of one kind is told once; about a connection, which has the machine's own key or address, each time that it differs. */
function once({ hint, ...finding }: Finding, told: Set<string>): Finding {
  const kind = finding.code.startsWith('ssh.') ? (hint ?? '') : finding.code;
  const isTold = hint === undefined || told.has(kind);
  told.add(kind);
  return isTold ? finding : { ...finding, hint };
}

/** The fleet on one screen: what is wrong and why, then a row for everything, the worst first. */
export function statusText(seen: FleetStatus, style: Style, width: number): string {
  const { hypervisors, vms } = seen;
  const all = [
    ...hypervisors.map((row) => ({ row, title: row.name, about: hypervisorState(row, true) })),
    ...vms.map((row) => ({ row, title: `${row.name} on ${row.hypervisor}`, about: vmState(row) })),
  ];
  const told = all
    .filter(({ row }) => row.findings.length > 0 || row.standing === 'moving')
    .toSorted((a, b) => rank(a.row) - rank(b.row));
  // Hundreds may wait for a reboot: what is wrong, and the tables, stay on the screen.
  const notes = told.filter(({ row }) => row.standing === 'noted');
  const left = new Set(notes.slice(mostNotes).map(({ row }) => row));
  const hinted = new Set<string>();
  const blocks = told
    .filter(({ row }) => !left.has(row))
    .map(({ row, title, about }) => {
      const findings = row.findings.map((finding) => once(finding, hinted));
      const change = 'state' in row ? lastChange(row, width) : '';
      return `${headLine(title, about, row.standing, style, width)}\n${findingLines(findings, style, width)}${change}`;
    });
  if (left.size > 0) {
    const names = [...left].map(({ name }) => name);
    const first = names.slice(0, 10).join(', ');
    const more = names.length > 10 ? ' and others' : '';
    blocks.push(
      `${wrap(`${left.size} more with notes (fleet status NAME): ${first}${more}`, 2, width)}\n`,
    );
  }
  return [
    `${style('bold', wrap(summary(seen), 0, width))}\n`,
    ...(blocks.length > 0 ? ['\n', ...blocks] : []),
    '\n',
    table(hypervisors, hypervisorColumns, style, width),
    ...(vms.length > 0 ? ['\n', table(vms, vmColumns, style, width)] : []),
  ].join('');
}

/** What nobody tries any more comes before what may still come back. */
const rank = ({ standing, findings }: Pick<VmStatus, 'standing' | 'findings'>): number =>
  standings.indexOf(standing) - (findings.some(({ code }) => code === 'given-up') ? 0.5 : 0);

/** Who, and how it is. */
export function headLine(
  title: string,
  about: string,
  standing: Standing,
  style: Style,
  width?: number,
): string {
  // The title, which is styled as a whole, stays in one line.
  const text = wrap(`${title.replaceAll(' ', '\0')}: ${about}`, 2, width);
  return `${style(standingColours[standing], style('bold', title))}${text.slice(title.length)}`;
}

/** What is not as usual, what is wrong first. */
export function findingLines(findings: readonly Finding[], style: Style, width?: number): string {
  return findings
    .toSorted((a, b) => Number(b.wrong) - Number(a.wrong))
    .map(({ message, hint, wrong }) => {
      const [first = '', ...more] = message.split('\n');
      const text = [
        wrapHint(first, 4, width),
        ...(hint?.split('\n') ?? more).map((line) => wrapHint(line, 4, width)),
      ];
      return `  ${style(wrong ? 'red' : 'yellow', '!')} ${text.join('\n    ')}\n`;
    })
    .join('');
}

/** Seconds for which what was deployed last may be the cause. */
const recent = 86_400;

/** What came last to one that is not well, and the way back. */
function lastChange(
  { name, standing, state, origin, now, checks }: VmStatus,
  width: number,
): string {
  if (standing !== 'wrong' || state === 'Terminated' || now === undefined) return '';
  // A bridge that is down is the hypervisor's: no other runner brings it back.
  if (checks.some(({ check, ok }) => check === 'bridge' && !ok)) return '';
  if (origin?.follows === undefined || now - origin.since > recent) return '';
  const { commit, operator, subject, since } = origin;
  const by = operator ? ` by ${operator}` : '';
  const what = `${commit.slice(0, 8)}${subject ? ` ${plainLine(subject)}` : ''}`;
  const when = age(since, now)?.concat(' ago') ?? 'lately';
  return [
    `    ${wrap(`changed ${when}${by}: ${what}`, 4, width)}\n`,
    `    ${wrap(`(fleet diff ${name}) shows how, (fleet rollback ${name}) takes it back`, 4, width)}\n`,
  ].join('');
}

/** How many are not well, in a sentence. */
export function summary({ fleet, hypervisors, vms }: FleetStatus): string {
  const count = (rows: readonly { standing: Standing }[], ...of: Standing[]) =>
    rows.filter(({ standing }) => of.includes(standing)).length;
  const [sick, lost] = [count(hypervisors, 'wrong'), count(vms, 'unknown')];
  const [ill, moving] = [count(vms, 'wrong'), count([...hypervisors, ...vms], 'moving')];
  const back = vms.filter(({ findings }) =>
    findings.some(({ code }) => code === 'came-back'),
  ).length;
  const of = (n: number, all: number, what: string) =>
    `${n} of ${all} ${what}${all === 1 ? '' : 's'}`;
  const wrong = [
    ...(sick > 0 ? [of(sick, hypervisors.length, 'hypervisor')] : []),
    ...(ill > 0 ? [of(ill, vms.length, 'vm')] : []),
  ].join(' and ');
  const what = wrong
    ? `${wrong} ${sick + ill === 1 ? 'is' : 'are'} not well`
    : `${vms.length} vm${vms.length === 1 ? '' : 's'} on ${hypervisors.length} hypervisor${hypervisors.length === 1 ? '' : 's'}, nothing wrong`;
  const more = [
    ...(lost > 0 ? [`${lost} unknown`] : []),
    ...(moving > 0 ? [`${moving} changing`] : []),
    ...(back > 0 ? [`${back} ended and came back`] : []),
  ];
  return `${fleet}: ${[what, ...more].join(', ')}.`;
}

/** `Failed for 3 min; ended 3 min ago by KILL; restarted 12 times in 24 h` */
export function vmState({ state, wanted, since, now, ends, known, stopped }: VmStatus): string {
  const lasts = now === undefined ? undefined : age(since, now);
  const isMeant = state === 'Terminated' && wanted === 'stopped';
  const why = isMeant ? (stopped?.isHeld ? ', held' : ', as fleet.yaml says') : '';
  const parts = [
    `${state}${why}${lasts ? ` for ${lasts}` : ''}`,
    ...(ends?.last && now !== undefined && isTelling(ends.last, state)
      ? [exitText(ends.last, now)]
      : []),
    ...(ends && ends.restarts > 0 ? [restartsText(ends)] : []),
    ...(known ? knownTexts(known, state, now, ends?.restarts ?? 0) : []),
  ];
  return parts.join('; ');
}

/** How it ended last says nothing of one that runs since it was stopped and started. */
const isTelling = ({ code, outOfMemory, broughtBack }: LastExit, state: VmStatus['state']) =>
  state === 'Terminated' ||
  broughtBack === true ||
  (state !== 'Ready' && (code !== 0 || outOfMemory === true));

export function exitText({ at, code, signal, outOfMemory }: LastExit, now: number): string {
  const when = age(at, now);
  const how = signal ? `killed by ${signal}` : code === undefined ? 'ended' : `exit ${code}`;
  return `last end ${when ? `${when} ago` : 'at an unknown time'}: ${how}${outOfMemory ? ', out of memory' : ''}`;
}

/** Of one that is well only what was done about it. */
function knownTexts(
  { lastEnd, lastHealthy, restarts, why }: Known,
  state: string,
  now: number | undefined,
  /** Restarts that were told. */
  told: number,
): string[] {
  const ago = (at: number) => age(at, now ?? 0)?.concat(' ago') ?? 'lately';
  const isWell = state === 'Ready' || state === 'Terminated';
  return [
    ...(restarts > told
      ? [`its hypervisor restarted it ${restarts} time${restarts === 1 ? '' : 's'}`]
      : []),
    ...(!isWell && why ? [plainLine(why)] : []),
    ...(lastEnd && (!isWell || restarts > 0)
      ? [`it ended ${ago(lastEnd.at)} by ${plainLine(lastEnd.who)}: ${plainLine(lastEnd.why)}`]
      : []),
    ...(!isWell && lastHealthy !== undefined ? [`last well ${ago(lastHealthy)}`] : []),
  ];
}

export function restartsText({ restarts, cut }: { restarts: number; cut: boolean }): string {
  return `restarted ${cut ? 'at least ' : ''}${restarts} time${restarts === 1 ? '' : 's'} in 24 h`;
}

export function hypervisorState(row: HypervisorStatus, withPhase: boolean): string {
  if (!row.reachable) return silence(row);
  const { underWay, now } = row;
  if (!underWay || !withPhase)
    return row.rebootFor.length > 0 ? 'reached, waits for a reboot' : 'reached';
  const { id, operation, operator, since, phase, phaseSince } = underWay;
  const lasts = (from: number) => span(Math.max(0, (now ?? from) - from));
  const at = phase ? `; ${plainLine(phase)}${phaseSince ? ` for ${lasts(phaseSince)}` : ''}` : '';
  return `${operation} ${id} by ${operator} under way for ${lasts(since)}${at}`;
}

/** Of one that did not say how it is. */
const silence = ({ findings }: HypervisorStatus): string =>
  findings.every(({ code }) => code.startsWith('ssh.')) ? 'no answer' : 'not understood';

/** `3 d`, `12 min`: one unit, for a column. */
const short = (since: number | undefined, now: number | undefined): string =>
  now === undefined
    ? ''
    : (age(since, now) ?? '')
        .replace('less than a minute', '<1 min')
        .replace(/^(\d+ \w+) .*$/, '$1');

const percent = (part: number | undefined, of: number): string =>
  part === undefined || !(of > 0) ? '' : `${Math.round((100 * part) / of)}%`;
const size = (kib: number | undefined): string =>
  kib === undefined ? '' : formatSize(Math.ceil(kib / 1024)).replace(/ ([MGT])iB$/, '$1');

const ofOrigin = <T extends { readonly origin?: Origin; readonly now?: number }>(): Column<T>[] => [
  { title: 'COMMIT', text: ({ origin }) => origin?.commit.slice(0, 8) ?? '' },
];
const moreOfOrigin = <
  T extends { readonly origin?: Origin; readonly now?: number },
>(): Column<T>[] => [
  { title: 'AGE', text: ({ origin, now }) => short(origin?.since, now) },
  { title: 'BY', text: ({ origin }) => origin?.operator ?? '', most: 24 },
  { title: 'SUBJECT', text: ({ origin }) => plainLine(origin?.subject ?? ''), most: 50 },
];

const standingColour = ({ standing }: { readonly standing: Standing }) => standingColours[standing];

const vmColumns: readonly Column<VmStatus>[] = [
  { title: 'VM', text: ({ name }) => name, most: 20, style: standingColour },
  { title: 'STATE', text: ({ state }) => state, style: standingColour },
  { title: 'HEALTH', text: ({ health }) => health },
  { title: 'FOR', text: ({ since, now }) => short(since, now) },
  { title: 'ON', text: ({ hypervisor }) => hypervisor, most: 12 },
  ...ofOrigin<VmStatus>(),
  {
    title: 'RST',
    text: ({ ends }) => (ends?.cut ? `${ends.restarts}+` : String(ends?.restarts || '')),
    right: true,
  },
  {
    title: 'MEM',
    text: ({ use, memoryMiB }) => percent(use.memoryKiB, memoryMiB * 1024),
    right: true,
  },
  { title: 'CPU', text: ({ use, vcpu }) => percent(use.cpuPercent, vcpu * 100), right: true },
  { title: 'DISK', text: ({ diskKiB }) => size(diskKiB), right: true },
  { title: 'ADDRESS', text: ({ address }) => address },
  ...moreOfOrigin<VmStatus>(),
];

const hypervisorColumns: readonly Column<HypervisorStatus>[] = [
  { title: 'HYPERVISOR', text: ({ name }) => name, most: 20, style: standingColour },
  {
    title: 'STATE',
    text: (row) =>
      row.underWay ? row.underWay.operation : row.reachable ? 'reached' : silence(row),
    style: standingColour,
  },
  {
    title: 'UP',
    text: ({ uptime }) => (uptime === undefined ? '' : short(2, uptime + 2)),
  },
  { title: 'LOAD', text: ({ load: [one] }) => one?.toFixed(1) ?? '', right: true },
  {
    title: 'MEM',
    text: ({ memory: m }) => percent(m && m.totalKiB - m.availableKiB, m?.totalKiB ?? 0),
    right: true,
  },
  { title: 'FREE', text: ({ freeKiB }) => size(freeKiB?.kib), right: true },
  ...ofOrigin<HypervisorStatus>(),
  {
    title: 'BEHIND',
    text: ({ behind }) => (behind === undefined ? '' : behind >= 20 ? '20+' : String(behind)),
    right: true,
  },
  { title: 'NIXOS', text: ({ release }) => release ?? '', most: 16 },
  ...moreOfOrigin<HypervisorStatus>(),
];
