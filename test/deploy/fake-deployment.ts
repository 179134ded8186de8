import { parseExpected } from '../../src/model/expected.ts';
import type { Facts } from '../../src/model/facts.ts';
import { isBusy, type VmFacts } from '../../src/model/guest-facts.ts';
import { systemName } from '../../src/model/names.ts';
import { unit, withEntry } from '../plan/situation.ts';

/** What a pretend hypervisor remembers of a deployment, as in /var/lib/fleet/deployments. */
export interface FakeDeployment {
  readonly id: string;
  /** How everything was when it began. */
  readonly before: Facts;
  /** Vms that its way back puts back. */
  readonly targets: readonly string[];
  decided?: 'back' | 'confirmed';
  /** A step ran that changes something. */
  isChanging: boolean;
  isSwitching: boolean;
  lastStep: number;
  /** Rows that confirm.sh was given. */
  after: readonly (readonly string[])[];
  /** What `back` says once it was taken. */
  answer?: string;
  /** Rows that failure.sh was given first. */
  failure?: string;
  result?: string;
}

/** The runner a vm goes back to, as begin.sh has it. */
const former = (vm: VmFacts, { deployed }: Facts): string | undefined => {
  const { booted, current } = vm;
  const isVerified = (runner: string | undefined) => runner === deployed.get(vm.name)?.path;
  if (!isBusy(vm) || !booted || isVerified(current)) return current;
  if (isVerified(booted) || !current) return booted;
  return vm.unit.active === 'active' && (vm.unit.activeFor ?? 30) >= 30 ? booted : current;
};

/**
 * Everything as it was when the deployment began. Guests that ran on something else, or do not run,
 * start in a new life.
 * @returns also the names of those
 */
export function putBack(
  { before, targets }: FakeDeployment,
  now: Facts,
  life: () => string,
): { facts: Facts; started: string[] } {
  const started: string[] = [];
  let { vms, aside } = now;
  for (const name of targets) if (!before.vms.has(name)) vms = withEntry(vms, name, undefined);
  for (const then of before.vms.values()) {
    const { name } = then;
    const seen = vms.get(name);
    const runner = former(then, before);
    if (!seen) aside = withEntry(aside, name, undefined);
    const isRunning = seen?.unit.active === 'active' && seen.booted === runner;
    const isSame = isRunning && (!targets.includes(name) || seen.current === runner);
    if (isBusy(then)) {
      if (isSame) continue;
      started.push(name);
      const up = unit('active', { invocation: life() });
      vms = withEntry(vms, name, {
        ...then,
        current: runner,
        booted: runner,
        unit: up,
        virtiofsd: up,
        lingers: false,
      });
    } else if (targets.includes(name)) vms = withEntry(vms, name, { ...then, current: runner });
  }
  const { currentSystem, systemProfile, checkout, interfaces, deployed, held } = before;
  return {
    facts: {
      ...now,
      vms,
      aside,
      currentSystem,
      systemProfile,
      checkout,
      interfaces,
      deployed,
      held,
    },
    started,
  };
}

/** What finish (deployments.sh) makes of the rows of a confirmed deployment. */
export function finish({ after }: FakeDeployment, now: Facts): Facts {
  let { deployed, held, fleet } = now;
  for (const [kind, name = '', one = '', two = '', three = '', commit = '', , text] of after) {
    if (kind === 'fleet') fleet = name;
    if (kind === 'release') held = withEntry(held, name, undefined);
    if (kind === 'hold')
      held = withEntry(held, name, { from: one, to: two, operator: three, since: now.now });
    if (kind === 'record') {
      const expected = parseExpected(text);
      const record = { fingerprint: one, path: two, commit, since: now.now, expected };
      deployed = withEntry(deployed, name, record);
    }
  }
  return { ...now, deployed, held, fleet };
}

/** `back` as it is printed. */
export function backText(
  { before, targets, decided, isChanging, isSwitching, result }: FakeDeployment,
  started: readonly string[],
  { bootId, isAlone }: { readonly bootId: string; readonly isAlone?: boolean },
): string {
  const rows = [
    `boot\t${bootId}`,
    ...(isAlone ? ['alone'] : []),
    ...[...before.vms.values()].map((vm) => {
      const was = isBusy(vm) ? 'active' : 'inactive';
      return [
        'vm',
        vm.name,
        vm.current ?? '-',
        vm.booted ?? '-',
        was,
        former(vm, before) ?? '-',
      ].join('\t');
    }),
    ...targets.map((name) => `target\t${name}`),
    ...(isChanging ? ['changed'] : []),
    ...(result === undefined ? [] : [`result\t${result}`]),
    ...(decided === 'back' ? ['back\tno 0'] : []),
    ...[...(isSwitching ? [systemName] : []), ...started].map((name) => `put-back\t${name}`),
  ];
  return rows.map((row) => `${row}\n`).join('');
}
