import type { Desk } from '../../scenario/desk.ts';
import type { WorldHost } from '../../scenario/world.ts';
import type { Injury, InjuryKind } from './history.ts';

export interface Patient {
  readonly host: WorldHost;
  readonly desk: Desk;
  readonly addresses: Readonly<Record<string, string>>;
  /** Reboots by command, and waits until it is up. */
  readonly reboot: () => Promise<void>;
}

export type Hit = Pick<Injury, 'vm' | 'what'>;

/** How it is done; the exit status of whoever is asked to do it. */
type Inflict = (patient: Patient, hit: Hit) => Promise<number>;

const sh =
  (command: (hit: Hit) => string): Inflict =>
  async ({ host }, hit) =>
    (await host.exec(command(hit))).code;
const fleet =
  (...words: readonly string[]): Inflict =>
  async ({ desk }, { vm = '' }) =>
    (await desk.fleet([...words, vm, '--lock-timeout', '90s'])).code;

/** To QEMU alone: what writes down its end is in the unit, too. */
const signal = (name: string) =>
  sh(({ vm }) => `systemctl kill --kill-whom=main --signal=${name} microvm@${vm}`);

/** Guests of ground.ts run what they are sent on this port. */
const inGuest =
  (command: string): Inflict =>
  async ({ host, addresses }, { vm = '' }) =>
    (
      await host.exec(
        `timeout 5 bash -c 'exec 3<>/dev/tcp/${addresses[vm]}/9 && echo "${command}" >&3 && sleep 0.5'`,
      )
    ).code;

export const inflict: Record<InjuryKind, Inflict> = {
  'vmm-kill': signal('KILL'),
  'vmm-segv': signal('SEGV'),
  hang: signal('STOP'),
  'guest-off': inGuest('poweroff -f'),
  'guest-reboot': inGuest('reboot -f'),
  'guest-panic': inGuest('echo c > /proc/sysrq-trigger'),
  'virtiofsd-kill': sh(
    ({ vm }) =>
      `hit=1; for p in $(pgrep -x virtiofsd); do ! grep -q 'microvm-virtiofsd@${vm}.' /proc/$p/cgroup || { kill -KILL $p && hit=0; }; done; exit $hit`,
  ),
  'tap-out': sh(({ what }) => `ip link set ${what} nomaster`),
  'bridge-down': sh(({ what }) => `ip link set ${what} down`),
  'address-gone': sh(({ what }) => `ip -4 address flush dev ${what}`),
  'cable-out': async ({ host }) => host.cutLink().then(() => 0),
  'cable-in': async ({ host }) => host.restoreLink().then(() => 0),
  'power-cut': async ({ host }) => {
    await host.kill();
    await host.boot();
    return 0;
  },
  reboot: async ({ reboot }) => reboot().then(() => 0),
  'systemctl-stop': sh(({ vm }) => `systemctl stop microvm@${vm}`),
  'systemctl-start': sh(({ vm }) => `systemctl start microvm@${vm}`),
  'fleet-stop': fleet('stop'),
  'fleet-start': fleet('start'),
  'fleet-restart': fleet('restart'),
  deploy: async ({ desk }) => {
    // Another package restarts every guest; another of the hypervisor's alone restarts none.
    desk.edit((data) => {
      data.defaults.packages = data.defaults.packages.includes('htop') ? ['vim'] : ['vim', 'htop'];
    });
    return (await desk.fleet(['apply', '--yes', '--lock-timeout', '90s'])).code;
  },
};
