import type { StepLimits } from '../../model/fleet.ts';
import { wholeSeconds } from '../../model/time.ts';
import { type NewSystemAccess, parseAccess } from '../answers/access.ts';
import { type Built, parseBuilt } from '../answers/built.ts';
import { Rows } from '../answers/shape.ts';
import type { ScriptName } from '../scripts.ts';

/** A step of a deployment on a hypervisor, and how to read its answer. */
export interface Step<T = void> {
  readonly title: string;
  readonly script: ScriptName;
  readonly args: readonly string[];
  /** short: two minutes; the others are rollout.limits in fleet.yaml. */
  readonly limit: 'short' | keyof StepLimits;
  /**
   * change: something that runs may change, and the way back undoes it; build: limited in memory, so that the
   * kernel does not kill guests for it; harmless: leaves nothing to roll back.
   */
  readonly kind: 'change' | 'build' | 'harmless';
  /** @throws FleetError if the answer is invalid */
  readonly read: (answer: string) => T;
}

type How = Partial<Pick<Step, 'limit' | 'kind'>>;

function step(title: string, script: ScriptName, args: readonly string[], how: How = {}): Step {
  return { title, script, args, limit: 'short', kind: 'change', ...how, read: () => undefined };
}

/** Checks out a commit. @param from a url, or `bundle` for the bundle that was sent */
export function checkout(
  id: string,
  to: {
    readonly checkout: string;
    readonly from: string;
    readonly branch: string;
    readonly commit: string;
  },
): Step {
  // refs/heads/, because a tag may have the branch's name. The limit is long: a first clone of a large repository takes time.
  const args = [id, to.checkout, to.from, `refs/heads/${to.branch}`, to.commit];
  return step('check out the commit', 'checkout', args, { limit: 'build', kind: 'harmless' });
}

/** A hypervisor's system or a vm's runner. */
export interface Buildable {
  readonly kind: 'hypervisor' | 'vm';
  readonly name: string;
}

/** Builds without activating anything. @param jobs evaluations at a time */
export function build(
  id: string,
  checkout: string,
  jobs: number | 'auto',
  wanted: readonly Buildable[],
): Step<Built> {
  const names = wanted.map(({ name }) => name);
  return {
    ...step(
      'build',
      'build',
      [id, checkout, String(jobs), ...wanted.map(({ kind, name }) => `${kind}:${name}`)],
      { limit: 'build', kind: 'build' },
    ),
    read: (answer) => parseBuilt(answer, names),
  };
}

/** Reads from a system that was built who can log in once it runs. */
export function access(
  checkout: string,
  hypervisor: string,
  toplevel: string,
): Step<NewSystemAccess> {
  return {
    ...step('check ssh access to the new system', 'access', [checkout, hypervisor, toplevel], {
      limit: 'build',
      kind: 'build',
    }),
    read: parseAccess,
  };
}

/** Activates a system, but leaves the boot default alone. @returns the exit status of switch-to-configuration, if known */
export function switchSystem(
  id: string,
  toplevel: string,
  restartsNetworkd: boolean,
): Step<number | undefined> {
  const args = [id, toplevel, 'test', restartsNetworkd ? 'networkd' : '-'];
  return {
    ...step('switch, boot default untouched', 'switch', args, { limit: 'switch' }),
    read: (answer) => {
      const code = Rows.in(answer).firsts('switched').at(-1) ?? '';
      return /^\d{1,3}$/.test(code) ? Number(code) : undefined;
    },
  };
}

/** Makes a system the boot default. */
export function setBootDefault(id: string, toplevel: string, generation: 'new' | 'return'): Step {
  return step('set the boot default', 'switch', [id, toplevel, 'boot', generation]);
}

/** Removes bridges that the system no longer has. */
export function removeBridges(id: string, bridges: readonly string[]): Step {
  return step(`remove ${bridges.join(', ')}`, 'bridges', [id, ...bridges]);
}

/** Restores one part of the running system that somebody removed. */
export function repair(words: readonly string[]): Step {
  return step(`repair ${words.slice(0, 2).join(' ')}`, 'repair', words, { kind: 'harmless' });
}

/** Puts a TAP into its bridge. */
export function joinTap(tap: string, bridge: string): Step {
  return step(`join ${tap} to ${bridge}`, 'vm-join', [tap, bridge], { kind: 'harmless' });
}

// Guests. `stopTimeout`: ms that a guest may take to stop before it is killed.

const guest = { limit: 'guest' } as const;

export function stopVm(name: string, stopTimeout: number): Step {
  return step(`stop ${name}`, 'vm-stop', [name, wholeSeconds(stopTimeout)], guest);
}

export function startVm(name: string): Step {
  return step(`start ${name}`, 'vm-start', [name], guest);
}

/** Creates a vm's folder with a runner that is already built; does not start it. */
export function createVm(name: string, checkout: string, runner: string): Step {
  return step(`create ${name}`, 'vm-create', [name, checkout, runner], guest);
}

/** Restores state that was set aside. */
export function restoreVm(name: string): Step {
  return step(`restore ${name}`, 'vm-return', [name]);
}

/** A vm that gets another runner. */
export interface VmUpdate {
  readonly name: string;
  readonly stopTimeout: number;
  /** Whether it runs afterwards; restarted only if necessary. */
  readonly runs: boolean;
}

const then = ({ runs }: VmUpdate): string => (runs ? 'run' : 'stay');

/** Runs `microvm -u`, or `-Ru` if the vm runs. */
export function updateVm(vm: VmUpdate, checkout: string): Step {
  const args = [vm.name, wholeSeconds(vm.stopTimeout), checkout, then(vm)];
  return step(`update ${vm.name}`, 'vm-update', args, guest);
}

/** Gives a vm a runner that is already built: no git, no build, no evaluation. */
export function setRunner(vm: VmUpdate, runner: string, title: string): Step {
  return step(title, 'vm-set', [vm.name, runner, wholeSeconds(vm.stopTimeout), then(vm)], guest);
}

/** Moves the state of a vm that left the fleet out of the way. @returns where it is now */
export function setVmAside(id: string, name: string): Step<string | undefined> {
  return {
    ...step(`set ${name} aside`, 'vm-aside', [id, name]),
    read: (answer) => Rows.in(answer).firsts('aside')[0],
  };
}
