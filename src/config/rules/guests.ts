import { parseSize } from '../../model/units.ts';
import type { Finding } from '../finding.ts';
import { type Draft, origin } from '../normalise.ts';

/** QEMU's microvm machine does not boot with exactly 2 GiB (microvm.nix issue 171). */
export function* memory({ vms }: Draft): Iterable<Finding> {
  for (const vm of vms.values()) {
    if ((vm.merged.hypervisor ?? 'qemu') !== 'qemu') continue;
    if (parseSize(vm.merged.memory ?? '') !== 2048) continue;
    yield {
      code: 'E501',
      path: origin(vm, 'memory'),
      message: `QEMU hangs with exactly 2 GiB of memory (vm ${vm.name})`,
      hint: 'write 2049MiB, or 2047MiB',
    };
  }
}

/** Longer names do not fit after opt/io.systemd.credentials/ into the 55 characters that QEMU allows. */
const maxCredentialName = 28;

/** A credential needs a name that QEMU can pass on. */
export function* credentialNames({ layers }: Draft): Iterable<Finding> {
  for (const { path, settings } of layers) {
    for (const name of Object.keys(settings.credentials ?? {})) {
      if (name.length <= maxCredentialName) continue;
      yield {
        code: 'E525',
        path: [...path, 'credentials', name],
        on: 'key',
        message: `the name of a credential has at most ${maxCredentialName} characters`,
        hint: `write ${name.slice(0, maxCredentialName).replace(/[-_.]+$/, '')}`,
      };
    }
  }
}
