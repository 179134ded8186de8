import type { FoundLoader } from '../host/answers/boot-loader.ts';
import { comment, prefixed, yaml } from './text.ts';

type Options = Readonly<Record<string, unknown>>;

/** The boot loader of a hypervisor: without one no system builds. */
export interface Boot {
  /** Options as the system that runs there has them; empty where its hardware configuration has some. */
  readonly config: Options;
  /** What could be meant, where nothing says it for sure; undefined: there is nothing to decide. */
  readonly likely?: readonly Options[];
}

/** @param found what was seen of it on the host; hardware: the hardware configuration that will be used */
export function bootOf(found: FoundLoader | undefined, hardware: string | undefined): Boot {
  // nixos-generate-config writes none there, images of clouds do.
  if (/^[^#\n]*\bloader\b/m.test(hardware ?? '')) return { config: {} };
  if (!found) return { config: {}, likely: [] };
  const config = options(found.kind, found);
  if (config) return { config };
  const likely = found.likely.map((kind) => options(kind, found));
  return { config: {}, likely: likely.filter((one) => one !== undefined) };
}

function options(kind: FoundLoader['kind'], found: FoundLoader): Options | undefined {
  const { bootMountPoint: entries, devices, efiSysMountPoint: esp } = found;
  const efi = {
    ...(found.canTouchEfiVariables && { 'boot.loader.efi.canTouchEfiVariables': true }),
    ...(esp && esp !== '/boot' && { 'boot.loader.efi.efiSysMountPoint': esp }),
  };
  switch (kind) {
    case 'systemd-boot':
      return {
        'boot.loader.systemd-boot.enable': true,
        ...(entries &&
          entries !== esp && { 'boot.loader.systemd-boot.xbootldrMountPoint': entries }),
        ...efi,
      };
    case 'grub':
      if (devices.length === 0) return undefined;
      return {
        ...(devices.length === 1
          ? { 'boot.loader.grub.device': devices[0] }
          : { 'boot.loader.grub.devices': devices }),
        ...(found.enableCryptodisk && { 'boot.loader.grub.enableCryptodisk': true }),
        ...(found.efiSupport && {
          'boot.loader.grub.efiSupport': true,
          ...(found.efiInstallAsRemovable && { 'boot.loader.grub.efiInstallAsRemovable': true }),
          ...efi,
        }),
      };
    case 'extlinux':
      return {
        'boot.loader.grub.enable': false,
        'boot.loader.generic-extlinux-compatible.enable': true,
      };
    case undefined:
      return undefined;
  }
}

const usual: readonly Options[] = [
  { 'boot.loader.systemd-boot.enable': true, 'boot.loader.efi.canTouchEfiVariables': true },
  { 'boot.loader.grub.device': '/dev/sda' },
];

/** Comment lines that ask for a boot loader, with what to write; nothing where none is to be asked for. */
export function bootComment(indent: string, { likely }: Boot): string {
  if (!likely) return '';
  const [what, examples] =
    likely.length > 0
      ? ['Judging by its disk it is probably', likely]
      : ['Usually it is one of these', usual];
  return (
    comment(
      indent,
      `DECIDE: boot loader unknown: without one the system will not build. ${what}, under config:`,
    ) +
    examples.map((config) => `${prefixed(`${indent}#   `, yaml(config))}\n`).join(`${indent}# or\n`)
  );
}
