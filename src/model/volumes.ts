import { hash } from 'node:crypto';

/** How many bytes a label may have, and what mkfs wants at least; others can have 1 MiB. */
const fileSystems: Record<string, { readonly labelBytes: number; readonly minMiB?: number }> = {
  ext4: { labelBytes: 16 },
  xfs: { labelBytes: 12, minMiB: 300 },
  vfat: { labelBytes: 11 },
  btrfs: { labelBytes: 64, minMiB: 109 },
};

/** The smallest volume, in MiB, that can have this file system. */
export const smallestVolume = (fs: string): number => fileSystems[fs]?.minMiB ?? 1;

/** `/var/lib` → `var-lib`; the root of the file system has to be called something. */
const plainName = (mount: string): string => mount.slice(1).replaceAll('/', '-') || 'root';

/** File name of a volume that does not name one, e.g. `var-lib.img`. */
export function imageName(mount: string): string {
  return `${plainName(mount)}.img`;
}

/**
 * Label that the guest mounts a volume by: readable when it fits, else a readable head and a hash.
 * Mounts that read alike (`/a/b`, `/a-b`) get the hash too; FAT has no lowercase.
 */
export function volumeLabel(mount: string, fs: string): string {
  const bytes = fileSystems[fs]?.labelBytes ?? 11;
  const upper = fs === 'vfat';
  // mkfs.vfat refuses most of what is no letter.
  const name = upper ? plainName(mount).replace(/[^\w-]/g, '_') : plainName(mount);
  const clear = (upper ? /^[a-z0-9_]+(\/[a-z0-9_]+)*$/ : /^[a-z0-9_.]+(\/[a-z0-9_.]+)*$/).test(
    mount.slice(1),
  );
  const label =
    clear && name.length <= bytes
      ? name
      : `${name.slice(0, bytes - 6)}-${hash('sha256', mount, 'hex').slice(0, 5)}`;
  return upper ? label.toUpperCase() : label;
}

/** What gives the file system of an image its label; undefined: fleet knows no such file system. */
export function labelCommand(fs: string, path: string, label: string): string | undefined {
  const tools: Readonly<Record<string, string>> = {
    ext4: `e2label ${path} ${label}`,
    xfs: `xfs_admin -L ${label} ${path}`,
    btrfs: `btrfs filesystem label ${path} ${label}`,
    vfat: `fatlabel ${path} ${label}`,
  };
  return tools[fs];
}
