import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { makeKeyPair } from '../../../src/sandbox/keys.ts';
import { instead } from '../../sandbox/instead.ts';
import type { Fault } from '../fault.ts';
import type { Night } from '../night.ts';

/** The desk's ssh_config, with another place for hv2. */
function elsewhere(night: Night, port: number): () => void {
  const text = readFileSync(night.world.env.FLEET_SSH_CONFIG as string, 'utf8');
  return night.sshConfig(
    text.replace(/(Host hv2\n(?: .*\n)*? +Port) \d+/, `$1 ${port}\n  ConnectTimeout 2`),
  );
}

/** Nobody listens there any more. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

const again = { fleet: 'status', named: '', shows: ['nothing wrong'] } as const;
/** Whoever was sent there has mended it; the row goes on at the desk. */
const mended = new WeakMap<Night, () => void>();

export const hypervisors: readonly Fault[] = [
  {
    symptom: 'A hypervisor is silent',
    make: async (night) => {
      // The kernel takes the connection; nobody says a word.
      const server = createServer(() => {});
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      const undo = elsewhere(night, (server.address() as AddressInfo).port);
      mended.set(night, undo);
      return () => {
        undo();
        server.close();
      };
    },
    steps: [
      {
        fleet: 'status',
        exit: 1,
        shows: ['hv2: no answer', '… within 2 s', 'Is the machine up', 'db1 Unknown'],
      },
      {
        hand: 'Look at the console or the power of hv2, and switch it on. If it runs, look at its network.',
        happens: async (night) => mended.get(night)?.(),
      },
      again,
    ],
    mends:
      'Nothing at the desk can. Its guests are Unknown until it answers, and may run all the same. After its boot they start by themselves, in their order; what was half deployed rolls itself back.',
  },
  {
    symptom: 'sshd of a hypervisor is gone',
    make: async (night) => {
      const undo = elsewhere(night, await closedPort());
      mended.set(night, undo);
      return undo;
    },
    steps: [
      {
        fleet: 'status',
        exit: 1,
        shows: [
          'hv2: no answer',
          'connection refused',
          'The machine is up',
          'systemctl restart sshd',
        ],
      },
      {
        hand: 'At the console of hv2: systemctl restart sshd',
        happens: async (night) => mended.get(night)?.(),
      },
      again,
    ],
    mends: 'Nothing at the desk can. Its guests run on meanwhile.',
  },
  {
    symptom: 'A hypervisor shows another host key',
    make: async (night) => {
      const { port } = night.sandbox.hosts[1] as { port: number };
      night.desk.write('../known_hosts', `[127.0.0.1]:${port} ${makeKeyPair().public}\n`);
      const text = readFileSync(night.world.env.FLEET_SSH_CONFIG as string, 'utf8');
      const [hosts = '', all = ''] = text.split('Host *');
      const own = all.replace(
        /UserKnownHostsFile .*/,
        `UserKnownHostsFile ${night.desk.folder}/../known_hosts`,
      );
      return night.sshConfig(`${hosts}Host hv2${own}Host * !hv2${all}`);
    },
    steps: [
      {
        fleet: 'status',
        exit: 1,
        shows: [
          'HOST KEY CHANGED: it shows …',
          'Either the machine was reinstalled, or someone is intercepting the connection.',
          "Compare the fingerprint at the machine's console: ssh-keygen -lf …",
        ],
      },
      { printed: /^\s*(ssh-keygen -R .*)$/m, as: 'ssh-keygen -R … -f …' },
      { printed: /^\s*(echo '.*' >> .*)$/m, as: "echo '…' >> …" },
    ],
    mends:
      'Compare the fingerprint at the console of the machine first. Only if it is the same, copy the two lines that the screen shows. If it is not: take nothing, and call whoever looks after the network.',
  },
  {
    symptom: 'The disk of a hypervisor is full',
    make: async (night) => {
      await night.sh('mkdir "$FLEET_ROOT"/nix/store/00000000000000000000000000000000-garbage');
      return instead(
        night.sandbox,
        'df',
        `if [ "$1" = -Pk ] && [ -e "$FLEET_ROOT"/nix/store/00000000000000000000000000000000-garbage ]; then
	shift
	echo Filesystem
	for disk; do echo "/dev/vda1 9999999 1 4096 99% $disk"; done
	exit
fi`,
        1,
      );
    },
    steps: [
      {
        fleet: 'status',
        exit: 1,
        shows: ['! /nix/store has 4 MiB free, … MiB are needed: fleet gc hv1'],
      },
      { fleet: 'gc hv1 --yes', named: 'gc hv1' },
    ],
    mends:
      'gc says what it would delete, asks, and deletes old generations and what nothing needs: never what runs, or a way back. If that frees too little, look for what else fills the disk: fleet ssh hv1 -- du -xh / | sort -h | tail',
    isMended: async () => undefined,
  },
  {
    symptom: 'The clock of a hypervisor is an hour off',
    make: async (night) => {
      await night.sh(': >"$FLEET_ROOT/sandbox/clock-off"');
      const date = execFileSync('which', ['date'], { encoding: 'utf8' }).trim();
      const off = '[ "$*" = +%s ] && [ -e "$FLEET_ROOT/sandbox/clock-off" ]';
      return instead(
        night.sandbox,
        'date',
        `if ${off}; then\n\techo $(($(${date} +%s) + 3600))\n\texit\nfi`,
        1,
      );
    },
    steps: [
      {
        fleet: 'status',
        exit: 1,
        shows: [
          '! its clock is … s ahead of this one: fleet ssh hv1 -- systemctl restart systemd-timesyncd',
        ],
      },
      { fleet: 'ssh hv1 -- systemctl restart systemd-timesyncd' },
    ],
    mends:
      'It asks its time servers anew, and sets the clock. If all hypervisors are off by the same, it is the clock of this computer.',
    isMended: async (night) => {
      if (existsSync(night.host('hv1').file('sandbox/clock-off'))) throw new Error('still off');
    },
  },
];
