import { guestKeysMount } from '../../model/guest-keys.ts';
import { parseSize } from '../../model/units.ts';
import { imageName, smallestVolume, volumeLabel } from '../../model/volumes.ts';
import type { Finding } from '../finding.ts';
import type { Draft, DraftVm } from '../normalise.ts';

/** Mount points in the guest that a disk would hide. */
const systemMounts = ['/nix', '/run', '/tmp', '/boot', '/etc', '/bin', '/usr', '/usr/bin'];
/** Folders in the guest in which nothing can be mounted at any depth. */
const kept = ['/nix/store', '/nix/.ro-store', '/proc', '/sys', '/dev', guestKeysMount];

/** Whether a volume or share mounted here would hide something of the guest's. */
export const hidesSystem = (mount: string): boolean =>
  systemMounts.includes(mount) || kept.some((folder) => isWithin(mount, folder));

/** Whether a path is this folder or inside of it. */
export const isWithin = (inner: string, outer: string): boolean =>
  inner === outer || inner.startsWith(`${outer}/`);

/** Other names in a vm's state directory. */
const stateFiles = ['flake', 'current', 'booted', 'toplevel'];

function* volumesOf({ layers }: DraftVm) {
  for (const { path, settings } of layers) {
    for (const [i, volume] of (settings.volumes ?? []).entries()) {
      yield { volume, path: [...path, 'volumes', i] };
    }
  }
}

/** The name of an image, as the schema allows it. */
const fileName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** QEMU takes the part before a colon for a protocol, and file systems limit the length. */
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

/** Volumes of a vm need different mounts, image files and labels. */
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

/** A volume must not hide what the guest needs, nor overwrite files of fleet's. */
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

/** A volume that is too small: mkfs would fail, and microvm.nix would never format that image again. */
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
