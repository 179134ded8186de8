// `fleet apply` of one changed vm against a bare `ssh HOST microvm -Ru VM`, on the lab (root, Debian).
// The bare command neither waits for the guest nor looks at it, so the time in which fleet waits for
// the guest to boot and settle is shown apart.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { labWorld } from '../test/lab/world.ts';
import { Desk } from '../test/scenario/desk.ts';
import { fiveVms } from '../test/scenario/fleet.ts';
import { inTurn, once, show } from './measure.ts';

const runs = Number(process.argv[2] ?? 5);
const fleet = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const world = await labWorld(1);
const host = world.hosts[0];
if (!host) throw new Error('no host');
const desk = new Desk(world, 'bench', fiveVms(world));
desk.data.vms = { vm1: desk.data.vms.vm1 };
desk.data.rollout.settle = '1s';
const config = `${world.home}/.ssh/config`;

/** One apply: seconds in all, and seconds of it spent waiting for the guest. */
function apply(): Promise<{ all: number; waiting: number }> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(process.execPath, [fleet, '-C', desk.folder, 'apply', '--yes'], {
      env: { ...process.env, HOME: world.home, ...world.env, ...desk.gitEnvironment },
    });
    let text = '';
    let from = 0;
    let to = 0;
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (!from && text.includes('update vm1: done')) from = performance.now();
      if (!to && text.includes('vm1 healthy')) to = performance.now();
    });
    child.once('close', (code) => {
      if (code !== 0 || !from || !to) reject(new Error(`apply ended with ${code}\n${text}`));
      else resolve({ all: (performance.now() - started) / 1000, waiting: (to - from) / 1000 });
    });
  });
}

const change = (n: number) =>
  desk.edit((data) => {
    data.vms.vm1.config = { environment: { variables: { BENCH: String(n) } } };
  });

try {
  await desk.open();
  await desk.apply(0);
  const own: number[] = [];
  const waits: number[] = [];
  const bare: number[] = [];
  for (let n = 0; n < runs; n++) {
    change(n);
    const { all, waiting } = await apply();
    own.push(all - waiting);
    waits.push(waiting);
    // The same change by hand: committed and pulled beforehand, which is not counted.
    change(n + 1000);
    once([process.execPath, fleet, '-C', desk.folder, 'render'], {
      ...process.env,
      HOME: world.home,
    });
    await desk.git('commit', '-qam', `by hand ${n}`);
    await desk.git('push', '-q');
    const pulled = await host.exec(
      `cd /var/lib/fleet/repo && git fetch -q ${desk.remote} main && git reset -q --hard FETCH_HEAD`,
    );
    if (pulled.code !== 0) throw new Error(pulled.stderr);
    bare.push(once(['ssh', '-F', config, host.ssh, 'microvm -Ru vm1']));
    // apply asks every guest before it begins, and gives one that is still booting a second.
    await host.exec('for i in $(seq 40); do ping -c 1 -W 1 10.1.0.2 && break; done');
  }
  const median = (list: number[]) =>
    list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;
  const timed = (list: number[]) => ({
    median: median(list),
    min: Math.min(...list),
    max: Math.max(...list),
  });
  console.log(show('fleet apply, one changed vm, without waiting', timed(own)));
  console.log(show('  waiting for the guest to boot and settle', timed(waits)));
  console.log(show('ssh HOST microvm -Ru VM', timed(bare)));
  console.log(`over the bare command: ${(median(own) - median(bare)).toFixed(2)} s (at most 1.5)`);
  const [again] = inTurn(5, [
    () =>
      once([process.execPath, fleet, '-C', desk.folder, 'plan', '--no-diff'], {
        ...process.env,
        HOME: world.home,
        ...world.env,
        ...desk.gitEnvironment,
      }),
  ]);
  if (again) console.log(show('fleet plan', again));
} finally {
  desk.close();
  await world.stop();
}
