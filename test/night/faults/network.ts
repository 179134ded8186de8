import type { Fault } from '../fault.ts';
import type { Night } from '../night.ts';

const address = '10.1.0.2';
/** Made by a command, and over when its row is. */
const by = (command: string) => async (night: Night) => {
  await night.sh(command);
  return undefined;
};
const answers = (night: Night) => night.isWell('web1', address);
/** The same where the hypervisor itself would mend it within 15 s: it does not look until the row is over. */
const unwatched =
  (command: string): Fault['make'] =>
  async (night) => {
    // A pretend hypervisor never looks.
    if (night.isLab) await night.sh('systemctl stop fleet-watch.timer fleet-watch.service');
    await night.sh(command);
    return () => night.isLab && night.sh('systemctl start fleet-watch.timer');
  };
const apply = { fleet: 'apply --yes', named: 'apply' } as const;
const untouched = 'apply asks first. It repairs this part alone, and restarts no guest.';
const itself = `The hypervisor mends this itself at its next look, 15 s later at most. Where it does not: ${untouched}`;

export const network: readonly Fault[] = [
  {
    symptom: 'A guest is cut off: its TAP is out of its bridge',
    lab: true,
    make: async (night) => {
      await night.isWell('web1', address);
      await night.isOld('web1');
      // networkd, where it runs, may put it back.
      const undo = await unwatched(
        'systemctl stop systemd-networkd.socket systemd-networkd.service; ip link set dev vm-web1 nomaster',
      )(night);
      return async () => {
        await undo?.();
        await night.sh('systemctl start systemd-networkd.service');
      };
    },
    steps: [
      {
        fleet: 'status',
        exit: 1,
        shows: ['web1 on hv1: Failed', 'vm-web1 is in no bridge, not in br-front: fleet apply'],
      },
      apply,
    ],
    mends: itself,
    isMended: async (night) => {
      if ((await night.look().master('vm-web1')) !== 'br-front')
        throw new Error('not in its bridge');
      await answers(night);
    },
  },
  {
    symptom: 'All guests of a network are cut off: its bridge is down',
    lab: true,
    make: unwatched('ip link set dev br-front down'),
    steps: [
      {
        fleet: 'status',
        exit: 1,
        shows: ['! bridge br-front is down…: fleet apply', 'web1 on hv1: …'],
      },
      apply,
    ],
    mends: itself,
    isMended: answers,
  },
  {
    symptom: 'All guests of a network are cut off: its bridge has no address',
    make: unwatched('ip address del 10.1.0.1/24 dev br-front'),
    steps: [
      { fleet: 'status', exit: 1, shows: ['! br-front has no 10.1.0.1/24: fleet apply'] },
      apply,
    ],
    mends: itself,
    isMended: answers,
  },
  {
    symptom: 'Guests reach their hypervisor and nothing beyond: forwarding is off',
    lab: true,
    // On a pretend hypervisor the kernel does not follow what is said of all interfaces.
    make: (night) => {
      const interfaces = night.isLab ? '*' : 'br-front';
      return unwatched(
        `for file in "$FLEET_ROOT"/proc/sys/net/ipv4/conf/${interfaces}/forwarding; do printf 0 >"$file"; done`,
      )(night);
    },
    steps: [
      {
        fleet: 'status',
        exit: 1,
        shows: ['! the kernel forwards no IPv4 from …: fleet apply'],
      },
      apply,
    ],
    mends: itself,
    isMended: (night) =>
      night.sh('[ "$(cat "$FLEET_ROOT/proc/sys/net/ipv4/conf/br-front/forwarding")" = 1 ]'),
  },
  {
    symptom:
      'Guests reach their hypervisor and nothing beyond: another firewall drops their packets',
    lab: true,
    make: async (night) => {
      const chain = ['chain forward {', 'type filter hook forward priority 10; policy drop;', '}'];
      const lines = ['table ip stranger {', ...chain.map((line) => `	${line}`), '}'];
      const text = `printf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')}`;
      await night.sh(
        night.isLab ? `${text} | nft -f -` : `${text} >"$FLEET_ROOT/sandbox/nft/ip stranger"`,
      );
      return () => night.sh('nft delete table ip stranger');
    },
    steps: [
      {
        fleet: 'status',
        exit: 1,
        shows: ['! ip stranger forward drops traffic to and from guests on br-front'],
      },
      {
        fleet:
          "ssh hv1 -- 'nft insert rule ip stranger forward iifname br-front accept && nft insert rule ip stranger forward oifname br-front accept'",
        as: "ssh hv1 -- 'nft insert rule …'",
      },
    ],
    mends:
      'fleet leaves the tables of others alone, and prints what lets the packets through. It lasts until their owner loads them anew: tell the owner. Of Docker it names the chain that Docker keeps for this.',
    isMended: async (night) => {
      const table = await night.sh('nft list table ip stranger');
      if (!/iifname "br-front" accept/.test(table)) throw new Error(table);
    },
  },
  {
    symptom: 'Guests resolve no names',
    make: by('systemctl stop dnsmasq.service'),
    steps: [
      {
        fleet: 'status',
        exit: 1,
        shows: ['! dnsmasq.service is inactive: guests cannot resolve names: fleet apply'],
      },
      apply,
    ],
    mends: untouched,
    isMended: (night) => night.sh('systemctl is-active -q dnsmasq.service'),
  },
];
