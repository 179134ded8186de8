// A package for 20 guests of one hypervisor (`defaults.packages`): from the first update to the last guest that
// has settled, against what each of them takes to boot by hand, on the sandbox. In the same run.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { sandboxLock } from '../src/sandbox/flake-lock.ts';
import { sandboxWorld } from '../test/sandbox/world.ts';
import { Desk } from '../test/scenario/desk.ts';

const count = Number(process.argv[2] ?? 20);
const settle = 15;
const fleet = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const world = await sandboxWorld(1);
const [host] = world.hosts;
if (!host) throw new Error('no host');
const names = Array.from({ length: count }, (_, n) => `vm${n}`);
const address = (n: number) => `10.1.0.${n + 2}`;
const desk = new Desk(world, 'bench', {
  version: 1,
  name: 'bench',
  rollout: { ...world.rollout, settle: '300ms', deadline: '60s', confirm: '60s' },
  hypervisors: {
    [host.name]: {
      ssh: host.name,
      system: host.system,
      stateVersion: '25.11',
      uplink: 'enp1s0',
      modules: [`./hosts/${host.name}/hardware-configuration.nix`],
    },
  },
  networks: { front: { subnet: '10.1.0.0/24' } },
  vms: Object.fromEntries(
    names.map((name, n) => [name, { on: host.name, network: 'front', address: address(n) }]),
  ),
});

/** Seconds from the first update to the last guest that has settled. */
function apply(): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [fleet, '-C', desk.folder, 'apply', '--yes'], {
      env: { ...process.env, HOME: world.home, ...world.env, ...desk.gitEnvironment },
    });
    let text = '';
    let from = 0;
    let to = 0;
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (!from && /update vm\d+/.test(text)) from = performance.now();
      if (/vm\d+ healthy/.test(chunk)) to = performance.now();
    });
    child.once('close', (code) => {
      if (code !== 0 || !from || !to) reject(new Error(`apply ended with ${code}\n${text}`));
      else resolve((to - from) / 1000);
    });
  });
}

/** Seconds that a guest takes to stop, start and answer. */
async function reboot(name: string, at: string): Promise<number> {
  const started = performance.now();
  const { code, stderr } = await host!.exec(
    `systemctl stop microvm@${name}.service; systemctl start microvm@${name}.service; ` +
      `for i in $(seq 400); do ping -c 1 -W 1 ${at} >/dev/null && exit; sleep 0.05; done; exit 1`,
  );
  if (code !== 0) throw new Error(`${name}: ${stderr}`);
  return (performance.now() - started) / 1000;
}

try {
  await desk.open(sandboxLock);
  console.log(`deploying ${count} pretend guests…`);
  await desk.apply(0);
  let boots = 0;
  for (const [n, name] of names.entries()) boots += await reboot(name, address(n));
  desk.edit((data) => {
    data.rollout.settle = `${settle}s`;
    data.defaults = { packages: ['htop'] };
  });
  const all = await apply();
  const bound = boots + settle + count;
  console.log(`${count} guests boot in ${boots.toFixed(1)} s, one after the other`);
  console.log(`a package for all of them: ${all.toFixed(1)} s (at most ${bound.toFixed(1)})`);
} finally {
  desk.close();
  await world.stop();
}
