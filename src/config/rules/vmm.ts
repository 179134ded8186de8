import { abilities, isVmm, unstoppable } from '../../model/vmm.ts';
import type { Finding } from '../finding.ts';
import { type Draft, type DraftVm, origin } from '../normalise.ts';
import type { Settings } from '../schema.generated.ts';

/** A VMM has to be able to shut a guest down. */
export function* stoppable({ layers }: Draft): Iterable<Finding> {
  for (const { path, settings } of layers) {
    const { hypervisor = '' } = settings;
    if (!unstoppable.includes(hypervisor)) continue;
    yield {
      code: 'E520',
      path: [...path, 'hypervisor'],
      message: `${hypervisor} cannot be told to shut a guest down: a stop would be a power cut`,
      hint: `one of ${Object.keys(abilities).join(', ')}`,
    };
  }
}

/** A vm must not use what its VMM does not support: the evaluation would fail, or the setting have no effect. */
export function* able(draft: Draft): Iterable<Finding> {
  for (const vm of draft.vms.values()) {
    const vmm = vm.merged.hypervisor ?? 'qemu';
    if (!isVmm(vmm)) continue;
    const can = abilities[vmm];
    const {
      agent,
      balloon,
      credentials,
      dumps,
      exports,
      shares,
      sshHostKey,
      store = 'shared',
    } = vm.merged;
    if (!can.virtiofs && store === 'shared') {
      const written = vm.layers.some(({ settings }) => settings.store !== undefined);
      const field = written ? 'store' : 'hypervisor';
      yield lacks(vm, field, `${vmm} cannot share a store`, 'add store: disk');
    }
    if (!can.virtiofs && shares.length > 0) yield lacks(vm, 'shares', `${vmm} has no shares`);
    if (!can.virtiofs) yield* runChecks(vm, vmm);
    if (!can.virtiofs && sshHostKey)
      yield lacks(vm, 'sshHostKey', `${vmm} has no shares, in which the key comes`);
    if (!can.virtiofs && exports.length > 0)
      yield lacks(vm, 'exports', `fleet cannot fetch a file out of a guest of ${vmm}`);
    if (!can.balloon && balloon) yield lacks(vm, 'balloon', `${vmm} has no balloon`);
    if (!can.credentials && Object.keys(credentials).length > 0) {
      yield lacks(vm, 'credentials', `${vmm} has no credentials`, 'only qemu has them');
    }
    if (vmm !== 'qemu' && agent)
      yield lacks(vm, 'agent', `${vmm} has no serial ports for an agent`);
    if (vmm !== 'qemu' && dumps?.guest)
      yield lacks(vm, 'dumps', `${vmm} cannot dump the memory of a guest`, 'only qemu can');
    if (!can.vsock && vm.yaml.vsock !== undefined) {
      const message = `microvm -s does not reach guests of ${vmm} (vm ${vm.name})`;
      const hint = 'leave vsock out, or use qemu or cloud-hypervisor';
      yield { code: 'E521', path: [...vm.path, 'vsock'], on: 'key', message, hint };
    }
    if (vmm === 'firecracker') {
      yield* firecrackerCpus(vm, draft);
      yield* firecrackerStops(vm, draft);
    }
  }
}

/** `run` checks need a share, by which the guest gets its ssh host key. */
function* runChecks(vm: DraftVm, vmm: string): Iterable<Finding> {
  for (const { path, settings } of vm.layers) {
    for (const [i, { run }] of (settings.checks ?? []).entries()) {
      if (run === undefined) continue;
      const message = `fleet cannot run a check inside a guest of ${vmm} (vm ${vm.name})`;
      const hint = 'use a tcp or http check, or qemu or cloud-hypervisor';
      yield { code: 'E521', path: [...path, 'checks', i, 'run'], on: 'key', message, hint };
    }
  }
}

/** On x86 firecracker uses multithreading, so it takes one vcpu or an even number. */
function* firecrackerCpus(vm: DraftVm, { hypervisors }: Draft): Iterable<Finding> {
  const vcpu = vm.merged.vcpu ?? 1;
  const paired = hypervisors.get(vm.yaml.on)?.yaml.system === 'x86_64-linux';
  if (vcpu <= 32 && !(paired && vcpu > 1 && vcpu % 2 === 1)) return;
  yield lacks(
    vm,
    'vcpu',
    `firecracker cannot give a guest ${vcpu} vcpus`,
    paired ? '1, or an even number up to 32' : 'at most 32',
  );
}

/** firecracker on aarch64 refuses SendCtrlAltDel, so a guest cannot be shut down. */
function* firecrackerStops(vm: DraftVm, { hypervisors }: Draft): Iterable<Finding> {
  if (hypervisors.get(vm.yaml.on)?.yaml.system !== 'aarch64-linux') return;
  yield {
    code: 'E520',
    path: origin(vm, 'hypervisor'),
    message: `firecracker on aarch64 cannot be told to shut a guest down: a stop would be a power cut (vm ${vm.name})`,
    hint: 'use qemu or cloud-hypervisor',
  };
}

function lacks(
  vm: DraftVm,
  field: keyof Settings,
  what: string,
  hint = 'use qemu or cloud-hypervisor',
): Finding {
  return {
    code: 'E521',
    path: origin(vm, field),
    on: 'key',
    message: `${what} (vm ${vm.name})`,
    hint,
  };
}

/** vsock cids have to be different on a hypervisor. */
export function* distinctCids({ hypervisors }: Draft): Iterable<Finding> {
  for (const { name, vms } of hypervisors.values()) {
    const owners = new Map<number, DraftVm>();
    for (const vm of vms) {
      const cid = vm.yaml.vsock;
      if (cid === undefined) continue;
      const owner = owners.get(cid);
      if (owner === undefined) {
        owners.set(cid, vm);
        continue;
      }
      let free = 3;
      while (vms.some(({ yaml }) => yaml.vsock === free)) free++;
      const message = `${cid} is already the cid of vm ${owner.name} on ${name}`;
      yield { code: 'E522', path: [...vm.path, 'vsock'], message, hint: `${free} is free` };
    }
  }
}
