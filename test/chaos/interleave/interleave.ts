import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Desk } from '../../scenario/desk.ts';
import { emptyFleet } from '../../scenario/fleet.ts';
import type { World, WorldHost } from '../../scenario/world.ts';
import { Dice } from '../dice.ts';

/** One deployment while the watch wants to restart guests, at moments by dice. */
export interface Interleaving {
  readonly seed: number;
  readonly round: number;
  /** How often the watch came, and restarted a guest. */
  readonly came: number;
  readonly restarted: number;
  readonly seconds: number;
  readonly wrong: readonly string[];
}

const source = (path: string) =>
  readFileSync(new URL(`../../../src/${path}`, import.meta.url), 'utf8');
const libraries = ['lib', 'deployments', 'locks', 'spool', 'guest-state', 'ends', 'dump', 'vmm'];
/** What fleet-heal@ runs; nothing stands in for it, for the locks or for what a deployment does. */
const healScript = () =>
  [
    ...libraries.map((name) => source(`host/scripts/${name}.sh`)),
    source('render/modules/heal.sh'),
  ].join('\n');

/** As often as it comes: the limits are not what is tried here. */
const recovery = {
  ...{ restart: 'always', attempts: 100_000, interval: 60, delay: 1, backoff: 2, maxDelay: 1 },
  ...{ maxPerHour: 100_000, giveUp: 'fail', unhealthy: { after: 1, every: 1, restart: true } },
};
const addresses = { web: '10.1.0.2', db: '10.1.0.3', app: '10.1.0.4' };
type Name = keyof typeof addresses;
const names = Object.keys(addresses) as Name[];

/**
 * Deployments of one guest, one after the other, while the watch takes guests for hung and restarts them: in the sandbox,
 * where systemd and guests are stand-ins, and scripts, locks and files are not.
 */
export async function runInterleavings(
  openWorld: () => Promise<World>,
  seed: number,
  rounds: number,
  last: number,
  signal: AbortSignal,
  tell: (result: Interleaving) => void,
): Promise<void> {
  if (last >= rounds) return;
  const world = await openWorld();
  const [host] = world.hosts;
  if (!host) throw new Error('there is no hypervisor');
  const data = emptyFleet(world);
  // How late anything is on a busy machine is not what is tried here.
  Object.assign(data.rollout, { confirm: '60s', deadline: '40s' });
  data.networks = { front: { subnet: '10.1.0.0/24' } };
  for (const name of names)
    data.vms[name] = { on: host.name, network: 'front', address: addresses[name] };
  const desk = new Desk(world, 'interleave', data);
  try {
    await desk.open((await import('../../../src/sandbox/flake-lock.ts')).sandboxLock);
    await desk.apply(0);
    for (let round = last + 1; round <= rounds && !signal.aborted; round++) {
      const result = await interleave(host, desk, seed, round);
      // Ctrl-C also ended the deployment.
      if (signal.aborted && result.wrong.length > 0) return;
      tell(result);
    }
  } finally {
    desk.close();
    await world.stop();
  }
}

interface Visit {
  readonly vm: Name;
  readonly restarted: boolean;
  /** The deployment that held the lock before it came and after it had gone. */
  readonly during: string | undefined;
}

async function interleave(
  host: WorldHost,
  desk: Desk,
  seed: number,
  round: number,
): Promise<Interleaving> {
  const dice = new Dice(Math.imul(seed, 7919) + round);
  desk.edit((d) => {
    // Another runner of one guest, or of two, or of the hypervisor alone.
    const what = dice.below(3);
    if (what < 2) d.vms.web.packages = [`htop`, ...(round % 2 ? ['tmux'] : [])];
    if (what === 1) d.vms.db.packages = round % 2 ? ['htop'] : [];
    d.hypervisors[host.name].packages = round % 2 ? ['htop'] : ['tmux'];
  });
  const begun = Date.now();
  const visits: Visit[] = [];
  let over = false;
  const apply = desk.fleet(['apply', '--yes', '--lock-timeout', '30s']).finally(() => {
    over = true;
  });
  const watching = async () => {
    // It may have begun to restart one before anybody deploys.
    for (let left = 200; left > 0 && !over; left--) {
      visits.push(await visit(host, dice.pick(names)));
      await sleep(dice.below(700));
    }
  };
  const [run] = await Promise.all([apply, watching()]);
  const wrong = visits
    .filter(({ restarted, during }) => restarted && during !== undefined)
    .map(({ vm, during }) => `${vm} was restarted by the watch while ${during} held the lock`);
  if (run.code !== 0) wrong.push(`apply ended with ${run.code}\n${run.stdout}${run.stderr}`);
  wrong.push(...(await unsettled(host, desk)));
  return {
    ...{ seed, round, came: visits.length },
    restarted: visits.filter((v) => v.restarted).length,
    seconds: (Date.now() - begun) / 1000,
    wrong,
  };
}

/** The watch comes, and takes a guest for one that hangs. */
async function visit(host: WorldHost, vm: Name): Promise<Visit> {
  const policy = JSON.stringify({
    ...{ version: 1, fleet: 'scenario', hypervisor: host.name, bridges: {} },
    vms: Object.fromEntries(
      names.map((name) => [name, { state: 'running', autostart: 'always', recovery }]),
    ),
  });
  const { stdout } = await host.exec(`
R=$FLEET_ROOT
lock() { for d in "$R"/var/lib/fleet/deployments/*; do if [ -e "$d/locked" ] && [ ! -e "$d/result" ]; then echo "\${d##*/}"; fi; done; }
life() { systemctl show -p InvocationID --value microvm@${vm}.service; }
mkdir -p "$R/etc/fleet" "$R/run/fleet/watch"
printf '%s' '${policy}' >"$R/etc/fleet/watch.json.new" && mv "$R/etc/fleet/watch.json.new" "$R/etc/fleet/watch.json"
before=$(lock) old=$(life)
printf 'hang\\t%s\\tanswers\\tby dice\\n' "$old" >"$R/run/fleet/watch/heal.${vm}"
sh -s ${vm} >/dev/null 2>&1 <<'end of script'
${healScript()}
end of script
told=$(cat "$R"/var/lib/fleet/events/*.jsonl 2>/dev/null | grep -c '"kind":"guest.restarted".*"invocation":"'"$old"'"')
echo "seen $old $(life) $told before:$before after:$(lock)"`);
  const [, before, after] = / before:(\S*) after:(\S*)/.exec(stdout) ?? [];
  const [, , , told = '0'] = stdout.trim().split(' ');
  return {
    vm,
    restarted: Number(told) > 0,
    during: before && before === after ? before : undefined,
  };
}

/** Every guest runs what it should, and another apply has nothing to do. */
async function unsettled(host: WorldHost, desk: Desk): Promise<string[]> {
  const late = Date.now() + 15_000;
  for (;;) {
    const plan = await desk.fleet(['plan', '--detailed-exitcode', '--no-diff']);
    const { stdout } = await host.exec(
      names.map((vm) => `systemctl is-active microvm@${vm}.service`).join('; '),
    );
    const down = stdout
      .trim()
      .split('\n')
      .filter((line) => line !== 'active').length;
    if (plan.code === 0 && down === 0) return [];
    if (Date.now() > late) return [`${down} guests do not run; plan: ${plan.code}\n${plan.stdout}`];
    await sleep(300);
  }
}

export function interleavingText({
  seed,
  round,
  came,
  restarted,
  seconds,
  wrong,
}: Interleaving): string {
  const end = wrong.length === 0 ? 'well' : 'WRONG';
  return `${seed}/${round}. the watch came ${came} times, restarted ${restarted}: ${end} after ${seconds.toFixed(0)} s`;
}
