import type { Ends, Finding, Known, VmState } from '../model/status.ts';

/** Seconds: how long ago is told of, and in what time several returns are a loop. */
const [day, burst] = [86_400, 600];
/** Returns in that time that are a loop, and no accident. */
const loop = 3;
/** A hypervisor keeps no more times of them. */
const most = 40;

/**
 * systemd tells neither of a guest that the watch restarted because it hung, nor of one that waited for its next try. The
 * watch tells of both, and of those that systemd brought back; an older one kept only how many there were.
 */
export function allEnds(
  ends: Ends | undefined,
  known: Known | undefined,
  now: number,
): { readonly all: Ends | undefined; readonly isCut: boolean } {
  const { lastEnd, restarts = 0 } = known ?? {};
  const times = known?.returned?.filter((at) => isPast(at, now) && now - at < day);
  const count = times ? times.length : lastEnd && now - lastEnd.at < day ? restarts : 0;
  if (count === 0) return { all: ends, isCut: false };
  const lately = times ? latelyOf(times) : (ends?.lately ?? 0);
  return {
    all: {
      ...ends,
      restarts: Math.max(count, ends?.restarts ?? 0),
      ...(lately > 0 && { lately }),
    },
    isCut: times !== undefined && count >= most && count >= (ends?.restarts ?? 0),
  };
}

/** A clock that was ahead wrote others; two clocks may differ by a minute. */
const isPast = (at: number, now: number): boolean => at <= now + 60;

const latelyOf = (times: readonly number[] = []): number =>
  times.filter((at) => at > (times[0] ?? 0) - burst).length;

export interface Returned {
  readonly name: string;
  readonly state: VmState;
  readonly now: number;
  /** As systemd tells. */
  readonly ends: Ends | undefined;
  readonly known: Known | undefined;
  /** When it was deployed last: what was before is over. */
  readonly deployed: number | undefined;
}

/**
 * One that ended by itself, or hung, and came back may be well now; between two ends of a loop it looks so. What was
 * deployed, or started by a person, since then begins anew.
 */
export function returns(seen: Returned): Finding[] {
  const { name, state, now } = seen;
  const bySystemd = systemdReturned(seen) ? seen.ends : undefined;
  const byWatch = watchReturned(seen) ? seen.known : undefined;
  // Those before a person started it are over, too.
  const since = (byWatch?.returned?.slice(0, byWatch.restarts) ?? []).filter((at) =>
    isPast(at, now),
  );
  const lately = Math.max(
    now - (bySystemd?.last?.at ?? 0) < burst ? (bySystemd?.lately ?? 0) : 0,
    // That it was given up says it already.
    now - (since[0] ?? 0) < burst && byWatch?.state !== 'Failed' ? latelyOf(since) : 0,
  );
  if (lately >= loop && state !== 'Terminated')
    return [
      {
        ...{ code: 'restart-loop', wrong: true },
        message: `it ends again and again, ${lately} times within ten minutes: fleet logs ${name}`,
      },
    ];
  if (state !== 'Ready') return [];
  const note = (message: string): Finding[] => [{ code: 'came-back', message, wrong: false }];
  if (bySystemd?.last?.broughtBack)
    return note(`it ended by itself, and systemd started it again: fleet logs ${name}`);
  if (!byWatch?.lastEnd) return [];
  const times = since.filter((at) => now - at < day).length;
  const often = times > 1 ? `, ${times} times in 24 h` : '';
  return note(
    `it ended (${byWatch.lastEnd.why}), and its hypervisor started it again${often}: fleet logs ${name}`,
  );
}

const systemdReturned = ({ ends, deployed = 0, state }: Returned): boolean =>
  ends?.last !== undefined &&
  ends.last.at > deployed &&
  (ends.last.broughtBack === true || state === 'Failed');

function watchReturned({ known, deployed = 0, now }: Returned): boolean {
  if (!known?.lastEnd || known.restarts === 0) return false;
  const { at, who } = known.lastEnd;
  return at > deployed && now - at <= day && who !== 'shutdown' && who !== 'person';
}
