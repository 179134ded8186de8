import type { FactsGist, VmGist } from './facts-gist.ts';
import type { Action } from './plan.ts';
import type { PlanFile } from './plan-file.ts';

/**
 * What has changed since a plan was saved, as sentences; none if it can be carried out as it was shown.
 * @param now the same, made from desk and hypervisors as they are now
 */
export function staleness(file: PlanFile, now: PlanFile): string[] {
  const desk = deskMoved(file, now);
  return [
    ...desk,
    ...file.plan.hypervisors.flatMap(({ name }) => {
      const found = hypervisorMoved(name, file, now);
      // Last, actions that differ for any other reason: an interface that is gone, another version of fleet.
      return desk.length + found.length > 0 ? found : actionsMoved(name, file, now);
    }),
  ];
}

function deskMoved(file: PlanFile, now: PlanFile): string[] {
  if (file.fleet !== now.fleet)
    return [`the plan is for the fleet "${file.fleet}", this is "${now.fleet}"`];
  if (file.config !== now.config) return [`the plan is for ${file.config}, not ${now.config}`];
  const found: string[] = [];
  if ((file.on ?? '') !== (now.on ?? '')) {
    found.push(`the plan was made ${selection(file.on)}, not ${selection(now.on)}`);
  }
  if (file.release.join() !== now.release.join()) {
    found.push(`the plan releases ${file.release.join(', ') || 'nothing'}`);
  }
  if (file.head !== now.head) found.push(`HEAD is at ${at(now.head)} and was at ${at(file.head)}`);
  const paths = [...new Set([...Object.keys(file.files), ...Object.keys(now.files)])].sort();
  const changed = paths.filter((path) => own(file.files, path) !== own(now.files, path));
  // Rendered files then change, too.
  if (changed.includes(file.config)) found.push(`${file.config} changed`);
  else {
    const rendered = changed.filter((path) => path !== 'flake.lock');
    if (rendered.length > 0)
      found.push(`another version of fleet made the plan: it renders ${rendered.join(', ')}`);
  }
  if (changed.includes('flake.lock')) found.push('flake.lock changed');
  return found;
}

function selection(on: string | null): string {
  return on === null ? 'without --on' : `with --on ${on}`;
}

function hypervisorMoved(name: string, file: PlanFile, now: PlanFile): string[] {
  const before = own(file.hypervisors, name);
  const after = own(now.hypervisors, name);
  if (!before) return [`${name} was not looked at`];
  if (!after) {
    const why = now.plan.hypervisors.find((h) => h.name === name)?.unreachable?.split('\n')[0];
    return [why ? `${name} cannot be reached: ${why}` : `${name} is no longer part of it`];
  }
  const vms = [...new Set([...Object.keys(before.vms), ...Object.keys(after.vms)])].sort();
  return [
    ...systemMoved(before, after),
    ...vms.flatMap((vm) => {
      const moved = vmMoved(own(before.vms, vm) ?? noVm, own(after.vms, vm) ?? noVm);
      return moved.map((what) => `${vm} ${what}`);
    }),
  ].map((what) => `${name}: ${what}`);
}

function systemMoved(before: FactsGist, after: FactsGist): string[] {
  const found: string[] = [];
  if (before.fleet !== after.fleet) found.push(`the fleet "${after.fleet}" deployed there`);
  if (before.deployed !== after.deployed) found.push('another system was deployed');
  if (before.system !== after.system) found.push('another system runs');
  else if (before.profile !== after.profile) found.push('a reboot would boot another system');
  if (before.commit !== after.commit)
    found.push(`the checkout is at ${at(after.commit)} and was at ${at(before.commit)}`);
  else if (before.dirty !== after.dirty) found.push('the checkout was changed by hand');
  if (before.held !== after.held)
    found.push(`its system is ${after.held ? 'held now' : 'not held any more'}`);
  return found;
}

const noVm: VmGist = {
  there: false,
  current: null,
  booted: null,
  active: false,
  deployed: null,
  held: false,
};

function vmMoved(before: VmGist, after: VmGist): string[] {
  if (before.there !== after.there) return [after.there ? 'is there now' : 'is gone'];
  const found: string[] = [];
  if (before.deployed !== after.deployed) found.push('was deployed');
  if (before.active !== after.active)
    found.push(after.active ? 'runs now' : 'does not run any more');
  else if (before.booted !== after.booted) found.push('runs another runner');
  if (before.current !== after.current) found.push('has another runner in current');
  if (before.held !== after.held) found.push(after.held ? 'is held now' : 'is not held any more');
  return found;
}

function actionsMoved(name: string, file: PlanFile, now: PlanFile): string[] {
  const words = ({ plan }: PlanFile) => {
    const actions = plan.hypervisors.find((h) => h.name === name)?.actions ?? [];
    return actions.map(word);
  };
  const before = words(file);
  const after = words(now);
  const fresh = after.filter((word) => !before.includes(word));
  const gone = before.filter((word) => !after.includes(word));
  return [
    ...(fresh.length > 0 ? [`${name}: ${fresh.join(', ')} would be done, too`] : []),
    ...(gone.length > 0 ? [`${name}: ${gone.join(', ')} would no longer be done`] : []),
  ];
}

function word({ kind, target, network, networkd }: Action): string {
  const how = network ? ' (network)' : networkd ? ' (networkd)' : '';
  return `${kind} ${target}${how}`;
}

/** A vm may be called `constructor`. */
function own<V>(record: Readonly<Record<string, V>>, key: string): V | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function at(commit: string | null): string {
  return commit === null ? 'no commit' : commit.slice(0, 8);
}
