import type { StepLimits } from '../../model/fleet.ts';
import { wholeSeconds } from '../../model/time.ts';
import { type NewSystemAccess, parseAccess } from '../answers/access.ts';
import { type Built, parseBuilt } from '../answers/built.ts';
import { Rows } from '../answers/shape.ts';
import type { ScriptName } from '../scripts.ts';

/** A step of a deployment on a hypervisor: what it is, and how its answer is read. */
export interface Step<T = void> {
  readonly title: string;
  readonly script: ScriptName;
  readonly args: readonly string[];
  /** short: two minutes; the others are in fleet.yaml. */
  readonly limit: 'short' | keyof StepLimits;
  /**
   * change: something that runs may change, the way back undoes it; build: it must not make the
   * kernel kill guests; harmless: leaves nothing to roll back.
   */
  readonly kind: 'change' | 'build' | 'harmless';
  /** @throws FleetError when it says what cannot be */
  readonly read: (answer: string) => T;
}

type How = Partial<Pick<Step, 'limit' | 'kind'>>;

function step(title: string, script: ScriptName, args: readonly string[], how: How = {}): Step {
  return { title, script, args, limit: 'short', kind: 'change', ...how, read: () => undefined };
}

/** The checkout becomes a commit. @param from a url, or `bundle` that was sent */
export function checkout(
  id: string,
  to: {
    readonly checkout: string;
    readonly from: string;
    readonly branch: string;
    readonly commit: string;
  },
): Step {
  // A tag may have the branch's name; the first clone of a large repository takes its time.
  const args = [id, to.checkout, to.from, `refs/heads/${to.branch}`, to.commit];
  return step('check out the commit', 'checkout', args, { limit: 'build', kind: 'harmless' });
}

/** A hypervisor's system or a vm's runner. */
export interface Buildable {
  readonly kind: 'hypervisor' | 'vm';
  readonly name: string;
}

/** Builds, and activates nothing. @param jobs evaluations at a time */
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

/** Asks a system that was built who can come in once it runs. */
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

/** Activates a system and leaves the boot default alone. @returns the status of switch-to-configuration; undefined: it did not say */
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

/** Takes away bridges that the system does not have any more. */
export function removeBridges(id: string, bridges: readonly string[]): Step {
  return step(`remove ${bridges.join(', ')}`, 'bridges', [id, ...bridges]);
}

/** Brings back one part of the running system. */
export function repair(words: readonly string[]): Step {
  return step(`repair ${words.slice(0, 2).join(' ')}`, 'repair', words, { kind: 'harmless' });
}

/** Puts a TAP into its bridge. */
export function joinTap(tap: string, bridge: string): Step {
  return step(`join ${tap} to ${bridge}`, 'vm-join', [tap, bridge], { kind: 'harmless' });
}

// Guests. `stopTimeout`: ms that one may take to stop before it is killed.

const guest = { limit: 'guest' } as const;

export function stopVm(name: string, stopTimeout: number): Step {
  return step(`stop ${name}`, 'vm-stop', [name, wholeSeconds(stopTimeout)], guest);
}

export function startVm(name: string): Step {
  return step(`start ${name}`, 'vm-start', [name], guest);
}

/** Makes a vm's folder with a runner that is built already; does not start it. */
export function createVm(name: string, checkout: string, runner: string): Step {
  return step(`create ${name}`, 'vm-create', [name, checkout, runner], guest);
}

/** Restores state that was set aside. */
export function restoreVm(name: string): Step {
  return step(`restore ${name}`, 'vm-return', [name]);
}

/** How a vm gets another runner. */
export interface VmUpdate {
  readonly name: string;
  readonly stopTimeout: number;
  /** It runs afterwards, restarted only if it must be. */
  readonly runs: boolean;
}

const then = ({ runs }: VmUpdate): string => (runs ? 'run' : 'stay');

/** `microvm -u`. */
export function updateVm(vm: VmUpdate, checkout: string): Step {
  const args = [vm.name, wholeSeconds(vm.stopTimeout), checkout, then(vm)];
  return step(`update ${vm.name}`, 'vm-update', args, guest);
}

/** Gives a vm a runner that is built already: no git, no build, no evaluation. */
export function setRunner(vm: VmUpdate, runner: string, title: string): Step {
  return step(title, 'vm-set', [vm.name, runner, wholeSeconds(vm.stopTimeout), then(vm)], guest);
}

/** The state of a vm that left the fleet moves out of the way. @returns where it is */
export function setVmAside(id: string, name: string): Step<string | undefined> {
  return {
    ...step(`set ${name} aside`, 'vm-aside', [id, name]),
    read: (answer) => Rows.in(answer).firsts('aside')[0],
  };
}
