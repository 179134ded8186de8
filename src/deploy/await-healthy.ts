import type { CheckResult } from '../model/check-result.ts';
import type { Check, Rollout } from '../model/fleet.ts';
import { logsOf } from '../model/names.ts';
import type { Clock } from '../model/time.ts';
import { checkVm, type VmTarget } from '../plan/checks.ts';
import { checkpoint } from './interrupt.ts';
import { Look } from './look.ts';
import { probe } from './probes.ts';
import type { Watched } from './watched.ts';

/** How long a guest is looked at, and by which checks. */
export interface Waiting {
  readonly checks: readonly Check[];
  readonly rollout: Pick<Rollout, 'deadline' | 'settle'>;
  readonly signal: AbortSignal;
  /** Which checks count: those that failed before a change need not pass after it. Default: all. */
  readonly demanded?: (check: CheckResult) => boolean;
  /** Called at every look that finds it healthy. */
  readonly onHealthy?: () => void;
}

/**
 * Looks at a guest until it has been healthy for the settle time without a restart, counted from
 * its first healthy answer.
 * @throws NotHealthy after the deadline (or a check's own, if it has one), or at once when the guest died.
 */
export async function awaitHealthy(
  session: Watched,
  clock: Clock,
  vm: VmTarget,
  { checks, rollout, signal, demanded = () => true, onHealthy }: Waiting,
): Promise<readonly CheckResult[]> {
  const limits = checks.map((c) => c.withinMs ?? rollout.deadline);
  const longest = Math.max(rollout.deadline, ...limits);
  const started = clock.now();
  const hint = `More of its log: ${logsOf(vm.name)}${session.id === undefined ? '' : ` --deployment ${session.id}`}`;
  const look = new Look(session, clock, vm.name);
  const settled = (ms = 0): CheckResult => ({
    target: vm.name,
    check: 'settled',
    ok: true,
    expected: `same invocation for ${rollout.settle / 1000} s`,
    seen: `same invocation for ${(ms / 1000).toFixed(1)} s`,
  });
  let healthySince: number | undefined;
  let life: string | undefined;
  let pause = 100;
  for (;;) {
    checkpoint(signal);
    const asked = clock.now();
    const health = await session.health(vm.state === 'running' ? [vm.expected.address] : []);
    const answered = clock.now();
    const results = checkVm(vm, health).filter(demanded);
    const isUp = results.every((r) => r.ok);
    // How long the checks that fail now may take to pass.
    let limit = isUp ? longest : rollout.deadline;
    if (vm.state === 'running' && isUp) {
      const probed = await probe(session.host, vm.name, vm.expected.address, checks);
      limit = Math.min(longest, ...limits.filter((_, i) => probed[i]?.ok === false));
      results.push(...probed);
    }
    const isHealthy = results.every((r) => r.ok);
    if (vm.state === 'stopped') {
      if (isHealthy) return results;
      throw look.failed('did not stop', results);
    }
    const seen = health.vms.get(vm.name);
    // Restart=always hides a guest, or a virtiofsd, that dies; the invocation shows it. NRestarts
    // does not: it is 0 again after each restart, as the helpers are PartOf= the guest.
    const now = seen?.unit.invocation && `${seen.unit.invocation} ${seen.virtiofsd.invocation}`;
    if (life !== undefined && now && now !== life) {
      throw look.failed(
        'died and was restarted by systemd',
        [...results, { ...settled(), ok: false, seen: 'restarted' }],
        hint,
      );
    }
    const shares = vm.expected.virtiofs === false || seen?.virtiofsd.active === 'active';
    if (!life && seen?.unit.active === 'active' && shares) life = now;

    healthySince = isHealthy ? (healthySince ?? clock.now()) : undefined;
    if (isHealthy) onHealthy?.();
    if (healthySince !== undefined && clock.now() - healthySince >= rollout.settle) {
      return [...results, settled(clock.now() - healthySince)];
    }
    // A guest that is now healthy, now not, gets one more settle time, and no more.
    if (clock.now() - started > limit + (healthySince === undefined ? 0 : rollout.settle)) {
      throw look.failed(`is not healthy after ${limit / 1000} s`, results, hint);
    }
    if (healthySince === undefined) look.waiting(results, started, limit);
    else {
      const stands = { ...settled(clock.now() - healthySince), ok: false };
      look.waiting([stands], healthySince, rollout.settle);
    }
    // Guests that settle side by side are looked at on whole seconds, so that one look serves them all.
    const second = 1000 - (clock.now() % 1000);
    const left = healthySince === undefined ? pause : rollout.settle - (clock.now() - healthySince);
    await clock.sleep(Math.max(20, Math.min(left, healthySince === undefined ? pause : second)));
    // A hypervisor that is slow to answer has enough to do: looks take a third of its time at most.
    pause = Math.min(Math.max(1000, 2 * (answered - asked)), pause * 1.5);
  }
}
