import { age } from '../model/age.ts';
import { type CheckResult, plainCheck } from '../model/check-result.ts';
import type { Facts, OpenDeployment } from '../model/facts.ts';
import type { Hypervisor } from '../model/fleet.ts';
import type { FleetIndex } from '../model/index.ts';
import { systemName } from '../model/names.ts';
import { outcomeWords } from '../model/result.ts';
import type { Figures, Finding, HypervisorStatus, Origin, Phase } from '../model/status.ts';
import { fate } from '../model/take-up.ts';
import { unknownState } from '../model/unknown-state.ts';
import { checkHypervisor } from './checks.ts';
import { hypervisorChecks } from './drift.ts';
import { type Look, originOf, standingOf, told } from './finding.ts';
import type { Drift } from './plan.ts';
import { shortages } from './resources.ts';

/** Seconds that two clocks may differ; what an answer takes is within it. */
const skew = 30;

/** How a hypervisor is, and what is not as usual with it. */
export function hypervisorStatus(
  index: FleetIndex,
  { name }: Hypervisor,
  { facts, figures, at, atHead = new Map() }: Look,
  found: readonly Drift[],
): HypervisorStatus {
  const deployed = facts.deployed.get(systemName);
  const unknown = unknownState(facts);
  const open = facts.lock ?? facts.open[0];
  const isMoving = open?.atWork ?? false;
  const failed = isMoving ? undefined : lastFailure(figures, atHead);
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
    ...strays(figures),
    ...unwatched(name, figures),
    ...shortages(name, facts, false).map((lack) => ({ ...lack, wrong: true })),
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
    ...(open?.atWork && {
      underWay: {
        ...{ id: open.id, operation: open.operation, operator: open.owner, since: open.since },
        ...(phase && { phase: phase.name, phaseSince: phase.since }),
      },
    }),
  };
}

/** Orphans that cannot be seen from here: of folders and TAPs drift tells. */
function strays({ orphans = [] }: Figures): Finding[] {
  return orphans
    .filter(({ what }) => what !== 'folder' && what !== 'tap')
    .map(({ what, name }) => {
      const message = `${what} ${name} belongs to no vm of the fleet: fleet cleanup`;
      return { code: 'unowned', message, wrong: false };
    });
}

/** Seconds without a look: one may take three minutes, where much is wrong. */
const blind = 300;

/** Its guests are started again by systemd, but nobody sees one that hangs. */
function unwatched(name: string, { uptime, watched }: Figures): Finding[] {
  if (uptime === undefined || watched === undefined || uptime - watched < blind) return [];
  const since = watched === 0 ? 'since it booted' : `for ${age(watched, uptime)}`;
  const message = `its watch has not looked at its guests ${since}: fleet ssh ${name} -- journalctl -u fleet-watch -n 20`;
  return [{ code: 'unwatched', message, wrong: true }];
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
function lastFailure(figures: Figures, atHead: ReadonlyMap<string, boolean>): Finding | undefined {
  const { commit, failure, id, result } = figures.past.at(-1) ?? {};
  if (commit === undefined || result === 'done' || failure === undefined) return undefined;
  const how =
    result === 'untouched' ? 'changed nothing' : `ended ${outcomeWords(result ?? 'unknown')}`;
  const message = `the last deployment ${how}: ${failure} (fleet history ${id})`;
  const range = unreverted(figures);
  // The branch is back at what runs: it is over.
  if (range && atHead.get(range.bad) === false && atHead.get(range.good)) return undefined;
  if (!range || atHead.get(range.bad) === false)
    return { code: 'last-failed', message, wrong: false };
  const commits = `${range.good.slice(0, 8)}..${range.bad.slice(0, 8)}`;
  const hint = `To take its commit back: git revert --no-edit ${commits} && git push\nThen: fleet apply`;
  return { code: 'last-failed', message, hint, wrong: false };
}

/**
 * The commit that made the last deployment fail before it changed anything, and the last that was deployed. fleet reverts
 * only what was rolled back.
 */
export function unreverted({
  past,
}: Pick<Figures, 'past'>): { readonly good: string; readonly bad: string } | undefined {
  const last = past.at(-1);
  if (last?.result !== 'untouched' || !last.isOfCommit) return undefined;
  const good = past.findLast((one) => one.result === 'done')?.commit;
  return good === undefined || good === last.commit ? undefined : { good, bad: last.commit };
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

/** Of a hypervisor it is what was deployed there last, whether its own system changed by it or not. */
function lastOrigin(facts: Facts, figures: Figures): Origin | undefined {
  const deployed = facts.deployed.get(systemName);
  const commit = facts.checkout?.commit ?? deployed?.commit;
  if (deployed === undefined || commit === undefined) return undefined;
  const last = figures.past.findLast((one) => one.commit === commit);
  return originOf({ commit, since: last?.started ?? deployed.since }, figures);
}

function clockOff(name: string, there: number, here: number): Finding[] {
  const seconds = Math.round(there - here);
  if (Math.abs(seconds) <= skew) return [];
  const message = `its clock is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} this one: fleet ssh ${name} -- systemctl restart systemd-timesyncd`;
  return [{ code: 'clock', message, wrong: true }];
}
