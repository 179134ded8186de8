import { comment, prefixed, yaml } from './text.ts';

type Options = Readonly<Record<string, unknown>>;

/** The boot loader of a hypervisor: without one no system builds. */
export interface Boot {
  /** Options as the system that runs there has them; empty where its hardware configuration has some. */
  readonly config: Options;
  /** What could be meant, where nothing says it for sure; undefined: there is nothing to decide. */
  readonly likely?: readonly Options[];
}

/** What inspect.sh printed, line by line, and the hardware configuration that will be used. */
export function bootOf(records: readonly string[][], hardware: string | undefined): Boot {
  // nixos-generate-config writes none there, images of clouds do.
  if (/^[^#\n]*\bloader\b/m.test(hardware ?? '')) return { config: {} };
  const all = (key: string) => records.filter((r) => r[0] === key).map(([, value = '']) => value);
  const config = options(all('loader')[0], all);
  if (config) return { config };
  return {
    config: {},
    likely: all('likely')
      .map((kind) => options(kind, all))
      .filter((found) => found !== undefined),
  };
}

function options(kind: string | undefined, all: (key: string) => string[]): Options | undefined {
  const one = (key: string) => all(key)[0] ?? '';
  const is = (key: string) => one(key) === 'true' || one(key) === '1';
  const esp = one('efiSysMountPoint');
  const efi = {
    ...(is('canTouchEfiVariables') && { 'boot.loader.efi.canTouchEfiVariables': true }),
    ...(esp !== '' && esp !== '/boot' && { 'boot.loader.efi.efiSysMountPoint': esp }),
  };
  if (kind === 'systemd-boot') {
    const entries = one('bootMountPoint');
    return {
      'boot.loader.systemd-boot.enable': true,
      ...(entries !== '' &&
        entries !== esp && { 'boot.loader.systemd-boot.xbootldrMountPoint': entries }),
      ...efi,
    };
  }
  if (kind === 'grub') {
    const devices = all('devices');
    if (devices.length === 0) return undefined;
    return {
      ...(devices.length === 1
        ? { 'boot.loader.grub.device': devices[0] }
        : { 'boot.loader.grub.devices': devices }),
      ...(is('enableCryptodisk') && { 'boot.loader.grub.enableCryptodisk': true }),
      ...(is('efiSupport') && {
        'boot.loader.grub.efiSupport': true,
        ...(is('efiInstallAsRemovable') && { 'boot.loader.grub.efiInstallAsRemovable': true }),
        ...efi,
      }),
    };
  }
  if (kind === 'extlinux') {
    return {
      'boot.loader.grub.enable': false,
      'boot.loader.generic-extlinux-compatible.enable': true,
    };
  }
  return undefined;
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
      `DECIDE: boot loader unknown, and without one its system does not build. ${what}, under config:`,
    ) +
    examples.map((config) => `${prefixed(`${indent}#   `, yaml(config))}\n`).join(`${indent}# or\n`)
  );
}
