import { Desk } from './fleet.ts';

/** Somebody's key and hardware, and what `fleet init` asks for with them. */
export const key =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGV4YW1wbGVleGFtcGxlZXhhbXBsZWV4YW1wbGVl ada@desk';
export const hardware = '{ fileSystems."/".device = "/dev/vda1"; }\n';
export const flags = [
  ...['--ssh', 'root@192.0.2.1', '--hypervisor', 'hv1', '--system', 'aarch64-linux'],
  ...[
    '--state-version',
    '25.11',
    '--uplink',
    'eth0',
    '--hardware',
    'hardware.nix',
    '--ssh-key',
    'key.pub',
  ],
];

/** fleet's Action, as a release knows it. */
export const action = ['--action', `example/microvm-fleet@${'1a'.repeat(20)}`];

/** A folder that has what the flags name, and no fleet.yaml yet. */
export function emptyDesk(): Desk {
  const made = new Desk();
  made.write('hardware.nix', hardware);
  made.write('key.pub', `${key}\n`);
  return made;
}
