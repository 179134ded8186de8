import { parseDuration } from '../../model/units.ts';
import type { Finding, Path } from '../finding.ts';
import { type Draft, type DraftVm, origin } from '../normalise.ts';
import { lookEvery, recoveryOf } from '../recovery.ts';

/** systemd waits that long before it restarts a guest (RestartSec of microvm@). */
const restartSec = 5_000;

/** A recovery must not contradict itself: it would never do what it says. */
export function* recovery({ vms }: Draft): Iterable<Finding> {
  const seen = new Set<string>();
  for (const vm of vms.values()) {
    for (const finding of contradictions(vm)) {
      // One in the defaults is reported once.
      const at = JSON.stringify([finding.code, finding.path]);
      if (!seen.has(at)) yield finding;
      seen.add(at);
    }
  }
}

function* contradictions(vm: DraftVm): Iterable<Finding> {
  const said = vm.merged.recovery;
  if (said === undefined) return;
  const { attempts, delay, giveUp, interval, maxDelay, restart, unhealthy } = recoveryOf(said);
  if (delay > maxDelay) {
    yield {
      code: 'E545',
      path: placeOf(vm, 'delay', 'maxDelay'),
      message: `the first delay, ${said.delay ?? '5s'}, is longer than the longest, ${said.maxDelay ?? '5m'} (vm ${vm.name})`,
      hint: 'raise maxDelay, or shorten delay',
    };
  }
  const tooMany = restart !== 'never' && giveUp === 'fail' && attempts * restartSec > interval;
  if (tooMany) {
    yield {
      code: 'E546',
      path: placeOf(vm, 'attempts', 'interval'),
      message: `${attempts} attempts never fit into ${said.interval ?? '10m'}: a restart takes 5s, so the guest would never be given up (vm ${vm.name})`,
      hint: 'lengthen interval, lower attempts, or say giveUp: keep-trying',
    };
  }
  if (parseDuration(said.unhealthy?.every ?? '15s')! < lookEvery) {
    yield {
      code: 'E547',
      path: [...origin(vm, 'recovery'), 'unhealthy', 'every'],
      message: `a hypervisor looks at its guests every 15s, not every ${said.unhealthy?.every} (vm ${vm.name})`,
      hint: 'write 15s or more, and lower after to be quicker',
    };
  }
  const hang = unhealthy.after * unhealthy.every;
  if (!tooMany && unhealthy.restart && giveUp === 'fail' && attempts * hang > interval) {
    yield {
      code: 'W505',
      path: placeOf(vm, 'unhealthy', 'attempts', 'interval'),
      message: `a guest that hangs after each restart is found after ${hang / 1000}s, so it never hangs ${attempts} times in ${said.interval ?? '10m'}, and is never given up (vm ${vm.name})`,
      hint: 'lengthen interval, or lower attempts',
    };
  }
}

/** Where one of these fields of the recovery is written last. */
function placeOf(vm: DraftVm, ...fields: readonly string[]): Path {
  for (const { path, settings } of [...vm.layers].reverse()) {
    const own = settings.recovery as Readonly<Record<string, unknown>> | undefined;
    const field = fields.find((name) => own && Object.hasOwn(own, name));
    if (field !== undefined) return [...path, 'recovery', field];
  }
  return origin(vm, 'recovery');
}
