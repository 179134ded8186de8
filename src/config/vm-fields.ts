import type { Credential, Share, User, Vmm, Volume } from '../model/fleet.ts';
import { byName } from '../model/names.ts';
import { shareTag } from '../model/shares.ts';
import { parseSize } from '../model/units.ts';
import { imageName, volumeLabel } from '../model/volumes.ts';
import type {
  Settings,
  Share as ShareYaml,
  Users,
  Volume as VolumeYaml,
} from './schema.generated.ts';

// Fields of vms in the form that the Fleet has.

export const vmmOf = ({ hypervisor = 'qemu' }: Settings): Vmm => hypervisor as Vmm;

export const stateVersionOf = ({ stateVersion = '25.11' }: Settings): string => stateVersion;

export function users(given: Users | undefined): User[] {
  return Object.entries(given ?? {})
    .map(([name, { groups = [], sshKeys = [] }]) => ({ name, groups, sshKeys }))
    .sort(byName);
}

export function volume({ mount, size, image, fs = 'ext4' }: VolumeYaml): Volume {
  return {
    mount,
    image: image ?? imageName(mount),
    fs,
    sizeMiB: parseSize(size)!,
    label: volumeLabel(mount, fs),
  };
}

export function share({ source, mount, readOnly = false }: ShareYaml): Share {
  return { source, mount, readOnly, tag: shareTag(mount) };
}

export function credentials(given: Readonly<Record<string, string>>): Credential[] {
  return Object.entries(given)
    .map(([name, path]) => ({ name, path }))
    .sort(byName);
}
