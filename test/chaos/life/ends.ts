import type { GuestPolicy, GuestTruth, History, Remembered } from './history.ts';
import { isWanted } from './starts.ts';

/** Every guest ends as it is wanted: Ready, Failed with a reason, or Terminated where somebody stopped it. */
export function wrongStates(history: History): string[] {
  return Object.entries(history.guests).flatMap(([vm, policy]) => {
    const truth = history.truth.guests[vm];
    const file = history.remembered[vm];
    if (!truth) return [`${vm}: nobody looked at it`];
    if (!file) return [`${vm}: nothing is remembered of it`];
    const wrong = isWanted(history.injuries, vm, history.until)
      ? file.state === 'Failed'
        ? wrongFailed(history, vm, file, truth)
        : wrongReady(policy, file, truth)
      : wrongStopped(file, truth);
    return [...wrong, ...wrongLastEnd(history, vm, file)].map((line) => `${vm}: ${line}`);
  });
}

function wrongReady(policy: GuestPolicy, file: Remembered, truth: GuestTruth): string[] {
  const wrong: string[] = [];
  if (file.state !== 'Ready') wrong.push(`is ${file.state}, neither Ready nor Failed`);
  if (!truth.active) wrong.push('does not run');
  else if (!truth.answers) wrong.push('does not answer');
  if (truth.active && truth.bridge !== policy.bridge)
    wrong.push(`its TAP is in ${truth.bridge ?? 'no bridge'}, not in ${policy.bridge}`);
  if (truth.active && file.invocation !== undefined && file.invocation !== truth.invocation)
    wrong.push('what is remembered is of another life');
  return wrong;
}

function wrongFailed(history: History, vm: string, file: Remembered, truth: GuestTruth): string[] {
  const wrong: string[] = [];
  if (!file.why) wrong.push('is Failed, and nobody says why');
  if (truth.active && truth.answers) wrong.push('is Failed, and runs and answers');
  const last = history.events.findLast(
    (e) => e.vm === vm && ['guest.failed', 'guest.ready', 'guest.started'].includes(e.kind),
  );
  if (last?.kind !== 'guest.failed') wrong.push('is Failed, and the spool does not say so');
  return wrong;
}

function wrongStopped(file: Remembered, truth: GuestTruth): string[] {
  const wrong: string[] = [];
  if (truth.active) wrong.push('runs, and was stopped');
  if (file.state !== 'Terminated') wrong.push(`is ${file.state}, and was stopped`);
  return wrong;
}

/** The file names the event of the last end: both were written, and in this order. */
function wrongLastEnd({ events }: History, vm: string, file: Remembered): string[] {
  const last = events.findLast((e) => e.vm === vm && e.kind === 'guest.ended');
  if (!last) return [];
  const name = `${last.epoch}:${last.seq}`;
  return file.lastEnd === name ? [] : [`its last end is ${name}, remembered is ${file.lastEnd}`];
}

export function wrongBridges({ bridges, truth }: History): string[] {
  return Object.entries(bridges).flatMap(([name, addresses]) => {
    const seen = truth.bridges[name];
    if (!seen?.up) return [`${name} is not up`];
    const missing = addresses.filter((address) => !seen.addresses.includes(address));
    return missing.map((address) => `${name} has no address ${address}`);
  });
}

/** Transitions only: what is told twice in a row was not news the second time. */
export function wrongRepetitions({ events }: History): string[] {
  const wrong: string[] = [];
  const pairs: Readonly<Record<string, string>> = {
    'guest.healthy': 'health',
    'guest.unhealthy': 'health',
    'network.broken': 'network',
    'network.repaired': 'network',
    'guest.held': 'held',
  };
  const last = new Map<string, string>();
  for (const event of events) {
    // A new life has all of this before it.
    if (event.kind === 'guest.started' || event.kind === 'host.booted')
      for (const key of [...last.keys()])
        if (event.kind === 'host.booted' || key.startsWith(`${event.vm} `)) last.delete(key);
    const about = pairs[event.kind];
    if (about === undefined) continue;
    const key = `${event.vm} ${about} ${about === 'network' ? String(event.what) : ''}`;
    if (last.get(key) === event.kind)
      wrong.push(`${event.kind} of ${event.vm ?? String(event.what)} at ${event.at} is no news`);
    last.set(key, event.kind);
  }
  return wrong;
}

/** Nothing is done here that leaves something of nobody's behind. */
export function wrongOrphans({ events, began }: History): string[] {
  return events
    .filter(({ kind, at }) => kind.startsWith('orphan.') && at >= began)
    .map(
      ({ kind, at, what, name }) =>
        `${kind} at ${at}: ${String(what)} ${String(name)} is a guest's`,
    );
}
