import type { Vm } from './fleet.ts';

/** Where a guest finds the ssh host key that it was given, and with `run` checks who may log in to check it. */
export const guestKeysMount = '/run/fleet';
export const guestKeysTag = 'fleet-keys';
/** On the hypervisor: a folder for each guest, and the key that checks log in with. */
export const guestKeysFolder = '/var/lib/fleet/guest-keys';
/** Who runs checks inside of guests. */
export const checkUser = 'fleet-check';
/** Users without one are counted up from 1000 (nixpkgs, update-users-groups.pl). */
export const checkUid = 29_999;

/** Whether its hypervisor gives it an ssh host key. */
export const isGivenKey = (vm: Pick<Vm, 'checks' | 'exports' | 'sshHostKey'>): boolean =>
  vm.sshHostKey === true || isLookedInto(vm);

/** Whether it is looked into, and has to be given keys for that. */
export const isLookedInto = (vm: Pick<Vm, 'checks' | 'exports'>): boolean =>
  vm.checks.some(({ kind }) => kind === 'run') || isExporting(vm);

/** Whether files are fetched out of it, by its root. */
export const isExporting = ({ exports }: Pick<Vm, 'exports'>): boolean => exports.length > 0;
