import type { Finding } from '../finding.ts';
import { autostart, type Draft, type DraftVm, origin } from '../normalise.ts';

const state = (vm: DraftVm): string => vm.merged.state ?? 'running';

/** Where a dependency is written. */
function pathTo(vm: DraftVm, name: string) {
  for (const { path, settings } of vm.layers.toReversed()) {
    const i = settings.dependsOn?.indexOf(name) ?? -1;
    if (i >= 0) return [...path, 'dependsOn', i];
  }
  return origin(vm, 'dependsOn');
}

/** A vm may depend only on vms of the same hypervisor that run whenever it does. */
export function* dependencies(draft: Draft): Iterable<Finding> {
  const { vms } = draft;
  for (const vm of vms.values()) {
    for (const name of vm.merged.dependsOn) {
      const other = vms.get(name);
      if (!other) continue;
      if (other.yaml.on !== vm.yaml.on) {
        const message = `${vm.name} is on ${vm.yaml.on}, but ${name} is on ${other.yaml.on}`;
        const hint = 'a vm can depend on vms of the same hypervisor only';
        yield { code: 'E503', path: pathTo(vm, name), message, hint };
      }
      if (state(vm) === 'running' && state(other) === 'stopped') {
        const message = `${vm.name} runs, but ${name} which it depends on is stopped`;
        const hint = `stop ${vm.name} too, or let ${name} run`;
        yield { code: 'E504', path: pathTo(vm, name), message, hint };
      } else if (autostart(vm, draft) !== 'never' && autostart(other, draft) === 'never') {
        const message = `${vm.name} starts after a reboot, but ${name} which it depends on does not`;
        const hint = `set autostart: never for ${vm.name} too, or let ${name} start`;
        yield { code: 'E526', path: pathTo(vm, name), message, hint };
      }
    }
  }
}

/** Dependencies must have no cycle. Without recursion, because chains can be as long as the fleet. */
export function* dependencyCycles({ vms }: Draft): Iterable<Finding> {
  const done = new Set<DraftVm>();
  for (const start of vms.values()) {
    const trail: { vm: DraftVm; next: number }[] = [];
    const position = new Map<DraftVm, number>();
    const enter = (vm: DraftVm) => {
      position.set(vm, trail.length);
      trail.push({ vm, next: 0 });
    };
    if (!done.has(start)) enter(start);
    for (let step = trail.at(-1); step; step = trail.at(-1)) {
      const name = step.vm.merged.dependsOn[step.next++];
      const other = name === undefined ? undefined : vms.get(name);
      if (name === undefined) {
        done.add(step.vm);
        position.delete(step.vm);
        trail.pop();
      } else if (other && position.has(other)) {
        const names = trail.slice(position.get(other)).map(({ vm }) => vm.name);
        const shown = names.length > 8 ? [...names.slice(0, 7), '…'] : names;
        const message = `vms depend on each other: ${[...shown, name].join(' → ')}`;
        const hint = 'remove one of these dependencies';
        yield { code: 'E502', path: pathTo(step.vm, name), message, hint };
      } else if (other && !done.has(other)) {
        enter(other);
      }
    }
  }
}
