import { type Expected, expectedOf, nicsOf, sameWiring } from '../model/expected.ts';
import type { Facts } from '../model/facts.ts';
import type { Vm } from '../model/fleet.ts';
import { isBusy } from '../model/guest-facts.ts';
import type { FleetIndex } from '../model/index.ts';
import { systemName } from '../model/names.ts';
import { dependencyOrder } from '../model/order.ts';
import { lostGeneration } from './collected.ts';
import { hypervisorChecks } from './drift.ts';
import { stopText } from './held-stops.ts';
import type { Action, Drift } from './plan.ts';
import type { Selection } from './selectors.ts';

/** The input for one hypervisor's plan. */
export interface Situation {
  readonly index: FleetIndex;
  readonly hypervisor: string;
  readonly facts: Facts;
  readonly drift: readonly Drift[];
  /** Of the commit to deploy, by target; undefined while its content is unknown (flake.lock still has to be made). */
  readonly fingerprints: ReadonlyMap<string, string> | undefined;
  readonly selection: Selection;
  /** Held targets to release and deploy again. */
  readonly release: ReadonlySet<string>;
  /** Guests to restart, even if nothing else changes. */
  readonly restart: ReadonlySet<string>;
  /** No guest that runs is restarted (`--restart never`). */
  readonly restartsNone: boolean;
  /** Whether the checkout has to move: there will be a new commit, or it is at another one. */
  readonly moves: string | undefined;
}

/** The actions for one hypervisor, in the order in which they are carried out. */
export function actions(s: Situation): Action[] {
  const leaving = [...s.facts.vms.keys()].filter(
    (name) => s.facts.deployed.has(name) && s.index.vms.get(name)?.on !== s.hypervisor,
  );
  const vms = dependencyOrder(s.index.vmsOn(s.hypervisor))
    .filter((vm) => s.selection.targets.has(vm.name))
    .flatMap((vm) => vmActions(vm, s));
  const gone = s.selection.targets.has(s.hypervisor)
    ? leaving.sort((a, b) => (a < b ? -1 : 1))
    : [];
  const rest: Action[] = [
    ...repairActions(s),
    ...gone.map((target): Action => ({ kind: 'set-aside', target, why: leavingWhy(target, s) })),
    ...switchActions(vms, s),
    ...vms,
  ];
  // Building, creating and updating read the checkout. Stopping does not, but the checkout has to be at the commit that
  // asks for it.
  const moves = s.moves ?? (rest.length > 0 && !s.facts.checkout ? 'there is none yet' : undefined);
  return moves ? [{ kind: 'checkout', target: s.hypervisor, why: moves }, ...rest] : rest;
}

function leavingWhy(name: string, s: Situation): string {
  const elsewhere = s.index.vms.get(name)?.on;
  return elsewhere
    ? `moves to ${elsewhere}; its volumes stay here`
    : 'not in fleet.yaml any more; its state is kept';
}

/** Repairs come first: they restore what belongs to the running system and somebody removed. */
function repairActions({ index, hypervisor, facts, selection }: Situation): Action[] {
  if (!selection.targets.has(hypervisor)) return [];
  return hypervisorChecks(index, hypervisor, facts).flatMap(({ fault }): Action[] =>
    fault?.repairs
      ? [{ kind: 'repair', target: hypervisor, why: fault.says, repairs: fault.repairs }]
      : [],
  );
}

function switchActions(vms: readonly Action[], s: Situation): Action[] {
  const why = switchReason(s);
  const wanted =
    s.selection.targets.has(s.hypervisor) ||
    // A selected vm that is new here needs its TAP in the hypervisor's generation.
    vms.some((a) => a.network || a.kind === 'create' || a.kind === 'return');
  if (!why || !wanted) return [];
  const networkd = s.drift.some((d) => d.code === 'bridge');
  return [
    { kind: 'switch', target: s.hypervisor, why, ...(networkd && { networkd: true as const }) },
  ];
}

function switchReason(s: Situation): string | undefined {
  if (s.facts.held.has(systemName) && !s.release.has(s.hypervisor)) return undefined;
  const deployed = s.facts.deployed.get(systemName);
  if (!deployed) return 'not deployed by fleet yet';
  if (s.fingerprints?.get(s.hypervisor) !== deployed.fingerprint)
    return 'its configuration changed';
  return (
    s.drift.find((d) => ['system', 'profile', 'bridge'].includes(d.code))?.message ??
    lostGeneration(s.drift, s.hypervisor)
  );
}

function vmActions(vm: Vm, s: Situation): Action[] {
  const isAsked = s.restart.has(vm.name);
  const found = s.restartsNone && !isAsked ? unlessRestarted(vm, s) : neededActions(vm, s);
  if (!isAsked || !s.facts.vms.has(vm.name)) return found;
  const [first] = found;
  // The build may show that nothing changes. The other actions start the guest anyway, or it must not run.
  if (first?.kind === 'update') return [{ ...first, restart: true }];
  if (first && first.kind !== 'join') return found;
  return [{ kind: 'restart', target: vm.name, why: 'asked for (--restart)' }];
}

/** What can be done without a restart: a new runner is built and waits. What waits already is not built again. */
function unlessRestarted(vm: Vm, s: Situation): Action[] {
  const isUp = s.facts.vms.get(vm.name)?.unit.active === 'active' && vm.state === 'running';
  return neededActions(vm, s).flatMap((action): Action[] => {
    if (!isUp || action.network) return [action];
    if (action.kind === 'restart') return [];
    if (action.kind !== 'update') return [action];
    return isWaiting(vm, s)
      ? []
      : [{ ...action, why: `${action.why}; it waits for a restart`, waits: true }];
  });
}

const isWaiting = ({ name }: Vm, { facts, fingerprints }: Situation): boolean => {
  const fingerprint = facts.waiting.get(name)?.fingerprint;
  return fingerprint !== undefined && fingerprint === fingerprints?.get(name);
};

function neededActions(vm: Vm, s: Situation): Action[] {
  const seen = s.facts.vms.get(vm.name);
  const say = (kind: Action['kind'], why: string, network = false): Action[] => [
    { kind, target: vm.name, why, ...(network && { network: true as const }) },
  ];
  if (!seen) {
    const aside = s.facts.aside.get(vm.name)?.at(-1);
    if (aside) return say('return', `with the state in ${aside}`);
    return say('create', ['new', ...emptyDisks(vm, s)].join('; '));
  }
  // A hold only pins the generation: a held guest that is down, or cut off, is repaired like any other.
  const held = s.facts.held.has(vm.name) && !s.release.has(vm.name);
  const deployed = s.facts.deployed.get(vm.name);
  const active = seen.unit.active === 'active';
  const now = expectedOf(vm, s.index.networks);
  if (!held) {
    const before = deployed?.expected;
    const network = before !== undefined && !sameWiring(before, now);
    if (!deployed)
      return say(
        'update',
        ['not deployed by fleet yet', ...foundDisks(vm, s), ...unseenDisks(vm, s)].join('; '),
      );
    // The hypervisor's files say which bridge a TAP is in, so the vm's own fingerprint does not show it.
    if (network || s.fingerprints?.get(vm.name) !== deployed.fingerprint) {
      const why = network
        ? 'its network changed'
        : isWaiting(vm, s)
          ? 'built already, waits for a restart'
          : 'its configuration changed';
      return say(
        'update',
        [why, ...otherDisks(vm, before, disksOf(vm.name, s)), ...unseenDisks(vm, s)].join('; '),
        network,
      );
    }
    if (seen.current !== deployed.path) return say('update', 'current is not the deployed runner');
    const lost = lostGeneration(s.drift, vm.name);
    if (lost) return say('update', lost);
    if (s.facts.waiting.has(vm.name))
      return say('update', 'fleet.yaml does not want any more what waits for a restart');
  }
  const stop = s.facts.stopped.get(vm.name);
  if (vm.state === 'stopped')
    return isBusy(seen)
      ? say('stop', stop?.isHeld ? stopText(stop) : 'fleet.yaml says stopped')
      : [];
  if (!active)
    return say('start', stop ? stopText(stop) : `microvm@${vm.name} is ${seen.unit.active}`);
  if (seen.booted !== seen.current) {
    // Not if `current` is another runner than the one that the vm is held on: it would start on that.
    if (held && seen.current !== deployed?.path) return [];
    return say('restart', 'current differs from booted');
  }
  const lost = s.drift.find((d) => d.target === vm.name && d.code === 'tap');
  if (!lost) return [];
  const areThere = nicsOf(now).every(({ tap }) => s.facts.interfaces.has(tap));
  return say(areThere ? 'join' : 'restart', lost.message);
}

/** Files in the folder of a vm, in bytes. */
type Disks = ReadonlyMap<string, number>;

const disksOf = (name: string, { facts }: Situation): Disks =>
  facts.images.get(`/var/lib/microvms/${name}`) ?? new Map();

/** Existing files in a folder that fleet did not create and that become disks of the vm. */
function foundDisks(vm: Vm, s: Situation): string[] {
  const disks = disksOf(vm.name, s);
  return vm.volumes.flatMap(({ image, sizeMiB }) => {
    const bytes = disks.get(image);
    if (bytes === undefined) return [];
    const size = Math.round(bytes / 1024 / 1024);
    const other = size === sizeMiB ? '' : `, not the ${sizeMiB} MiB of fleet.yaml`;
    return [
      `${image} is there (${size} MiB${other}) and becomes its disk for ${mountOf(vm, image)}`,
    ];
  });
}

const mountOf = (vm: Vm, image: string): string =>
  vm.volumes.find((v) => v.image === image)?.mount ?? image;

/** A folder may contain so many files that the vm's disks are not among those listed. */
function unseenDisks(vm: Vm, { facts }: Situation): string[] {
  const folder = `/var/lib/microvms/${vm.name}`;
  return vm.volumes.length > 0 && facts.crowded.has(folder)
    ? [`${folder} has so many files that not all were looked at: see what is there`]
    : [];
}

/** A renamed vm is a new vm: its disks are empty, and the old ones stay where they are. */
function emptyDisks(vm: Vm, s: Situation): string[] {
  const { facts, index, hypervisor } = s;
  const left = [...facts.images]
    .filter(([folder]) => {
      const name = folder.split('/').at(-1) ?? '';
      return folder.includes('/.aside/') || index.vms.get(name)?.on !== hypervisor;
    })
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return vm.volumes.flatMap(({ image }) => {
    const alike = left.filter(([, files]) => files.has(image)).map(([folder]) => folder);
    const where = alike.at(-1);
    return where ? [`it starts with an empty ${image}; the one in ${where} stays there`] : [];
  });
}

/** Warnings about empty disks: a guest that gets one looks as healthy as one with all its data. */
function otherDisks(vm: Vm, before: Expected | undefined, disks: Disks): string[] {
  if (!before) return [];
  const left = before.volumes.flatMap((old) => {
    const now = vm.volumes.find((v) => v.image === old.image);
    if (!now) return [`${old.image} stays, but is not mounted any more`];
    // `size` takes effect only when an image is made, so the recorded size may never have been the real one.
    const bytes = disks.get(old.image);
    const size = bytes === undefined ? old.sizeMiB : Math.round(bytes / 1024 / 1024);
    return now.sizeMiB !== size ? [`${old.image} stays at ${size} MiB`] : [];
  });
  const images = new Set(before.volumes.map(({ image }) => image));
  const added = vm.volumes.filter(({ image }) => !images.has(image));
  return [...left, ...added.map(({ image }) => `${image} is another disk, and empty if it is new`)];
}
