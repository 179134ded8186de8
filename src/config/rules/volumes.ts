import { guestKeysMount } from '../../model/guest-keys.ts';
import { parseSize } from '../../model/units.ts';
import { imageName, smallestVolume, volumeLabel } from '../../model/volumes.ts';
import type { Finding } from '../finding.ts';
import type { Draft, DraftVm } from '../normalise.ts';

/** Where the guest has something that a disk would hide. */
const systemMounts = ['/nix', '/run', '/tmp', '/boot', '/etc', '/bin', '/usr', '/usr/bin'];
/** Where nothing can be mounted in the guest, not even further inside. */
const kept = ['/nix/store', '/nix/.ro-store', '/proc', '/sys', '/dev', guestKeysMount];

/** Whether a volume or share at this place would be in the way of what the guest has there. */
export const hidesSystem = (mount: string): boolean =>
  systemMounts.includes(mount) || kept.some((folder) => isWithin(mount, folder));

/** Whether a path is this folder or inside of it. */
export const isWithin = (inner: string, outer: string): boolean =>
  inner === outer || inner.startsWith(`${outer}/`);

/** What a vm's state directory holds beside images. */
const stateFiles = ['flake', 'current', 'booted', 'toplevel'];

function* volumesOf({ layers }: DraftVm) {
  for (const { path, settings } of layers) {
    for (const [i, volume] of (settings.volumes ?? []).entries()) {
      yield { volume, path: [...path, 'volumes', i] };
    }
  }
}

/** As the schema has what is written as image. */
const fileName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** QEMU takes what stands before a colon for a protocol; a file system has its limits, too. */
export function* imageNames({ layers }: Draft): Iterable<Finding> {
  for (const { path, settings } of layers) {
    for (const [i, { mount, image }] of (settings.volumes ?? []).entries()) {
      if (image !== undefined || fileName.test(imageName(mount))) continue;
      yield {
        code: 'E530',
        path: [...path, 'volumes', i, 'mount'],
        message: `no image can be named after ${mount}`,
        hint: 'name one: image: data.img',
      };
    }
  }
}

/** No two volumes of a vm share a mount, an image file or a label. */
export function* distinctVolumes({ vms }: Draft): Iterable<Finding> {
  for (const vm of vms.values()) {
    if (vm.merged.volumes.length < 2) continue;
    const taken = new Set<string>();
    for (const { volume, path } of volumesOf(vm)) {
      const { mount, image = imageName(mount), fs = 'ext4' } = volume;
      const claims = { mount, image, label: volumeLabel(mount, fs) };
      for (const [what, value] of Object.entries(claims)) {
        const claim = `${what} ${value}`;
        if (taken.has(claim)) {
          const at = Object.hasOwn(volume, what) ? [...path, what] : [...path, 'mount'];
          const message = `vm ${vm.name} has two volumes with the ${what} ${value}`;
          const hint = what === 'image' ? 'name an image for one of them' : 'change one of the two';
          yield { code: 'E505', path: at, message, hint };
          break;
        }
        taken.add(claim);
      }
    }
  }
}

/** A volume hides nothing that the guest needs and overwrites nothing of fleet's. */
export function* harmlessVolumes({ layers }: Draft): Iterable<Finding> {
  for (const { path, settings } of layers) {
    for (const [i, { mount, image }] of (settings.volumes ?? []).entries()) {
      const at = [...path, 'volumes', i];
      if (hidesSystem(mount)) {
        const message = `a volume at ${mount} would hide what the guest needs there`;
        const hint = 'mount it at another place, such as /var';
        yield { code: 'E506', path: [...at, 'mount'], message, hint };
      }
      if (image !== undefined && stateFiles.includes(image)) {
        const message = `"${image}" is a name that fleet uses in the state directory`;
        yield { code: 'E506', path: [...at, 'image'], message, hint: `write ${image}.img` };
      }
    }
  }
}

/** Mkfs would refuse, and microvm.nix leave an image behind that it never formats again. */
export function* largeEnoughVolumes({ layers }: Draft): Iterable<Finding> {
  for (const { path, settings } of layers) {
    for (const [i, { size, fs = 'ext4' }] of (settings.volumes ?? []).entries()) {
      const least = smallestVolume(fs);
      if (parseSize(size)! >= least) continue;
      yield {
        code: 'E528',
        path: [...path, 'volumes', i, 'size'],
        message: `${size} is too small for ${fs}, which needs ${least} MiB`,
        hint: `write ${least}MiB or more, or use ext4`,
      };
    }
  }
}
