// What a hypervisor of the lab (root, Debian) spends on looking after 100 guests that sleep: processor time of one run of
// fleet-watch, fleet-sample and fleet-alerts, of all that they start, and of systemd that is asked; and the bytes of events.
// Guests are units of microvm@ that run `sleep`, with a TAP in a bridge and an address that answers; four in ten have a
// tcp or http check.
import { readFileSync } from 'node:fs';
import { startLab } from '../test/lab/lab.ts';
import { worldOf } from '../test/lab/world.ts';
import { Desk } from '../test/scenario/desk.ts';
import { emptyFleet } from '../test/scenario/fleet.ts';
import { show, type Timed } from './measure.ts';

const guests = Number(process.argv[2] ?? 100);
const looks = Number(process.argv[3] ?? 11);
const period = 15;

const lab = await startLab({ hosts: 1 });
const world = worldOf(lab);
const [host] = lab.hosts;
if (!host) throw new Error('no host');

async function sh(command: string): Promise<string> {
  const run = await host!.exec(command, 600_000);
  if (run.code !== 0) throw new Error(`${command}\n${run.code}\n${run.stdout}\n${run.stderr}`);
  return run.stdout.trim();
}

const median = (list: readonly number[]): Timed => {
  const sorted = list.toSorted((a, b) => a - b);
  const at = (n: number) => sorted[Math.min(sorted.length - 1, n)] ?? 0;
  return { median: at(Math.floor(sorted.length / 2)), min: at(0), max: at(sorted.length - 1) };
};

const name = (n: number) => `g${n}`;
const address = (n: number) => `10.77.${Math.floor(n / 200)}.${(n % 200) + 2}`;
const checks = (n: number) =>
  n % 5 === 0
    ? [{ tcp: 7000 }]
    : n % 5 === 1
      ? [{ http: { port: 7001, path: '/', status: 200 } }]
      : [];

/** Units that sleep, their devices and addresses; one server answers for all of them. */
const setUp = `set -eu
ip link add br-bench type bridge && ip link set br-bench up
systemctl stop fleet-watch.timer fleet-sample.timer fleet-alerts.timer fleet-reconcile.timer 2>/dev/null || true
runner=$(mktemp -d)/runner && mkdir -p $runner/bin
printf '#!/bin/sh\\nexec sleep infinity\\n' >$runner/bin/microvm-run && chmod 755 $runner/bin/microvm-run
printf '#!/bin/sh\\nexit 0\\n' >$runner/bin/microvm-shutdown && chmod 755 $runner/bin/microvm-shutdown
path=$(nix-store --add $runner)
list='${Array.from({ length: guests }, (_, n) => `${name(n)}:${address(n)}`).join(' ')}'
for one in $list; do
	vm=\${one%%:*}
	ip address add \${one#*:}/16 dev br-bench
	mkdir -p /var/lib/microvms/$vm && ln -sfn $path /var/lib/microvms/$vm/current && chown -R microvm:kvm /var/lib/microvms/$vm
	systemctl start --no-block microvm@$vm
done
for port in 7000 7001; do
	setsid -f socat TCP-LISTEN:$port,fork,reuseaddr SYSTEM:'printf "HTTP/1.0 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n"' >/dev/null 2>&1 </dev/null
done
running() { systemctl list-units --no-legend --plain --state=active 'microvm@g*' | wc -l; }
for _ in $(seq 180); do [ "$(running)" != ${guests} ] || break; sleep 1; done
# Their units have had their say about TAPs.
for one in $list; do ip link add vm-\${one%%:*} type dummy && ip link set vm-\${one%%:*} master br-bench up; done
running`;

const recovery = {
  ...{ restart: 'always', attempts: 5, interval: 600, delay: 5, backoff: 2, maxDelay: 300 },
  ...{ maxPerHour: 20, giveUp: 'fail', unhealthy: { after: 3, every: 15, restart: true } },
};
const policy = {
  vms: Object.fromEntries(
    Array.from({ length: guests }, (_, n) => [
      name(n),
      {
        ...{ state: 'running', autostart: 'always', priority: 10, dependsOn: [] },
        ...{ checks: checks(n), dumps: { guest: false }, recovery },
      },
    ]),
  ),
  bridges: { 'br-bench': { addresses: [`${address(0)}/16`], nat: false } },
};
/** What fleet writes down of a guest that it deployed. */
const records = Array.from({ length: guests }, (_, n) => {
  const expected = {
    ...{ tap: `vm-${name(n)}`, bridge: 'br-bench', address: address(n), further: [], volumes: [] },
    virtiofs: false,
    machine: { vmm: 'qemu', vcpu: 1, memoryMiB: 64, balloon: false, agent: false },
  };
  return `printf '0\t/nix/store/r\t-\t0\t%s\n' '${JSON.stringify(expected)}' >/var/lib/fleet/deployed/${name(n)}`;
}).join('\n');

/** 200 events as guests cause them; prints the bytes of the last hundred, after what begins an epoch. */
const events = [
  ...['lib', 'deployments', 'locks', 'spool'].map((library) =>
    readFileSync(new URL(`../src/host/scripts/${library}.sh`, import.meta.url), 'utf8'),
  ),
  `n=0
while [ $n -lt 50 ]; do
  n=$((n + 1))
  event_soon guest.started web-$n "invocation=0123456789abcdef0123456789abcdef"
  event_soon guest.ready web-$n "invocation=0123456789abcdef0123456789abcdef"
  event_soon guest.unhealthy web-$n 'check=http 8080/health' 'why=expected 200, seen no answer' "file=web-$n/1700000000-unhealthy-0123456789abcdef"
  event_soon guest.ended web-$n by=watch 'why=http 8080/health: expected 200, seen no answer' result=success code=killed status=TERM uptime:=86400 intended:=true
done
cat "$spool"/*.jsonl | tail -n 100 | wc -c`,
].join('\n');

/** Processor time in seconds of a command and all that it starts, and of systemd meanwhile. */
const timed = (command: string) => `
tick=$(getconf CLK_TCK)
of() { cut -d' ' -f14-15 /proc/1/stat | { read -r u s; echo $((u + s)); }; }
before=$(of)
TIMEFORMAT='%U %S %R'
time { ${command}; } >/dev/null 2>/dev/null
echo "$(($(of) - before)) $tick" >&2`;

async function spent(command: string): Promise<{ cpu: number; wall: number }> {
  const run = await host!.exec(timed(command), 120_000);
  const [times = '', first = ''] = run.stderr.trim().split('\n').slice(-2);
  const [user = 0, system = 0, wall = 0] = times.split(' ').map(Number);
  const [ticks = 0, tick = 100] = first.split(' ').map(Number);
  return { cpu: user + system + ticks / tick, wall };
}

const desk = new Desk(world, 'watch', emptyFleet(world));
try {
  desk.data.networks = { front: { subnet: '10.1.0.0/24' } };
  desk.data.vms = { one: { on: 'hv1', network: 'front', address: '10.1.0.2', state: 'stopped' } };
  await desk.open();
  await desk.apply(0);
  console.log(`${await sh(setUp)} of ${guests} guests run`);
  await sh(records);
  // As a system has it: in the store.
  await sh(`jq -c --argjson more '${JSON.stringify(policy)}' '. * $more' /etc/fleet/watch.json >/root/watch.json
path=$(nix-store --add /root/watch.json) && rm -f /etc/fleet/watch.json && ln -s "$path" /etc/fleet/watch.json`);
  const measured = async (command: string): Promise<{ cpu: Timed; wall: Timed }> => {
    const runs: { cpu: number; wall: number }[] = [];
    for (let n = 0; n <= looks; n++) {
      const run = await spent(command);
      // The first look learns.
      if (n > 0) runs.push(run);
    }
    return { cpu: median(runs.map((r) => r.cpu)), wall: median(runs.map((r) => r.wall)) };
  };
  // A machine that is slow, or busy with others, is so for all of them.
  const hundred = await measured('n=0; while [ $n -lt 100 ]; do /bin/true; n=$((n + 1)); done');
  console.log(show('100 times /bin/true, processor', hundred.cpu));
  for (const unit of ['fleet-watch', 'fleet-sample', 'fleet-alerts']) {
    const start = await sh(
      `systemctl show --value -p ExecStart ${unit} | sed -n 's/.* path=\\([^ ]*\\) .*/\\1/p'; systemctl show --value -p Environment ${unit}`,
    );
    const [program, environment = ''] = start.split('\n');
    const { cpu, wall } = await measured(`env ${environment} ${program}`);
    console.log(show(`${unit}, ${guests} guests, processor`, cpu));
    console.log(show(`${unit}, ${guests} guests, time`, wall));
    const times = ((100 * cpu.median) / hundred.cpu.median).toFixed(0);
    const share = ((100 * cpu.median) / period).toFixed(2);
    const bound = unit === 'fleet-alerts' ? '' : ' (bound: 2 %)';
    console.log(
      `  ${times} times /bin/true; ${share} % of one processor, once in ${period} s${bound}`,
    );
  }
  console.log(
    await sh(
      `jq -r '[.guests[] | .is] | group_by(.) | map("\\(length) \\(.[0])") | join(", ")' /run/fleet/watch/table`,
    ),
  );
  console.log(
    await sh(
      `jq -r '"\\([.vms[] | select(.up == 1)] | length) up"' /var/lib/fleet/metrics/last.json`,
    ),
  );
  const bytes = Number(await sh(events));
  console.log(
    `${(bytes / 100).toFixed(0)} bytes an event, 10,000 a day: ${((bytes * 100) / 1e6).toFixed(1)} MB (bound: 20)`,
  );
} finally {
  desk.close();
  await lab.stop();
}
