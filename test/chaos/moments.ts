import type { Line, Progress } from './watch.ts';

/** A point of a deployment at which something can be made to fail. */
export interface Moment {
  /** For tables and --only: `004 switch begin`, `lock`, `confirm`. */
  readonly name: string;
  isReached(progress: Progress): boolean;
  /** How long after it was reached. */
  readonly delayMs: number;
  /** It is reached on another hypervisor than the one that the fault strikes. */
  readonly elsewhere?: true;
}

const stepName = ({ number, name }: Pick<Line, 'number' | 'name'>) =>
  number === '-' ? name : `${number} ${name}`;

const atLine = (line: Line, delayMs = 0, name = `${stepName(line)} ${line.when}`): Moment => ({
  name,
  isReached: ({ lines }) =>
    lines.some((l) => l.number === line.number && l.name === line.name && l.when === line.when),
  delayMs,
});

const locked: Moment = { name: 'lock', isReached: (p) => p.locked, delayMs: 0 };
const over: Moment = { name: 'result', isReached: (p) => p.result !== undefined, delayMs: 0 };
const confirming = atLine({ number: '-', name: 'confirm', when: 'begin' }, 0, 'confirm');
/**
 * The worst moment of several hypervisors: one has its new generation for good, and the one that is
 * struck does not.
 */
const confirmedElsewhere: Moment = {
  name: 'confirm elsewhere',
  isReached: (p) => p.decided === 'confirmed',
  delayMs: 0,
  elsewhere: true,
};

/** Every step of a journal, before it and after it, and what the journal does not tell. */
export function everyMoment(journal: readonly Line[], hypervisors: number): Moment[] {
  const ends = hypervisors > 1 ? [confirmedElsewhere, over] : [over];
  return [locked, ...journal.map((line) => atLine(line)), ...ends];
}

/** A step of a clean run with the milliseconds that it took. */
export interface TimedStep {
  readonly number: string;
  readonly name: string;
  readonly ms: number;
}

/**
 * A moment in the midst of each phase, for worlds in which every step would take days.
 * @param settleMs how long a guest is looked at before it counts as healthy
 */
export function phases(
  steps: readonly TimedStep[],
  settleMs: number,
  hypervisors: number,
): Moment[] {
  const names: Record<string, string> = { checkout: 'pull', build: 'build', switch: 'switch' };
  const seen = new Set<string>();
  const found: Moment[] = [];
  let last: TimedStep | undefined;
  for (const step of steps) {
    const guest = step.name.startsWith('vm-') ? stepName(step) : undefined;
    const phase = guest ?? names[step.name];
    if (phase === undefined || seen.has(phase)) continue;
    seen.add(phase);
    if (guest && step.name !== 'vm-stop') last = step;
    found.push(atLine({ ...step, when: 'begin' }, step.ms / 2, phase));
  }
  if (last) found.push(atLine({ ...last, when: 'end' }, settleMs / 2, 'verify'));
  return [...found, confirming, ...(hypervisors > 1 ? [confirmedElsewhere] : [])];
}
