import type { FleetIndex } from '../model/index.ts';
import { fieldsBetween, restartsBy } from './changes.ts';
import type { MachineChange, Since } from './plan.ts';

/** A fleet as the files of a commit have it. */
export interface Filed {
  readonly index: FleetIndex;
  /** Undefined while it has no flake.lock. */
  readonly fingerprints: ReadonlyMap<string, string> | undefined;
}

/** What files alone say: which machines differ since a commit, in what, and who restarts if it runs. */
export function since(commit: string, then: Filed, now: Filed): Since {
  return { commit, machines: machines(then, now) };
}

function machines(then: Filed, now: Filed): MachineChange[] {
  const [old, own] = [then.index.hypervisors, now.index.hypervisors];
  const names = new Set([...own.keys(), ...old.keys()]);
  return [...names].flatMap((hypervisor) => {
    const at = (kind: MachineChange['kind'], target = hypervisor): MachineChange => {
      return { kind, target, hypervisor, changes: [], restarts: 'no' };
    };
    const whole = !old.has(hypervisor)
      ? [at('add')]
      : !own.has(hypervisor)
        ? [at('remove')]
        : hypervisorChange(at('change'), then, now);
    const before = new Set(then.index.vmsOn(hypervisor).map(({ name }) => name));
    const after = new Set(now.index.vmsOn(hypervisor).map(({ name }) => name));
    const vms = [...new Set([...after, ...before])].flatMap((name) => {
      if (!before.has(name)) return [at('add', name)];
      if (!after.has(name)) return [at('remove', name)];
      return vmChange(at('change', name), then, now);
    });
    return [...whole, ...vms];
  });
}

function hypervisorChange(change: MachineChange, then: Filed, now: Filed): MachineChange[] {
  const changes = fieldsBetween(change.target, then.index, now.index);
  return changes.length === 0 ? [] : [{ ...change, changes }];
}

function vmChange(change: MachineChange, then: Filed, now: Filed): MachineChange[] {
  const { target } = change;
  const changes = fieldsBetween(target, then.index, now.index);
  const is = now.fingerprints?.get(target);
  const restarts = restartsBy(changes, is !== undefined && is === then.fingerprints?.get(target));
  return changes.length === 0 && restarts === 'no' ? [] : [{ ...change, changes, restarts }];
}
