import { shortages } from '../../model/capacity.ts';
import { askers, beside, reckoning, shortageLine } from '../../model/shortage-text.ts';
import { capacityOf, demandOf } from '../capacity.ts';
import type { Finding } from '../finding.ts';
import type { Draft } from '../normalise.ts';

const codes = { vcpu: 'E701', memory: 'E702', disk: 'E703' } as const;

/** The vms of a hypervisor have to fit on it, as far as its capacity is declared. */
export function* capacity({ hypervisors }: Draft): Iterable<Finding> {
  for (const { name, path, yaml, vms } of hypervisors.values()) {
    if (yaml.capacity === undefined) continue;
    const known = capacityOf(yaml.capacity);
    for (const shortage of shortages(
      known.declared,
      known,
      vms.map((vm) => demandOf(vm, known.perVm)),
    )) {
      const by = askers(shortage).map((vm) => `${vm.name} ${vm.amount}`);
      yield {
        code: codes[shortage.resource],
        path,
        on: 'key',
        message: `${name} cannot hold its vms: ${shortageLine(shortage)}`,
        hint: `to give: ${[reckoning(shortage), ...beside(shortage)].join('; ')}; move or shrink some of ${by.join(', ')}`,
      };
    }
  }
}
