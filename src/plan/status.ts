import { type CheckResult, plainCheck } from '../model/check-result.ts';
import type { Facts, OpenDeployment, Stopped } from '../model/facts.ts';
import type { Hypervisor, Vm } from '../model/fleet.ts';
import type { UnitFacts, VmFacts } from '../model/guest-facts.ts';
import type { FleetIndex } from '../model/index.ts';
import { systemName } from '../model/names.ts';
import {
  type Ends,
  type Figures,
  type Finding,
  type HypervisorStatus,
  type Origin,
  type Phase,
  type Standing,
  standings,
  type VmState,
  type VmStatus,
} from '../model/status.ts';
import { fate } from '../model/take-up.ts';
import { unknownState } from '../model/unknown-state.ts';
import { checkHypervisor, checkVm, type PlanCheck } from './checks.ts';
import { bridgeAddressOf, drift, hypervisorChecks, reachedBy } from './drift.ts';
import { heedStops, stopText } from './held-stops.ts';
import type { Drift } from './plan.ts';
import { requiredKiB } from './resources.ts';

/** What was seen of one hypervisor. */
export interface Look {
  readonly facts: Facts;
  readonly figures: Figures;
  /** The checks of fleet.yaml, on guests that run. */
  readonly probed: readonly PlanCheck[];
  /** When it answered, by our clock; seconds since the epoch. */
  readonly at: number;
}

/** To be known, not to be mended, or not by whoever is on call. */
const known = new Set<Drift['code']>([
  ...([
    'reboot',
    'held',
    'waiting',
    'orphan',
    'uncounted',
    'no-recovery',
    'declared',
    'first-switch',
  ] as const),
  ...(['rolled-back', 'second-writer', 'collecting', 'unrooted'] as const),
]);

/** What checks of a vm say better than drift. */
const health = new Set<Drift['code']>([
  'stopped',
  'running',
  'no-answer',
  'helper',
  'check',
  'tap',
]);

/** Seconds that two clocks may differ; what an answer takes is within it. */
const skew = 30;

/** How a hypervisor is, and each of its vms that fleet.yaml has. */
export function statusOf(
  of: FleetIndex,
  hypervisor: Hypervisor,
  look: Look,
): { readonly hypervisor: HypervisorStatus; readonly vms: readonly VmStatus[] } {
  const index = heedStops(of, new Map([[hypervisor.name, look.facts]]));
  const found = drift(index, hypervisor.name, look.facts);
  return {
    hypervisor: hypervisorStatus(index, hypervisor, look, found),
    vms: index.vmsOn(hypervisor.name).map((vm) => vmStatus(index, vm, look, found)),
  };
}

/** The same of one that does not answer: nobody knows how its vms are. */
export function silent(
  index: FleetIndex,
  hypervisor: Hypervisor,
  error: Pick<Finding, 'code' | 'message' | 'hint'>,
): { readonly hypervisor: HypervisorStatus; readonly vms: readonly VmStatus[] } {
  return {
    hypervisor: {
      ...{ name: hypervisor.name, standing: 'wrong', reachable: false },
      ...{ findings: [{ ...error, wrong: true }], checks: [], rebootFor: [], load: [] },
    },
    vms: index.vmsOn(hypervisor.name).map((vm) => ({
      ...own(vm),
      ...{ standing: 'unknown', state: 'Unknown', health: 'unknown' },
      ...{ findings: [], checks: [], use: {} },
      address: vm.nics[0]?.address ?? '',
    })),
  };
}

const own = ({ name, on, state, memoryMiB, vcpu }: Vm) => ({
  ...{ name, hypervisor: on, wanted: state, memoryMiB, vcpu },
});

/** The worst first; among equals by name. */
export function byStanding<T extends { readonly standing: Standing; readonly name: string }>(
  rows: readonly T[],
): T[] {
  const rank = ({ standing }: T) => standings.indexOf(standing);
  return rows.toSorted((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
}

function vmStatus(index: FleetIndex, vm: Vm, look: Look, found: readonly Drift[]): VmStatus {
  const { facts, figures } = look;
  const seen = facts.vms.get(vm.name);
  const deployed = facts.deployed.get(vm.name);
  const isNew = deployed === undefined && seen === undefined;
  const checks = isNew ? [] : [...checksOf(index, vm, look), ...probes(vm, look)];
  const failing = checks.filter((c) => !c.ok);
  const ends = figures.ends.get(vm.name);
  const stopped = facts.stopped.get(vm.name);
  const state = stateOf(seen, failing.length > 0, index.fleet.rollout.deadline / 1000, ends);
  const isMoving = state === 'Starting' || state === 'Draining';
  const again = seen && startedAgain(seen.unit, ends);
  const findings: Finding[] = [
    ...failing.filter(isCause).map((c) => ({
      ...{ code: c.fault?.code ?? 'check', wrong: !isMoving },
      message: `${sentence(c, stopped, again)}: ${seen ? remedy(c, vm.name, again) : 'fleet apply'}`,
    })),
    ...found.filter(({ target, code }) => target === vm.name && !health.has(code)).map(told),
    ...(isNew ? [{ code: 'new', message: 'never deployed: fleet apply', wrong: false }] : []),
    ...returnsOf(vm.name, state, facts.now, ends, deployed?.since),
  ];
  const since = sinceOf(seen, facts.now, ends) ?? stopped?.since;
  const origin = deployed && originOf(deployed, figures);
  const diskKiB = facts.takenKiB.get(vm.name);
  return {
    ...own(vm),
    ...{ state, findings, checks: checks.map(plainCheck), now: facts.now },
    standing: standingOf(findings, isMoving),
    health: isNew || isMoving || vm.state === 'stopped' ? 'unknown' : failing[0] ? 'failing' : 'ok',
    address: reachedBy(index, vm, facts).address,
    use: figures.guests.get(vm.name) ?? {},
    ...(stopped && { stopped }),
    ...(since !== undefined && { since }),
    ...(ends && { ends: { ...ends, cut: figures.endsCut } }),
    ...(diskKiB !== undefined && { diskKiB }),
    ...(origin && { origin }),
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

/** Ends in ten minutes that are a loop, and no accident. */
const loop = 3;

/**
 * One that ended by itself and came back may be well now; between two ends of a loop it looks so. What was deployed
 * since then begins anew.
 */
function returnsOf(
  name: string,
  state: VmState,
  now: number,
  { last, lately = 0 }: Partial<Ends> = {},
  deployed: number = 0,
): Finding[] {
  if (!last || last.at <= deployed || (!last.broughtBack && state !== 'Failed')) return [];
  if (lately >= loop && now - last.at < 600 && state !== 'Terminated')
    return [
      {
        ...{ code: 'restart-loop', wrong: true },
        message: `it ends again and again, ${lately} times within ten minutes: fleet logs ${name}`,
      },
    ];
  const message = `it ended by itself, and systemd started it again: fleet logs ${name}`;
  return state === 'Ready' && last.broughtBack
    ? [{ code: 'came-back', message, wrong: false }]
    : [];
}

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

/** What apply puts right, and whose message does not say so. */
const mended = new Set<Drift['code']>([
  ...(['bridge', 'link', 'address', 'forwarding', 'firewall', 'dns'] as const),
  ...(['dirty', 'system', 'runner'] as const),
]);

const told = ({ code, message }: Drift): Finding => ({
  ...{ code, wrong: !known.has(code) },
  message: mended.has(code) ? `${message}: fleet apply` : message,
});

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

/** What is not up is so since it ended, if the journal tells. */
function sinceOf(
  seen: VmFacts | undefined,
  now: number,
  ends: Ends | undefined,
): number | undefined {
  const activeFor = seen?.unit.activeFor;
  if (seen?.unit.active === 'active') return activeFor === undefined ? undefined : now - activeFor;
  return ends?.last?.at;
}

function originOf(
  { commit, since }: { readonly commit: string; readonly since: number },
  { past }: Figures,
): Origin | undefined {
  if (commit === '' || commit === '-') return undefined;
  const operator = past.findLast((one) => one.commit === commit)?.operator;
  const done = past.filter(({ result }) => result === 'done').map((one) => one.commit);
  const before = done.slice(0, Math.max(0, done.lastIndexOf(commit)));
  const follows = before.findLast((one) => one !== commit);
  return { commit, since, ...(operator && { operator }), ...(follows && { follows }) };
}

/** Of a hypervisor it is what was deployed there last, whether its own system changed by it or not. */
function lastOrigin(facts: Facts, figures: Figures): Origin | undefined {
  const deployed = facts.deployed.get(systemName);
  const commit = facts.checkout?.commit ?? deployed?.commit;
  if (deployed === undefined || commit === undefined) return undefined;
  const last = figures.past.findLast((one) => one.commit === commit);
  return originOf({ commit, since: last?.started ?? deployed.since }, figures);
}

function standingOf(findings: readonly Finding[], isMoving: boolean): Standing {
  if (findings.some(({ wrong }) => wrong)) return 'wrong';
  if (isMoving) return 'moving';
  return findings.length > 0 ? 'noted' : 'well';
}

function hypervisorStatus(
  index: FleetIndex,
  { name }: Hypervisor,
  { facts, figures, at }: Look,
  found: readonly Drift[],
): HypervisorStatus {
  const deployed = facts.deployed.get(systemName);
  const unknown = unknownState(facts);
  const open = facts.lock ?? facts.open[0];
  const isMoving = open?.atWork ?? false;
  const failed = isMoving ? undefined : lastFailure(figures);
  const says = new Set(found.filter(({ target }) => target === name).map(({ code }) => code));
  const findings: Finding[] = [
    ...(unknown === undefined ? [] : [{ code: 'state-version', message: unknown, wrong: true }]),
    ...found
      .filter(
        ({ target, code }) => target === name || (code === 'orphan' && !index.vms.has(target)),
      )
      // A deployment that is under way has a place of its own.
      .filter(({ code }) => !(isMoving && (code === 'lock' || code === 'open-deployment')))
      .filter(({ code }) => !(failed && code === 'rolled-back'))
      .map(told),
    ...(failed ? [failed] : []),
    ...(open
      ? unheard(open, figures.phases.get(open.id), index.fleet.rollout.confirm)
      : strayCheckout(facts, figures)),
    ...shortages(name, facts),
    ...clockOff(name, facts.now, at),
  ];
  const checks: CheckResult[] = [
    ...checkHypervisor(name, deployed?.path, [], facts),
    ...hypervisorChecks(index, name, facts),
  ].map(plainCheck);
  const origin = lastOrigin(facts, figures);
  const phase = open && figures.phases.get(open.id);
  const least = [...facts.freeKiB].sort(([, a], [, b]) => a - b).find(([f]) => f !== '/boot');
  return {
    ...{ name, reachable: true, findings, checks, now: facts.now },
    standing: standingOf(findings, isMoving || says.has('collecting')),
    ...{ rebootFor: facts.rebootFor, load: figures.load },
    ...(figures.uptime !== undefined && { uptime: figures.uptime }),
    ...(figures.release && { release: figures.release }),
    ...(facts.processors !== undefined && { processors: facts.processors }),
    ...(facts.memory && { memory: facts.memory }),
    ...(least && { freeKiB: { folder: least[0], kib: least[1] } }),
    ...(origin && { origin }),
    ...(open && {
      underWay: {
        ...{ id: open.id, operation: open.operation, operator: open.owner, since: open.since },
        ...(phase && { phase: phase.name, phaseSince: phase.since }),
      },
    }),
  };
}

/**
 * A fleet that lives renews its lease each quarter of the time that a hypervisor waits for it, of `confirm` ms; while a
 * step runs it need not.
 */
function unheard(open: OpenDeployment, phase: Phase | undefined, confirm: number): Finding[] {
  const silent = Math.round(confirm / 1000) - open.left;
  if (!open.atWork || open.decided !== undefined || phase?.runs) return [];
  if (silent < confirm / 2000) return [];
  const message = `nothing was heard of its fleet for ${silent} s; ${fate(open)}`;
  return [{ code: 'unheard', message, wrong: true }];
}

/** Why the last deployment did not come to what it was to; drift knows neither why, nor of one that changed nothing. */
function lastFailure({ past }: Figures): Finding | undefined {
  const { commit, failure, id, isOfCommit, result } = past.at(-1) ?? {};
  if (commit === undefined || result === 'done' || failure === undefined) return undefined;
  const how = result === 'untouched' ? 'changed nothing' : `ended ${result}`;
  const message = `the last deployment ${how}: ${failure} (fleet history ${id})`;
  const good = past.findLast((one) => one.result === 'done')?.commit;
  // Of what was rolled back the commit is reverted.
  if (result !== 'untouched' || !isOfCommit || good === undefined || good === commit)
    return { code: 'last-failed', message, wrong: false };
  const range = `${good.slice(0, 8)}..${commit.slice(0, 8)}`;
  const hint = `To take its commit back: git revert --no-edit ${range} && git push\nThen: fleet apply`;
  return { code: 'last-failed', message, hint, wrong: false };
}

/** Somebody moved the checkout: what is built from it by hand is not what was deployed. */
function strayCheckout({ checkout }: Facts, { past }: Figures): Finding[] {
  const at = past.findLastIndex(({ result }) => result === 'done');
  const deployed = past[at]?.commit;
  const commit = checkout?.commit;
  // One that failed in its build may have left its own commit there.
  if (!deployed || !commit || past.slice(at).some((one) => one.commit === commit)) return [];
  const message = `the checkout is at ${commit.slice(0, 8)}, and ${deployed.slice(0, 8)} was deployed: fleet apply`;
  return [{ code: 'checkout', message, wrong: true }];
}

/** What the next build or switch would lack, and guests may lack before. */
function shortages(name: string, { freeKiB, memory }: Facts): Finding[] {
  const limits = [
    ['/nix/store', requiredKiB.store],
    ['/var/lib/fleet', requiredKiB.state],
    ['/var/lib/microvms', requiredKiB.state],
  ] as const;
  const mib = (kib: number) => `${Math.floor(kib / 1024)} MiB`;
  const found = limits.flatMap(([folder, need]): Finding[] => {
    const free = freeKiB.get(folder) ?? need;
    const message = `${folder} has ${mib(free)} free, fewer than ${mib(need)}: fleet gc ${name}`;
    return free < need ? [{ code: 'disk', message, wrong: true }] : [];
  });
  const available = memory?.availableKiB ?? requiredKiB.memory;
  if (available >= requiredKiB.memory) return found;
  const message = `${mib(available)} of memory are available, fewer than ${mib(requiredKiB.memory)}`;
  return [...found, { code: 'memory', message, wrong: true }];
}

function clockOff(name: string, there: number, here: number): Finding[] {
  const seconds = Math.round(there - here);
  if (Math.abs(seconds) <= skew) return [];
  const message = `its clock is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} this one: fleet ssh ${name} -- systemctl restart systemd-timesyncd`;
  return [{ code: 'clock', message, wrong: true }];
}
