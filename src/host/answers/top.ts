import type { GuestUsage, HypervisorUsage, Trend, Usage, VmUsage } from '../../model/usage.ts';
import * as shape from './shape.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Reads what top.sh says. @throws FleetError `top.unreadable` */
export function parseTop(answer: string, hypervisor: string): Usage {
  return shape.understand('top.unreadable', answer, () => {
    const [row] = shape.Rows.in(answer).of('top');
    const told = record(JSON.parse(row?.[0] ?? ''), 'sample');
    const vms = shape.objects(told.vms, 'list of vms').map((vm) => vmIn(vm, hypervisor));
    const reservedFor = vms.filter(({ meant }) => meant).length;
    return { hypervisor: { ...hypervisorIn(told, hypervisor), reservedFor }, vms };
  });
}

function hypervisorIn(told: Fields, name: string): Omit<HypervisorUsage, 'reservedFor'> {
  const own = record(told.hypervisor, 'hypervisor');
  return {
    name,
    at: shape.time(String(told.at ?? ''), 'time of a sample'),
    cpusReserved: amount(own.reservedCpus) ?? 0,
    memoryReserved: amount(own.reserved) ?? 0,
    memoryOfVms: amount(own.used) ?? 0,
    disks: shape.objects(own.disks, 'list of disks').map((disk) => ({
      folder: shape.path(shape.textIn(disk.folder, 'folder'), 'folder'),
      size: amount(disk.size) ?? 0,
      free: amount(disk.free) ?? 0,
    })),
    ...known({
      cpus: amount(own.cpus),
      cpu: amount(own.cpuRate),
      load: amount(own.load),
      memory: amount(own.memory),
      memoryAvailable: amount(own.available),
      stalled: amount(own.full),
      clockSynchronised: typeof own.clock === 'number' ? own.clock === 1 : undefined,
      flakeCopies: amount(own.flakeCopies),
      vmGenerations: amount(own.vmGenerations),
      systemGenerations: amount(own.systemGenerations),
    }),
    trend: trendIn(own.trend),
  };
}

function vmIn(vm: Fields, hypervisor: string): VmUsage {
  const inside = vm.agent ? guestIn(record(vm.agent, 'agent')) : undefined;
  const [day, month] = [amount(vm.day), amount(vm.month)];
  const availability = known({ day, month });
  return {
    name: shape.name(shape.textIn(vm.name, 'name of a vm'), 'name of a vm'),
    hypervisor,
    state: shape.words(shape.textIn(vm.state, 'state of a vm')),
    health: shape.words(shape.textIn(vm.health, 'health of a vm')),
    shed: vm.shed === 1,
    meant: vm.meant === 1,
    priority: amount(vm.priority) ?? 0,
    vcpu: amount(vm.vcpu) ?? 0,
    memoryReserved: vm.meant === 1 ? (amount(vm.reserved) ?? 0) : 0,
    ...known({
      cpu: amount(vm.cpuRate),
      memoryUsed: amount(vm.memory),
      memoryPeak: amount(vm.peak),
      diskUsed: amount(vm.allocated),
      diskReserved: amount(vm.virtual),
      receives: amount(vm.receiveRate),
      sends: amount(vm.transmitRate),
      availability: Object.keys(availability).length > 0 ? availability : undefined,
      inside,
    }),
    trend: trendIn(vm.trend),
  };
}

/** A guest wrote it; what sample.jq let through is looked at once more. @throws what `shape` does */
export function guestIn(agent: Fields): GuestUsage {
  const memory = record(agent.memory ?? {}, 'memory of a guest');
  return {
    units: list(agent.units).map((unit) => shape.words(shape.textIn(unit, 'unit of a guest'))),
    disks: shape.objects(agent.disks ?? [], 'list of file systems').map((disk) => ({
      mount: shape.path(shape.textIn(disk.mount, 'mount of a guest'), 'mount of a guest'),
      ...known({ size: amount(disk.size), free: amount(disk.free) }),
    })),
    ...known({
      memoryTotal: amount(memory.total),
      memoryAvailable: amount(memory.available),
      load: amount(agent.load),
      uptime: amount(agent.uptime),
      failedUnits: amount(agent.failed),
    }),
  };
}

function trendIn(value: unknown): Trend {
  const trend = record(value, 'trend');
  const numbers = (of: unknown) => list(of).map((one) => amount(one) ?? null);
  return { cpu: numbers(trend.cpu), memory: numbers(trend.memory) };
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value.slice(0, 100) : []);

function record(value: unknown, field: string): Fields {
  return shape.objects([value], field)[0] as Fields;
}

/** A number that is no less than nothing; anything else is not known. */
function amount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** Without the fields that nobody knows. */
function known<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
