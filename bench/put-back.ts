// From a guest that fails its check to the old one answering again, on the lab (root, Debian), against
// what the same guest takes to boot. Twice: one that is mute, and one that also does not stop.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { labWorld } from '../test/lab/world.ts';
import { Desk } from '../test/scenario/desk.ts';
import { fiveVms } from '../test/scenario/fleet.ts';

const runs = Number(process.argv[2] ?? 3);
const stopTimeout = 3;
const fleet = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const world = await labWorld(1);
const host = world.hosts[0];
if (!host) throw new Error('no host');
const desk = new Desk(world, 'bench', fiveVms(world));
desk.data.vms = { vm1: desk.data.vms.vm1 };
desk.data.rollout = { ...desk.data.rollout, deadline: '12s', stopTimeout: `${stopTimeout}s` };
const untilItAnswers =
  'for i in $(seq 400); do ping -c 1 -W 1 10.1.0.2 >/dev/null && exit; sleep 0.05; done; exit 1';

async function seconds(command: string): Promise<number> {
  const started = performance.now();
  const { code, stderr } = await host!.exec(command);
  if (code !== 0) throw new Error(`${command}: ${stderr}`);
  return (performance.now() - started) / 1000;
}

/** Seconds from the check that failed to the old guest's answer. */
function failing(): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [fleet, '-C', desk.folder, 'apply', '--yes', '--force'], {
      env: { ...process.env, HOME: world.home, ...world.env, ...desk.gitEnvironment },
    });
    let text = '';
    let back: Promise<number> | undefined;
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (!back && text.includes('failed: vm1')) back = seconds(untilItAnswers);
    });
    child.once('close', (code) => {
      if (code !== 3 || !back) reject(new Error(`apply ended with ${code}\n${text}`));
      else back.then(resolve, reject);
    });
  });
}

const median = (list: readonly number[]) =>
  list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;

try {
  await desk.open();
  await desk.apply(0);
  const results = new Map<string, number[]>([
    ['boot', []],
    ['mute', []],
    ['mute, hangs', []],
  ]);
  for (let n = 0; n < runs; n++) {
    await host.exec(
      'systemctl stop microvm@vm1.service; while ip link show vm-vm1 >/dev/null 2>&1; do sleep 0.1; done',
    );
    results
      .get('boot')
      ?.push(await seconds(`systemctl start microvm@vm1.service; ${untilItAnswers}`));
    for (const [name, kernelParams] of [
      ['mute', ['lab.mute']],
      ['mute, hangs', ['lab.mute', 'lab.hang-stop']],
    ] as const) {
      desk.edit((data) => {
        data.vms.vm1.config = { boot: { kernelParams: [...kernelParams, `lab.run=${n}`] } };
      });
      results.get(name)?.push(await failing());
    }
  }
  const boot = median(results.get('boot') ?? []);
  console.log(`a guest boots in ${boot.toFixed(1)} s`);
  for (const [name, hang] of [
    ['mute', 0],
    ['mute, hangs', stopTimeout],
  ] as const) {
    const time = median(results.get(name) ?? []);
    const bound = 2 * boot + 3 + hang;
    console.log(
      `${name}: the old one answers after ${time.toFixed(1)} s (at most ${bound.toFixed(1)})`,
    );
  }
} finally {
  desk.close();
  await world.stop();
}
