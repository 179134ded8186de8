const kinds = ['systemd-boot', 'grub', 'extlinux'] as const;

type Kind = (typeof kinds)[number];

/** The boot loader of a host; its settings have the names of the NixOS options. */
export interface FoundLoader {
  /** The one that the running system installs; undefined: unknown. */
  readonly kind: Kind | undefined;
  /** What files on /boot suggest if that is unknown. */
  readonly likely: readonly Kind[];
  readonly efiSysMountPoint: string | undefined;
  /** systemd-boot: where its entries are. */
  readonly bootMountPoint: string | undefined;
  readonly canTouchEfiVariables: boolean;
  /** GRUB: this and the rest. */
  readonly devices: readonly string[];
  readonly efiSupport: boolean;
  readonly efiInstallAsRemovable: boolean;
  readonly enableCryptodisk: boolean;
}

/** Finds it among the rows of an inspection. */
export function foundLoader(rows: readonly (readonly string[])[]): FoundLoader {
  const all = (key: string) => rows.filter((row) => row[0] === key).map(([, value = '']) => value);
  const is = (key: string) => ['true', '1'].includes(all(key)[0] ?? '');
  return {
    kind: all('loader').slice(0, 1).find(isKind),
    likely: all('likely').filter(isKind),
    efiSysMountPoint: all('efiSysMountPoint')[0] || undefined,
    bootMountPoint: all('bootMountPoint')[0] || undefined,
    canTouchEfiVariables: is('canTouchEfiVariables'),
    devices: all('devices'),
    efiSupport: is('efiSupport'),
    efiInstallAsRemovable: is('efiInstallAsRemovable'),
    enableCryptodisk: is('enableCryptodisk'),
  };
}

const isKind = (word: string): word is Kind => kinds.some((kind) => kind === word);
