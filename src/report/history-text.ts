import { targetName } from '../model/names.ts';
import type {
  HistoryEntry,
  PastDeployment,
  PastFailure,
  PastStep,
} from '../model/past-deployment.ts';
import type { OperationEntry, PastOperation } from '../model/past-operation.ts';
import { plainLine, quotedText } from '../model/plain-text.ts';
import { outcomeWords } from '../model/result.ts';
import { fate } from '../model/take-up.ts';
import { timestamp } from '../model/time.ts';
import type { Style } from './style.ts';
import { wrap } from './wrap.ts';

/** Columns: a story has it two further to the right. */
const usual = 78;

const colours: Readonly<Record<string, 'green' | 'yellow' | 'red'>> = {
  done: 'green',
  'rolled-back': 'yellow',
  untouched: 'yellow',
  'rollback-failed': 'red',
};

/** Deployments or operations, the youngest first. */
export function byTime(
  entries: readonly HistoryEntry[],
  operations: readonly OperationEntry[],
): (HistoryEntry | OperationEntry)[] {
  const when = (one: HistoryEntry | OperationEntry) =>
    'deployment' in one ? one.deployment.started : one.operation.started;
  return [...entries, ...operations].sort((a, b) => when(b) - when(a));
}

/** Entries in the order given, two lines each, and why one failed; the whole story when all are of one deployment, unless `isShort`. */
export function historyText(
  entries: readonly (HistoryEntry | OperationEntry)[],
  style: Style,
  isShort = false,
  width = usual,
): string {
  const ids = entries.map((one) => ('deployment' in one ? one.deployment.id : ''));
  const isOne = !isShort && new Set(ids).size === 1 && ids[0] !== '';
  return entries
    .map((entry) => {
      if ('operation' in entry) return operationText(entry, style, width);
      const { hypervisor, deployment: d, open } = entry;
      const result = d.result ?? 'not ended';
      const commit = d.commit ? ` ${d.commit.slice(0, 8)}` : '';
      const head = `${timestamp(d.started)}  ${style('bold', hypervisor)}  ${d.operation}${commit}  ${style(colours[result] ?? 'red', outcomeWords(result))}${took(d)}`;
      const lines = [head, whoLine(d, changed(d, hypervisor), style, width)];
      if (open) lines.push(`    ${wrap(`under way: ${fate(open)}`, 4, width)}`);
      if (d.failure)
        lines.push(...failureLines(d.failure, { hypervisor, whole: isOne, style, width }));
      if (isOne) lines.push(...d.steps.map(stepLine));
      return `${lines.join('\n')}\n`;
    })
    .join('');
}

function operationText(
  { hypervisor, operation: o }: OperationEntry,
  style: Style,
  width: number,
): string {
  const result = o.result ?? 'not ended';
  const killed = o.isKilled ? ', killed' : '';
  const lines = [
    `${timestamp(o.started)}  ${style('bold', hypervisor)}  ${o.kind} ${o.vm}  ${style(colours[result] ?? 'red', result)}${killed}${took(o)}`,
    whoLine(o, '', style, width),
  ];
  if (o.failure) lines.push(failureLine(o.failure.message, o.failure.code, style, width));
  return `${lines.join('\n')}\n`;
}

function whoLine(
  { id, operator }: PastDeployment | PastOperation,
  changed: string,
  style: Style,
  width: number,
): string {
  const who = `${id} by ${operator}`;
  return `  ${wrap(`${who}${changed}`, 4, width).replace(who, () => style('dim', who))}`;
}

/** A code has no blanks. */
function failureLine(message: string, code: string, style: Style, width: number): string {
  const text = wrap(`${plainLine(message)} [${code}]`, 4, width);
  return `    ${text.slice(0, -(code.length + 2))}${style('dim', `[${code}]`)}`;
}

interface HowTold {
  readonly hypervisor: string;
  readonly whole: boolean;
  readonly style: Style;
  readonly width: number;
}

/** What failed; with everything that is known of it when `whole`. */
function failureLines(
  { code, message, hypervisor: where, checks, lines }: PastFailure,
  { hypervisor, whole, style, width }: HowTold,
): string[] {
  const place = where !== undefined && where !== hypervisor ? `${where}: ` : '';
  const head = failureLine(`${place}${message}`, code, style, width);
  if (!whole) return [head];
  return [
    head,
    ...checks.map((c) => {
      const text = `${c.target} ${c.check}: expected ${c.expected}, seen ${c.seen}`;
      return `      ${wrap(plainLine(text), 8, width)}`;
    }),
    ...(lines.length === 0 ? [] : quotedText(lines.join('\n')).split('\n')).map((line) =>
      style('dim', `      ${line}`),
    ),
  ];
}

function took({ started, ended }: PastDeployment | PastOperation): string {
  return ended === undefined ? '' : ` after ${ended - started} s`;
}

/** What it brought; of one that was not confirmed, what it was about. */
function changed({ after, before, targets, result }: PastDeployment, hypervisor: string): string {
  const names =
    result === 'done'
      ? [...after]
          .filter(([name, path]) => before.get(name) !== path)
          .map(([name]) => targetName(name, hypervisor))
      : targets;
  return names.length === 0 ? '' : `: ${names.join(', ')}`;
}

function stepLine({ about, number, name, began, ended, code }: PastStep): string {
  const how =
    ended === undefined
      ? 'began, and did not end'
      : `${code === undefined || code === 0 ? 'ok' : `failed (${code})`}, ${ended - began} s`;
  return `    ${number ?? '   '} ${name}${about === undefined ? '' : ` ${about}`}: ${how}`;
}
