// One guest of the lab (root, Debian): `fleet restart` against a bare restart and its boot, `fleet start` of one that is
// well against bare Node with ssh2 that runs the health script, `fleet status NAME`, and how late `fleet logs -f` is.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { answering } from '../src/host/scripts.ts';
import { startLab } from '../test/lab/lab.ts';
import { worldOf } from '../test/lab/world.ts';
import { Desk } from '../test/scenario/desk.ts';
import { fiveVms } from '../test/scenario/fleet.ts';
import { inTurn, once, show } from './measure.ts';

const runs = Number(process.argv[2] ?? 5);
const lines = 10 * runs;
const settle = 1;
const ours = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const lab = await startLab({ hosts: 1 });
const world = worldOf(lab);
const desk = new Desk(world, 'bench', fiveVms(world));
const [host] = lab.hosts;
if (!host) throw new Error('no host');
const address = '10.1.0.2';
desk.data.vms = { vm1: desk.data.vms.vm1 };
desk.data.rollout.settle = `${settle}s`;
const env = { ...process.env, HOME: lab.home, ...world.env, ...desk.gitEnvironment };
const command = (...args: string[]) => [
  process.execPath,
  ours('../dist/main.js'),
  '-C',
  desk.folder,
  ...args,
];
const fleet = (...args: string[]) => once(command(...args), env);

function restarting(): void {
  const ssh = ['ssh', '-F', join(lab.home, '.ssh/config'), `root@${host?.address}`];
  const boots = `until ping -n -q -c 1 -W 1 ${address} >/dev/null; do :; done`;
  const [restart, hand] = inTurn(runs, [
    () => fleet('restart', 'vm1') - settle,
    () => once([...ssh, `systemctl restart microvm@vm1 && ${boots}`], env),
  ]);
  if (!restart || !hand) return;
  console.log(show('fleet restart, without settling', restart));
  console.log(show('ssh HOST systemctl restart, until it answers', hand));
  console.log(`over it: ${(restart.median - hand.median).toFixed(2)} s (at most 1.5)`);
}

async function looking(): Promise<void> {
  const script = join(desk.folder, 'health.sh');
  writeFileSync(script, answering('health'));
  // Longer than it settles, so that start takes it for what it is.
  await pause(3000);
  const key = join(lab.home, '.ssh/id_ed25519');
  const bare = [process.execPath, ours('bare-ssh2.mjs'), host?.address ?? '', key, script, address];
  const [start, node, story] = inTurn(2 * runs, [
    () => fleet('start', 'vm1'),
    () => once(bare, env),
    () => fleet('status', 'vm1'),
  ]);
  if (!start || !node || !story) return;
  console.log(show('fleet start of a healthy one', start));
  console.log(show('node with ssh2, health.sh', node));
  console.log(`ratio: ${(start.median / node.median).toFixed(2)} (at most 1.3)`);
  console.log(`${show('fleet status NAME', story)} (at most 3 s)`);
}

/** What the journal says of a line goes by the cgroup of who writes it: that of the guest's unit. */
const writer = `set -eu
pid=$(systemctl show --value -p MainPID microvm@vm1)
sed 's/^[^:]*:[^:]*://' /proc/$pid/cgroup | grep microvm@vm1 | sort -u | while read -r path; do
	for at in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
		[ ! -e "$at$path/cgroup.procs" ] || echo $$ >"$at$path/cgroup.procs"
	done
done
for n in $(seq ${lines}); do
	sleep 0.3
	echo "written at $(date +%s%N)"
done | systemd-cat -t bench`;

/** The lab's hypervisor and this machine have one clock. */
async function following(): Promise<void> {
  const [program = '', ...args] = command('logs', '-f', 'vm1');
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const late: number[] = [];
  createInterface(child.stdout).on('line', (line) => {
    const [, at] = /written at (\d+)/.exec(line) ?? [];
    if (at !== undefined) late.push(Date.now() - Number(BigInt(at) / 1_000_000n));
  });
  try {
    await pause(3000);
    const { code, stderr } = (await host?.exec(writer, 120_000)) ?? { code: 1, stderr: '' };
    if (code !== 0) throw new Error(stderr);
    await pause(2000);
  } finally {
    child.kill();
  }
  const sorted = late.toSorted((a, b) => a - b);
  if (sorted.length < lines) throw new Error(`${sorted.length} of ${lines} lines came`);
  const [least, middle, most] = [0, Math.floor(lines / 2), lines - 1].map((n) => sorted[n]);
  console.log(
    `fleet logs -f: ${lines} lines, ${middle} ms late (${least} to ${most}; at most 300)`,
  );
}

try {
  await desk.open();
  await desk.apply(0);
  await following();
  restarting();
  await looking();
} finally {
  desk.close();
  await lab.stop();
}
