import { plainCheck } from '../model/check-result.ts';
import type { Stopped } from '../model/facts.ts';
import type { Vm } from '../model/fleet.ts';
import type { UnitFacts, VmFacts } from '../model/guest-facts.ts';
import type { FleetIndex } from '../model/index.ts';
import type { Ends, Finding, Known, VmState, VmStatus } from '../model/status.ts';
import { checkVm, type PlanCheck } from './checks.ts';
import { bridgeAddressOf, reachedBy } from './drift.ts';
import { type Look, originOf, standingOf, told } from './finding.ts';
import { stopText } from './held-stops.ts';
import type { Drift } from './plan.ts';
import { allEnds, returns } from './returns.ts';

/** What checks of a vm say better than drift. */
const health = new Set<Drift['code']>([
  'stopped',
  'running',
  'no-answer',
  'helper',
  'check',
  'tap',
]);

export const own = ({ name, on, state, memoryMiB, vcpu }: Vm) => ({
  ...{ name, hypervisor: on, wanted: state, memoryMiB, vcpu },
});

/** How a vm is, and what is not as usual with it. */
export function vmStatus(index: FleetIndex, vm: Vm, look: Look, found: readonly Drift[]): VmStatus {
  const { facts, figures } = look;
  const seen = facts.vms.get(vm.name);
  const deployed = facts.deployed.get(vm.name);
  const isNew = deployed === undefined && seen === undefined;
  const checks = isNew ? [] : [...checksOf(index, vm, look), ...probes(vm, look)];
  const failing = checks.filter((c) => !c.ok);
  const stopped = facts.stopped.get(vm.name);
  const known = figures.known?.get(vm.name);
  // What systemd brought back: a guest that waits for its next try is not up, and nobody else tells.
  const ends = figures.ends.get(vm.name);
  const { all, isCut } = allEnds(ends, known, facts.now);
  const looked = stateOf(seen, failing.length > 0, index.fleet.rollout.deadline / 1000, ends);
  // Its hypervisor looks at more than can be seen from here, and every few seconds. Of another life it says nothing.
  const runs = seen?.unit.active === 'active';
  const isOfThis = runs && known?.invocation === seen.unit.invocation;
  const isGivenUp =
    known?.state === 'Failed' && (looked !== 'Ready' || isOfThis) && !stopped && !isNew;
  const isUnwell = isOfThis && known?.health === 'failing' && failing.length === 0;
  const state = isGivenUp ? 'Failed' : looked;
  const isMoving = state === 'Starting' || state === 'Draining';
  const again = seen && startedAgain(seen.unit, ends);
  const findings: Finding[] = [
    ...(isGivenUp ? [givenUp(vm.name, known, runs)] : []),
    ...(isUnwell && !isGivenUp ? [unwell(vm.name, known)] : []),
    ...failing.filter(isCause).map((c) => ({
      ...{ code: c.fault?.code ?? 'check', wrong: !isMoving },
      message: `${sentence(c, stopped, again)}: ${seen ? remedy(c, vm.name, again) : 'fleet apply'}`,
    })),
    ...found.filter(({ target, code }) => target === vm.name && !health.has(code)).map(told),
    ...(isNew ? [{ code: 'new', message: 'never deployed: fleet apply', wrong: false }] : []),
    ...returns({ name: vm.name, state, now: facts.now, ends, known, deployed: deployed?.since }),
  ];
  const since =
    (known?.state === state ? known.since : undefined) ??
    sinceOf(seen, state, facts.now, ends) ??
    stopped?.since;
  const origin = deployed && originOf(deployed, figures);
  const diskKiB = facts.takenKiB.get(vm.name);
  return {
    ...own(vm),
    ...{ state, findings, checks: checks.map(plainCheck), now: facts.now },
    standing: standingOf(findings, isMoving),
    health:
      isNew || isMoving || vm.state === 'stopped'
        ? 'unknown'
        : failing[0] || isUnwell
          ? 'failing'
          : 'ok',
    address: reachedBy(index, vm, facts).address,
    use: figures.guests.get(vm.name) ?? {},
    ...(stopped && { stopped }),
    ...(since !== undefined && { since }),
    ...(known && { known }),
    // Of one that a journal that is cut says nothing of, nobody knows.
    ...((all || figures.endsCut) && {
      ends: { restarts: 0, ...all, cut: figures.endsCut || isCut },
    }),
    ...(diskKiB !== undefined && { diskKiB }),
    ...(origin && { origin }),
  };
}

/** Its hypervisor leaves it alone until somebody starts it. */
function givenUp(name: string, { why, restarts }: Known, runs: boolean): Finding {
  const times = restarts === 1 ? 'once' : `${restarts} times`;
  const tried = restarts > 0 ? `, after it was restarted ${times}` : '';
  return {
    ...{ code: 'given-up', wrong: true },
    message: `its hypervisor gave it up${tried}${why ? `: ${why}` : ''}`,
    hint: `fleet logs ${name} shows its last lines; fleet ${runs ? 'restart' : 'start'} ${name} tries again`,
  };
}

/** What cannot be seen from here, as a virtiofsd that died; or it was so a moment ago. */
function unwell(name: string, { why }: Known): Finding {
  return {
    ...{ code: 'unhealthy', wrong: true },
    message: `its hypervisor does not find it well${why ? `: ${why}` : ''}: fleet events ${name}`,
  };
}

/** How it runs, not what: that is drift. */
function checksOf(index: FleetIndex, vm: Vm, { facts }: Look): PlanCheck[] {
  const expected = reachedBy(index, vm, facts);
  const checks = checkVm(
    {
      ...{ name: vm.name, runner: '', state: vm.state, expected },
      ...bridgeAddressOf(index, vm, expected),
    },
    facts,
  ).filter(({ check }) => check !== 'current' && check !== 'booted');
  // One that does not run has no TAP and does not answer, and nobody need be told.
  const unit = checks.find(({ check }) => check === 'microvm@');
  return unit && !unit.ok ? [unit] : checks;
}

/** Those that it can fail now: what does not answer at all is told once. */
const probes = (vm: Vm, { probed }: Look) => probed.filter(({ target }) => target === vm.name);

/** One that does not answer because its bridge or TAP is not there is told of those. */
const isCause = ({ check, fault }: PlanCheck) => check !== 'answers' || fault !== undefined;

function sentence(
  { target, check, expected, seen, fault }: PlanCheck,
  stopped: Stopped | undefined,
  again: string | undefined,
): string {
  if (check === 'microvm@')
    return stopped ? stopText(stopped) : `microvm@${target} is ${again ?? seen}`;
  if (check === 'stopped') return 'it runs, and is to be stopped';
  return fault?.says ?? `${check}: expected ${expected}, seen ${seen}`;
}

/** Of a guest that systemd starts: nobody has to. */
function startedAgain(unit: UnitFacts, ends: Ends | undefined): string | undefined {
  if (!isStarting(unit)) return undefined;
  if (ends !== undefined && ends.restarts > 1) return 'started again and again, and ends';
  const hasEnded = unit.sub === 'auto-restart' || ends?.restarts === 1;
  return hasEnded ? 'started again after it ended' : 'starting';
}

/** Between two tries of a guest that crashes its unit waits, or its start does while its helpers come up anew. */
const isStarting = ({ active, queued }: UnitFacts) =>
  active === 'activating' || (active === 'inactive' && queued === true);

/**
 * Only another start helps a guest that runs and is not well, unless a command inside of it says what is missing there.
 * Of one that ended by itself its last lines tell why. The rest apply puts right.
 */
function remedy(
  { check, seen, fault }: PlanCheck,
  name: string,
  again: string | undefined,
): string {
  if (check === 'microvm@')
    return `fleet ${seen.startsWith('inactive') && again === undefined ? 'start' : 'logs'} ${name}`;
  if (check.startsWith('run ') && seen.startsWith('exit '))
    return `fleet ssh ${name}; or fleet restart ${name}`;
  const anew = fault && ['no-answer', 'helper', 'check'].includes(fault.code);
  return anew ? `fleet restart ${name}` : 'fleet apply';
}

/**
 * Nobody keeps since when a guest has not been well: one that runs longer than it may take to become ready, and is
 * not, has failed.
 * @param deadline in seconds
 */
export function stateOf(
  seen: VmFacts | undefined,
  isFailing: boolean,
  deadline: number,
  ends: Ends | undefined,
): VmState {
  const unit = seen?.unit ?? { active: 'inactive', sub: 'dead', invocation: '' };
  const { active, sub, activeFor } = unit;
  if (active === 'active') {
    if (!isFailing) return 'Ready';
    return activeFor !== undefined && activeFor < deadline ? 'Starting' : 'Failed';
  }
  if (active === 'deactivating') return 'Draining';
  if (active === 'failed' || sub === 'auto-restart') return 'Failed';
  if (isStarting(unit)) return ends !== undefined && ends.restarts > 0 ? 'Failed' : 'Starting';
  return 'Terminated';
}

/** What is not up is so since it ended, if the journal tells; since when one that runs is not well, nobody knows. */
function sinceOf(
  seen: VmFacts | undefined,
  state: VmState,
  now: number,
  ends: Ends | undefined,
): number | undefined {
  const activeFor = seen?.unit.activeFor;
  if (seen?.unit.active === 'active' && state === 'Failed') return undefined;
  if (seen?.unit.active === 'active') return activeFor === undefined ? undefined : now - activeFor;
  return ends?.last?.at;
}
