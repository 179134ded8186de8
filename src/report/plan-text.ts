import {
  type Action,
  type Drift,
  type FieldChange,
  type HypervisorPlan,
  hasChanges,
  type MachineChange,
  type Plan,
  type Restarts,
  type Since,
  unmended,
} from '../plan/plan.ts';
import type { Style } from './style.ts';
import { wrap, wrapHint } from './wrap.ts';

/** One character for each kind of action. */
export const signs: Record<Action['kind'], string> = {
  checkout: '·',
  switch: '~',
  create: '+',
  return: '+',
  update: '~',
  start: '▸',
  restart: '~',
  stop: '■',
  join: '~',
  repair: '~',
  'set-aside': '-',
};

/** What is done, in a word or two. */
export const meaning: Record<Action['kind'], string> = {
  checkout: 'checkout moves',
  switch: 'switch',
  create: 'create',
  return: 'create again',
  update: 'rebuild',
  start: 'start',
  restart: 'restart',
  stop: 'stop',
  join: 'join its bridge',
  repair: 'repair',
  'set-aside': 'stop, set aside',
};

export interface PlanTextOptions {
  /** Print whole diffs rather than names of files. */
  readonly diffs: boolean;
  /** Hypervisors were not looked at. */
  readonly offline: boolean;
}

/** A plan as a person reads it, at 80 columns. */
export function planText(plan: Plan, style: Style, options: PlanTextOptions): string {
  const parts: string[] = [];
  if (plan.files.length > 0) parts.push(filesText(plan, style, options.diffs));
  if (plan.since) parts.push(...sinceTexts(plan.since, style));
  for (const hypervisor of plan.hypervisors) {
    const text = options.offline ? '' : hypervisorText(hypervisor, style);
    if (text) parts.push(text);
  }
  if (plan.warnings.length > 0) {
    const warning = style('yellow', 'warning');
    parts.push(plan.warnings.map((w) => `${warning} ${wrap(w, 8)}\n`).join(''));
  }
  if (plan.problems.length > 0) {
    const problem = style('red', 'problem');
    parts.push(plan.problems.map((p) => `${problem} ${withHint(p, 8)}\n`).join(''));
  }
  parts.push(`${style('bold', summary(plan, options.offline))}\n`);
  return parts.join('\n');
}

function filesText(plan: Plan, style: Style, diffs: boolean): string {
  if (!diffs) {
    return `Files\n${plan.files.map((f) => `  ${fileSigns[f.kind]} ${f.path}\n`).join('')}`;
  }
  return plan.files.map((f) => colourDiff(f.diff, style)).join('\n');
}

function colourDiff(diff: string, style: Style): string {
  return diff
    .split('\n')
    .map((line) => {
      if (line.startsWith('+++') || line.startsWith('---')) return style('bold', line);
      if (line.startsWith('@@')) return style('cyan', line);
      if (line.startsWith('+')) return style('green', line);
      return line.startsWith('-') ? style('red', line) : line;
    })
    .join('\n');
}

function hypervisorText(plan: HypervisorPlan, style: Style): string {
  const lines: string[] = [];
  if (plan.unreachable)
    lines.push(`  ${style('red', 'unreachable')}  ${wrapHint(plan.unreachable, 15)}`);
  for (const problem of plan.problems)
    lines.push(`  ${style('red', 'problem')}  ${wrap(problem, 11)}`);
  const width = Math.max(0, ...plan.actions.map((a) => a.target.length));
  for (const action of plan.actions) {
    const head = `  ${signs[action.kind]} ${action.target.padEnd(width)}  ${meaning[action.kind].padEnd(15)}`;
    lines.push(`${head}  ${style('dim', wrap(action.why, head.length + 2))}`);
    const column = width + 6;
    for (const change of action.changes ?? [])
      lines.push(`${' '.repeat(column)}${wrap(changeText(change), column + 2)}`);
  }
  for (const drift of folded(plan))
    lines.push(`  ${style('yellow', '!')} ${wrap(`${drift.target}: ${drift.message}`, 4)}`);
  return lines.length === 0 ? '' : `${style('bold', plan.name)}\n${lines.join('\n')}\n`;
}

/** What each hypervisor and its vms have that a commit has not, a text a hypervisor. */
function sinceTexts({ commit, machines }: Since, style: Style): string[] {
  return [...Map.groupBy(machines, (one) => one.hypervisor)].map(([hypervisor, own]) => {
    const width = Math.max(...own.map((one) => one.target.length));
    const lines = own.flatMap((machine) => [
      `  ${fileSigns[machine.kind]} ${machine.target.padEnd(width)}  ${changeMeaning(machine)}`,
      ...machine.changes.map(
        (change) => `${' '.repeat(width + 6)}${wrap(changeText(change), width + 8)}`,
      ),
    ]);
    const head = `${style('bold', hypervisor)}  ${style('dim', `since ${commit.slice(0, 8)}, as far as files tell`)}`;
    return `${[head, ...lines].join('\n')}\n`;
  });
}

const fileSigns = { add: '+', change: '~', remove: '-' } as const;

/** What becomes of a machine, in a word or two. */
export function changeMeaning({ changes, kind }: MachineChange): string {
  if (kind !== 'change') return { add: 'new', remove: 'no longer in fleet.yaml' }[kind];
  return changes.length > 0 ? 'changed' : 'another file that it is built from has changed';
}

/** `memory 1GiB → 3GiB: restarts`, `+ package vim`. */
function changeText({ field, from, to, restarts }: FieldChange): string {
  const one = field.replace(/^(?!dependsOn)(\w+)s$/, '$1');
  const what =
    from === undefined
      ? `+ ${one} ${to}`
      : to === undefined
        ? `- ${one} ${from}`
        : `${field} ${from} → ${to}`;
  return `${what}${{ certainly: ': restarts', perhaps: ': may restart', no: '' }[restarts]}`;
}

/** Drift as it is printed: what is not fleet's, and left alone, takes one line in every plan. */
export function folded({
  name,
  drift,
}: HypervisorPlan): readonly Pick<Drift, 'target' | 'message'>[] {
  const orphans = new Set(
    drift.filter(({ code }) => code === 'orphan').map(({ target }) => target),
  );
  if (orphans.size < 2) return drift;
  // The TAP of a vm goes without saying.
  const named = [...orphans].filter(
    (one) => !orphans.has(one.replace(/^vm-/, '')) || !one.startsWith('vm-'),
  );
  const message = `not of this fleet, left alone: ${named.join(', ')}`;
  return [...drift.filter(({ code }) => code !== 'orphan'), { target: name, message }];
}

/** A message that is wrapped, and below it what to do. */
function withHint(text: string, column: number): string {
  const [message = '', ...hint] = text.split('\n');
  const lines = [wrap(message, column), ...hint.map((line) => wrapHint(line, column))];
  return lines.join(`\n${' '.repeat(column)}`);
}

/** What would happen, in numbers. */
export function summary(plan: Plan, offline: boolean): string {
  return summaryLines(plan, offline)
    .map((line) => wrap(line, 0))
    .join('\n');
}

/** The same, a sentence a line: what is planned, then who restarts. */
export function summaryLines(plan: Plan, offline: boolean): string[] {
  const unreachable = plan.hypervisors.filter((h) => h.unreachable).length;
  const aside =
    unreachable > 0 ? ` ${unreachable} hypervisor${unreachable === 1 ? '' : 's'} unreachable.` : '';
  const ill = [...new Set(unmended(plan).map((d) => d.target))];
  const asked = `${offline ? ' Hypervisors were not asked.' : ''}${ill.length > 0 ? ` Unhealthy: ${ill.join(', ')}.` : ''}`;
  if (!hasChanges(plan)) {
    const all = plan.hypervisors.length;
    if (unreachable > 0 && unreachable === all)
      return ['Nothing is known: no hypervisor was reached.'];
    return unreachable > 0
      ? [`No changes on the other ${all - unreachable}.${asked}${aside}`]
      : [`No changes.${asked}`, ...sinceLines(plan)];
  }
  const actions = plan.hypervisors.flatMap((h) => h.actions);
  const count = (kinds: readonly Action['kind'][]) =>
    actions.filter((a) => kinds.includes(a.kind)).length;
  const parts = [
    [plan.files.length, plan.files.length === 1 ? 'file' : 'files'],
    [count(['switch']), 'to switch'],
    [count(['create', 'return']), 'to create'],
    [count(['update']), 'to rebuild'],
    [count(['start']), 'to start'],
    [count(['restart']), 'to restart'],
    [count(['join']), 'to join a bridge'],
    [count(['repair']), 'to repair'],
    [count(['stop']), 'to stop'],
    [count(['set-aside']), 'to set aside'],
  ] as const;
  const text = parts
    .filter(([n]) => n > 0)
    .map(([n, words]) => `${n} ${words}`)
    .join(', ');
  const restarts = restartsText(actions);
  return [
    `Plan: ${text || (offline ? 'no file to render' : 'checkouts move')}.${asked}${aside}`,
    ...(restarts === '' ? [] : [restarts]),
    ...sinceLines(plan),
  ];
}

/** What files alone say, which is not what hypervisors would. */
function sinceLines({ since }: Plan): string[] {
  if (!since) return [];
  const { machines } = since;
  const count = (kind: MachineChange['kind'], word: string) => {
    const n = machines.filter((one) => one.kind === kind).length;
    return n === 0 ? [] : [`${n} ${word}`];
  };
  const counts = [
    ...count('add', 'new'),
    ...count('change', 'changed'),
    ...count('remove', 'no longer in fleet.yaml'),
  ].join(', ');
  const restarts = restartsText(machines);
  return [
    `As far as files tell, since ${since.commit.slice(0, 8)}: ${counts || 'no machine changes'}.`,
    ...(restarts === '' ? [] : [restarts]),
  ];
}

/** Which guests start anew; of a large fleet not all. */
function restartsText(actions: readonly Pick<Action, 'restarts' | 'target'>[]): string {
  const names = (how: Restarts) => {
    const all = actions.filter((a) => a.restarts === how).map((a) => a.target);
    const more = all.length > 40 ? `, and ${all.length - 40} more` : '';
    return `${all.slice(0, 40).join(', ')}${more}`;
  };
  const parts = [
    ['restarts', names('certainly')],
    ['may restart, if the build gives another runner', names('perhaps')],
  ].filter(([, named]) => named);
  const text = parts.map(([what, named]) => `${what}: ${named}`).join('; ');
  return text && `${text[0]?.toUpperCase()}${text.slice(1)}.`;
}
