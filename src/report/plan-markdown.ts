import type { Action, FieldChange, FileChange, HypervisorPlan, Plan, Since } from '../plan/plan.ts';
import { buildMarkdown } from './build-markdown.ts';
import type { Built } from './json/looking.ts';
import { code, codeBlock, details, prose } from './markdown.ts';
import { changeMeaning, folded, meaning, signs, summaryLines } from './plan-text.ts';

export interface PlanMarkdownOptions {
  /** Print whole diffs rather than names of files. */
  readonly diffs: boolean;
  /** Hypervisors were not looked at. */
  readonly offline: boolean;
  /** What was built of it. */
  readonly build?: Built;
  /** Characters at most; what does not fit is left out, and said to be. Default: no limit. */
  readonly limit?: number;
  /** Where the whole of it is, in Markdown of ours. */
  readonly whole?: string;
}

/** A plan as a comment, a summary or a page shows it. Text of others in it is neither markup nor a mention. */
export function planMarkdown(plan: Plan, options: PlanMarkdownOptions): string {
  const { build, diffs, limit = Number.POSITIVE_INFINITY, offline, whole } = options;
  const head = summaryLines(plan, offline).map((line, n) =>
    n === 0 ? `**${prose(line)}**` : prose(line),
  );
  const parts = [
    `${head.join('\n\n')}\n`,
    ...plan.problems.map((problem) => `- ❌ problem: ${sentences(problem)}\n`),
    ...plan.warnings.map((warning) => `- ⚠️ warning: ${prose(warning)}\n`),
    ...(plan.since ? sinceParts(plan.since) : []),
    ...(offline ? [] : plan.hypervisors.flatMap(hypervisorParts)),
    ...(build ? buildMarkdown(build) : []),
    ...filesParts(plan.files, diffs),
  ];
  return within(parts, limit, whole);
}

/**
 * The parts that have room, the first ones first; then how many have none, and where they are.
 * @param limit in characters
 */
export function within(parts: readonly string[], limit: number, whole?: string): string {
  const all = together(parts);
  if (all.length <= limit) return all;
  const where = whole === undefined ? '' : ` The whole of it: ${whole}`;
  const left = (n: number) =>
    `\n… ${n} more part${n === 1 ? '' : 's'} would not fit here.${where}\n`;
  const room = limit - left(parts.length).length;
  let used = 0;
  const kept = parts.filter((part) => {
    // With the blank line that may stand before it.
    const isFitting = used + part.length + 1 <= room;
    if (isFitting) used += part.length + 1;
    return isFitting;
  });
  return `${together(kept)}${left(parts.length - kept.length)}`;
}

/** A blank line between parts, but not between items of a list. */
const together = (parts: readonly string[]): string =>
  parts
    .map((part, n) =>
      n === 0 || (part.startsWith('- ') && isItem(parts[n - 1])) ? part : `\n${part}`,
    )
    .join('');

/** Whether a part ends with an item of a list. */
const isItem = (part = ''): boolean =>
  /^ *- .*\n$/.test(part.slice(part.trimEnd().lastIndexOf('\n') + 1));

/** A part for the name and one for each action: a hypervisor may have hundreds. */
function hypervisorParts(plan: HypervisorPlan): string[] {
  const lines = [
    ...(plan.unreachable === undefined
      ? []
      : [`- ❌ unreachable: ${sentences(plan.unreachable)}\n`]),
    ...plan.problems.map((problem) => `- ❌ problem: ${sentences(problem)}\n`),
    ...plan.actions.map(actionText),
    ...folded(plan).map(({ target, message }) => `- ⚠️ **${prose(target)}**: ${prose(message)}\n`),
  ];
  const [first, ...more] = lines;
  return first === undefined ? [] : [`#### ${prose(plan.name)}\n\n${first}`, ...more];
}

function actionText({ kind, target, why, changes = [] }: Action): string {
  return `- ${code(signs[kind])} **${prose(target)}** ${meaning[kind]}: ${prose(why)}\n${changesText(changes)}`;
}

const changesText = (changes: readonly FieldChange[]): string =>
  changes.map((change) => `  - ${changeText(change)}\n`).join('');

/** A part for each machine, by its hypervisor. */
function sinceParts({ commit, machines }: Since): string[] {
  return [...Map.groupBy(machines, (one) => one.hypervisor)].flatMap(([hypervisor, own]) => {
    const [first, ...more] = own.map(
      (machine) =>
        `- **${prose(machine.target)}** ${changeMeaning(machine)}\n${changesText(machine.changes)}`,
    );
    const title = `#### ${prose(hypervisor)}, since ${code(commit.slice(0, 8))}, as far as files tell`;
    return [`${title}\n\n${first}`, ...more];
  });
}

const consequence = { certainly: ': **restarts**', perhaps: ': may restart', no: '' } as const;

function changeText({ field, from, to, restarts }: FieldChange): string {
  const what =
    from === undefined
      ? `+ ${code(to ?? '')}`
      : to === undefined
        ? `- ${code(from)}`
        : `${code(from)} → ${code(to)}`;
  return `${code(field)} ${what}${consequence[restarts]}`;
}

/** A message, and what to do, on lines of their own. */
const sentences = (text: string): string =>
  text
    .split('\n')
    .map((line) => prose(line))
    .join('<br>');

const kinds = { add: 'new', change: 'changed', remove: 'removed' } as const;

function filesParts(files: readonly FileChange[], diffs: boolean): string[] {
  if (files.length === 0) return [];
  const title = '#### Files\n';
  if (!diffs) return [title, ...files.map(({ kind, path }) => `- ${kinds[kind]} ${code(path)}\n`)];
  return [
    title,
    ...files.map(({ kind, path, diff }) =>
      details({ what: kinds[kind], name: path }, codeBlock(diff, 'diff', Number.POSITIVE_INFINITY)),
    ),
  ];
}
