import { type Demand, demand } from '../model/capacity.ts';
import type { Capacity } from '../model/fleet.ts';
import { parseSize } from '../model/units.ts';
import type { DraftVm, Merged } from './normalise.ts';
import type { Capacity as CapacityYaml } from './schema.generated.ts';

/** The declared capacity, with defaults for reserve and overcommitment. */
export function capacityOf(yaml: CapacityYaml = {}): Capacity {
  const { vcpu, memory, disk, reserve = {}, overcommit = {} } = yaml;
  return {
    perVm: parseSize(yaml.perVm ?? '128MiB')!,
    declared: {
      ...(vcpu !== undefined && { vcpu }),
      ...(memory !== undefined && { memory: parseSize(memory)! }),
      ...(disk !== undefined && { disk: parseSize(disk)! }),
    },
    reserve: {
      vcpu: reserve.vcpu ?? 0,
      memory: parseSize(reserve.memory ?? '') ?? 0,
      disk: parseSize(reserve.disk ?? '') ?? 0,
    },
    overcommit: {
      vcpu: overcommit.vcpu ?? 4,
      memory: overcommit.memory ?? 1,
      disk: overcommit.disk ?? 1,
    },
  };
}

export const vcpuOf = ({ vcpu = 1 }: Merged): number => vcpu;

export const memoryOf = ({ memory = '1GiB' }: Merged): number => parseSize(memory)!;

/** What a vm asks for on its hypervisor. */
export function demandOf({ name, merged }: DraftVm, perVm: number): Demand {
  const disk = merged.volumes.reduce((sum, { size }) => sum + parseSize(size)!, 0);
  const amounts = { vcpu: vcpuOf(merged), memory: memoryOf(merged), disk };
  return demand(name, merged.state ?? 'running', amounts, perVm);
}
