import type { LogUnit } from './log-line.ts';

/** The templates of a guest's units, microvm.nix's and fleet's, and what their lines are about; the scripts have the same. */
export const guestUnits: Readonly<Record<string, LogUnit>> = {
  microvm: 'microvm',
  'microvm-set-booted': 'microvm',
  'microvm-pci-devices': 'microvm',
  'microvm-virtiofsd': 'virtiofsd',
  'microvm-tap-interfaces': 'tap',
  'microvm-macvtap-interfaces': 'tap',
  'fleet-guest-keys': 'fleet',
};
