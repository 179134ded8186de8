import type { History, Injury, InjuryKind, Life, Told } from './history.ts';

/** One way in which an end may be told. */
interface Account {
  readonly who: string;
  readonly why: RegExp;
  readonly intended: boolean;
}

/** What an injury does to a life of a guest. */
export interface Effect {
  readonly accounts: readonly Account[];
  /** systemd's results that it can have; undefined: any. */
  readonly results?: readonly string[];
  /** Seconds after which it has its effect at the latest. */
  readonly within: (vm: { readonly after: number; readonly every: number }) => number;
  /** Must the life that was there end? What a deployment does is its plan's business. */
  readonly must: boolean;
}

const soon = () => 15;
/** A machine that does other things, too, is asked late. */
const leeway = 45;
const noticed = (unhealthy: { after: number; every: number }) =>
  unhealthy.after * unhealthy.every + 2 * leeway;

const account = (who: string, why: RegExp, intended: boolean): Account => ({ who, why, intended });
const byFleet = account('fleet', /./, true);

/** Injuries that end a guest, and how the end is to be told. */
export const effects: Partial<Record<InjuryKind, Effect>> = {
  'vmm-kill': {
    accounts: [account('vmm', /^killed/, false)],
    results: ['signal'],
    within: soon,
    must: true,
  },
  'vmm-segv': {
    accounts: [account('vmm', /^segfault/, false)],
    results: ['signal', 'core-dump'],
    within: soon,
    must: true,
  },
  'guest-off': {
    accounts: [account('guest', /^power-off/, false)],
    results: ['success'],
    within: soon,
    must: true,
  },
  'guest-reboot': {
    accounts: [account('guest', /^(reboot|reset)/, false)],
    results: ['success'],
    within: soon,
    must: true,
  },
  'guest-panic': {
    accounts: [account('guest', /^panic/, false)],
    results: ['success', 'exit-code'],
    within: soon,
    must: true,
  },
  hang: { accounts: [byFleet], within: noticed, must: true },
  // Found by the watch, or by systemd, which restarts both.
  'virtiofsd-kill': {
    accounts: [byFleet, account('helper', /virtiofsd/, false)],
    within: noticed,
    must: true,
  },
  'systemctl-stop': {
    accounts: [account('person', /systemctl stop/, true)],
    within: soon,
    must: true,
  },
  'fleet-stop': { accounts: [byFleet], within: soon, must: true },
  'fleet-restart': { accounts: [byFleet], within: soon, must: true },
  deploy: { accounts: [byFleet], within: soon, must: false },
  reboot: { accounts: [account('shutdown', /./, true)], within: soon, must: false },
};

/** Can this injury have ended that life? */
function reaches(history: History, injury: Injury, life: Life): boolean {
  const effect = effects[injury.kind];
  const policy = history.guests[life.vm];
  if (!effect || !policy || life.ended === undefined) return false;
  if (injury.vm !== undefined && injury.vm !== life.vm) return false;
  const late = injury.until + effect.within(policy.unhealthy);
  return life.ended >= injury.at - 1 && life.ended <= late && life.began <= injury.until + 1;
}

const text = (value: unknown) => (value === undefined ? 'nothing' : String(value));

/** One end is told once, with the result that systemd knows, and by the name of what was done. */
export function wrongEnds(history: History): string[] {
  const wrong: string[] = [];
  const ends = history.events.filter((e) => e.kind === 'guest.ended');
  const told = Map.groupBy(ends, (e) => String(e.invocation));
  const known = new Map(history.lives.map((life) => [life.invocation, life]));
  for (const [invocation, list] of told) {
    const life = known.get(invocation);
    const name = `${text(list[0]?.vm)}, invocation ${invocation}`;
    if (!life) wrong.push(`${name}: its end is told, and there was no such life`);
    else if (life.ended === undefined) wrong.push(`${name}: its end is told, and it did not end`);
    else if (life.vm !== list[0]?.vm) wrong.push(`${name}: that was a life of ${life.vm}`);
    if (list.length > 1) wrong.push(`${name}: its end is told ${list.length} times`);
  }
  for (const life of history.lives) {
    if (life.ended === undefined || life.ended < history.began) continue;
    const event = told.get(life.invocation)?.[0];
    const name = `${life.vm}, invocation ${life.invocation}, ended at ${life.ended}`;
    if (event) wrong.push(...wrongAccount(history, life, event, name));
    else wrong.push(`${name}: no event tells of it`);
  }
  return wrong;
}

function wrongAccount(history: History, life: Life, event: Told, name: string): string[] {
  const wrong: string[] = [];
  if (life.result !== undefined && event.result !== life.result)
    wrong.push(`${name}: told as ${text(event.result)}, and it was ${life.result}`);
  if (Math.abs(event.at - (life.ended ?? 0)) > 10)
    wrong.push(`${name}: told at ${event.at}, ${Math.round(event.at - (life.ended ?? 0))} s off`);
  const causes = history.injuries.filter((injury) => reaches(history, injury, life));
  if (causes.length === 0)
    return [...wrong, `${name} (${text(event.why)}): nothing was done to it`];
  const fits = causes.some(({ kind }) => {
    const { accounts, results } = effects[kind] as Effect;
    return (
      accounts.some(
        ({ who, why, intended }) =>
          who === event.who && why.test(text(event.why)) && intended === event.intended,
      ) &&
      (results?.includes(text(life.result)) ?? true)
    );
  });
  const did = [...new Set(causes.map((c) => c.kind))].join(', ');
  const as = `${event.intended ? 'intended' : 'not intended'}, by ${text(event.who)} (${text(event.why)})`;
  return fits ? wrong : [...wrong, `${name}: told as ${as}, and what was done was ${did}`];
}

/** Whatever should have ended a guest that ran did. */
export function wrongInjuries(history: History): string[] {
  return history.injuries.flatMap((injury) => {
    const effect = effects[injury.kind];
    const policy = history.guests[injury.vm ?? ''];
    if (!effect?.must || !policy || (injury.code ?? 0) !== 0) return [];
    const ran = history.lives.find(
      (life) =>
        life.vm === injury.vm &&
        life.began < injury.at &&
        (life.ended === undefined || life.ended >= injury.at - 1),
    );
    const late = injury.until + effect.within(policy.unhealthy);
    // What came in between took it along, or it is too early to say.
    const isCut = history.injuries.some(
      (i) => (i.kind === 'power-cut' || i.kind === 'reboot') && i.at >= injury.at && i.at <= late,
    );
    if (!ran || isCut || late > history.until) return [];
    const ended = ran.ended !== undefined && ran.ended <= late;
    return ended
      ? []
      : [`${injury.kind} of ${text(injury.vm)} at ${injury.at}: it went on as before`];
  });
}
