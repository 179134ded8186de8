import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { policyOf, recordOf } from './deployed-record.ts';
import { judged } from './judge.ts';
import { noteWrites } from './power-cut.ts';

const scripts = [
  'lib',
  'deployments',
  'locks',
  'spool',
  'guest-state',
  'ends',
  'dump',
  'vmm',
  'guest-ssh',
];
const source = (path: string) =>
  readFileSync(new URL(`../../src/${path}`, import.meta.url), 'utf8');
// The time is the test's.
const libraries = [
  ...scripts.map((name) => source(`host/scripts/${name}.sh`)),
  'uptime_seconds() { echo "$FLEET_NOW"; }',
].join('\n');
const unit = (...names: string[]) =>
  [libraries, ...names.map((name) => source(`render/modules/${name}.sh`))].join('\n');
const texts = {
  watch: unit('watch-judge', 'watch'),
  heal: unit('heal'),
  health: ['lib', 'guests', 'health'].map((name) => source(`host/scripts/${name}.sh`)).join('\n'),
};

/** `units/NAME`: what systemd says of a unit; `links`, `alive`, `probed`, `near`, `processes`: what other tools say. */
const standIns = {
  systemctl: `
cd "$FLEET_ROOT/units" || exit 1
case $1 in
show)
  value=
  for word; do case $word in --value) value=yes ;; esac; done
  shift
  wanted=
  while [ $# -gt 0 ]; do
    case $1 in
    -p) wanted="$wanted $2"; shift ;;
    --*) ;;
    *)
      case $value in
      yes) for key in $wanted; do sed -n "s/^$key=//p" "$1" 2>/dev/null; done ;;
      *) for file in $1; do [ ! -f "$file" ] || { cat "$file"; echo; }; done ;;
      esac ;;
    esac
    shift
  done ;;
is-active) grep -qx ActiveState=active "$3" 2>/dev/null ;;
list-units) case "$*" in *--output=json*) cat "$FLEET_ROOT/listed"; exit ;; esac
  for file in microvm*; do
    state=$(sed -n 's/^ActiveState=//p' "$file")
    case "$*" in *"=deactivating "*) [ "$state" = deactivating ] || continue ;; esac
    case $state in inactive | failed) ;; *) echo "$file loaded $state running" ;; esac
  done ;;
list-jobs) ;;
*) echo "systemctl $*" >>"$FLEET_ROOT/log"
  case "$1 $2" in "restart microvm@"*)
    sed -i "s/^InvocationID=.*/InvocationID=new/;s/^ActiveState=.*/ActiveState=active/" "$2" ;;
  esac ;;
esac`,
  ip: `
case "$*" in
'-j address show') cat "$FLEET_ROOT/links" ;;
'-s -j neigh show') cat "$FLEET_ROOT/near" ;;
*) echo "ip $*" >>"$FLEET_ROOT/log" ;;
esac`,
  fping: 'cat "$FLEET_ROOT/alive"',
  ping: 'for address; do :; done; grep -qx "$address" "$FLEET_ROOT/alive"',
  curl: 'cat "$FLEET_ROOT/probed"',
  ps: 'cat "$FLEET_ROOT/processes"',
  journalctl: 'echo "last words of a guest"',
  socat: '[ ! -f "$FLEET_ROOT/qmp" ] || cat "$FLEET_ROOT/qmp"',
  ssh: `cat >/dev/null; cat "$FLEET_ROOT/ssh"
find "$FLEET_ROOT/run/fleet" -size +4k >>"$FLEET_ROOT/large"; exit "$(cat "$FLEET_ROOT/ssh-code")"`,
};

const recovery = {
  ...{ restart: 'always', attempts: 5, interval: 600, delay: 5, backoff: 2, maxDelay: 300 },
  ...{ maxPerHour: 20, giveUp: 'fail', unhealthy: { after: 3, every: 15, restart: true } },
};

// biome-ignore lint/suspicious/noExplicitAny: as fleet.yaml has it, and as jq reads it
type Data = Record<string, any>;
export interface Link {
  ifname: string;
  flags: string[];
  master?: string;
  addr_info: { local: string; prefixlen: number }[];
}

/** A folder that is a hypervisor to fleet-watch, with tools that say what a test wants. */
export class WatchWorld {
  readonly root = mkdtempSync(join(tmpdir(), 'fleet-watch-'));
  readonly vms: Data = {};
  readonly links: Link[] = [];
  readonly units: Record<string, Data> = {};
  readonly alive = new Set<string>();
  readonly probed = new Map<string, string>();
  near: { dst: string; state: string[]; confirmed: number }[] = [];
  processes: string[] = [];
  policy: Data = {};
  now = 1000;
  shell = 'sh';
  #log = 0;
  #seen = 0;

  constructor() {
    for (const folder of [
      ...['bin', 'etc/fleet', 'run', 'units', 'nix/store', 'var/lib/microvms'],
      ...[
        'var/lib/fleet/stopped',
        'var/lib/fleet/deployed',
        'var/lib/fleet/deployments',
        'proc/sys/kernel/random',
      ],
      ...['proc/sys/net/ipv4/conf/all', 'proc/sys/net/ipv4/conf/br0'],
    ])
      mkdirSync(join(this.root, folder), { recursive: true });
    noteWrites(this.root);
    for (const [name, text] of Object.entries(standIns))
      writeFileSync(join(this.root, 'bin', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    this.put('proc/sys/kernel/random/boot_id', 'boot1\n');
    for (const way of ['all', 'br0']) this.forward(way, 1);
    this.bridge('br0', '10.1.0.1');
    for (const name of ['fleet-recover', 'fleet-autostart'])
      this.unit(`${name}.service`, 'active', { SubState: 'exited' });
  }

  close(): void {
    rmSync(this.root, { recursive: true });
  }

  put(path: string, text = ''): void {
    mkdirSync(join(this.root, path, '..'), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }
  read(path: string): string {
    return existsSync(join(this.root, path)) ? readFileSync(join(this.root, path), 'utf8') : '';
  }
  forward(way: string, on: 0 | 1): void {
    this.put(`proc/sys/net/ipv4/conf/${way}/forwarding`, `${on}\n`);
  }
  forwards(way: string): string {
    return this.read(`proc/sys/net/ipv4/conf/${way}/forwarding`).trim();
  }

  bridge(name: string, local: string): void {
    const addr_info = [{ local, prefixlen: 24 }];
    this.links.push({ ifname: name, flags: ['UP'], addr_info });
    this.policy.bridges = { ...this.policy.bridges, [name]: { addresses: [`${local}/24`] } };
  }

  unit(id: string, active: string, more: Data = {}): void {
    this.units[id] = {
      ...{ Id: id, ActiveState: active, SubState: 'running', InvocationID: `${id}-1`, Job: '' },
      ...{ ActiveEnterTimestampMonotonic: '900000000', ...more },
    };
  }

  /** A guest that runs, and answers. */
  guest(name: string, more: Data = {}): void {
    const address = `10.1.0.${Object.keys(this.vms).length + 2}`;
    const { bridge = 'br0', ...own } = more;
    this.vms[name] = {
      ...{ state: 'running', autostart: 'always', vmm: 'qemu', address, shares: 1, memory: 256 },
      ...{ nics: [{ tap: `vm-${name}`, bridge, address }], dependsOn: [], checks: [] },
      ...{ recovery, dumps: { guest: false }, ...own },
    };
    mkdirSync(join(this.root, 'var/lib/microvms', name));
    const runner = join(this.root, 'nix/store', `r-${name}`);
    this.put(`nix/store/r-${name}/share/microvm/hypervisor`, 'qemu\n');
    this.put(`nix/store/r-${name}/bin/microvm-shutdown`, `socat STDIO UNIX:${name}.sock,shut-none`);
    for (const link of ['current', 'booted'])
      symlinkSync(runner, join(this.root, 'var/lib/microvms', name, link));
    this.links.push({ ifname: `vm-${name}`, flags: ['UP'], master: bridge, addr_info: [] });
    this.unit(`microvm@${name}.service`, 'active');
    this.unit(`microvm-virtiofsd@${name}.service`, 'active');
    this.alive.add(address);
  }
  recovery(name: string, more: Data): void {
    const { unhealthy, ...own } = more;
    const vm = this.vms[name];
    vm.recovery = {
      ...vm.recovery,
      ...own,
      unhealthy: { ...vm.recovery.unhealthy, ...unhealthy },
    };
  }
  link(name: string): Link {
    const found = this.links.find((link) => link.ifname === name);
    if (!found) throw new Error(name);
    return found;
  }
  of(name: string): Data {
    return this.units[`microvm@${name}.service`] as Data;
  }
  mute(...names: string[]): void {
    for (const name of names) this.alive.delete(this.vms[name].address);
  }
  unmute(...names: string[]): void {
    for (const name of names) this.alive.add(this.vms[name].address);
  }

  /** As fleet writes a record: where it changes it is renamed into its place. */
  #record(path: string, text: string): void {
    if (this.read(path) === text) return;
    this.put('record', text);
    renameSync(join(this.root, 'record'), join(this.root, path));
  }

  #write(): void {
    const { policy } = this;
    const all = Object.entries(this.vms);
    const vms = Object.fromEntries(all.map(([name, vm]) => [name, policyOf(vm)]));
    const text = JSON.stringify({ version: 1, forwarding: true, ...policy, vms });
    const hash = createHash('sha256').update(text).digest('hex').slice(0, 32);
    this.put(`nix/store/${hash}-watch.json`, text);
    rmSync(join(this.root, 'etc/fleet/watch.json'), { force: true });
    symlinkSync(
      join(this.root, `nix/store/${hash}-watch.json`),
      join(this.root, 'etc/fleet/watch.json'),
    );
    for (const [name, vm] of all) this.#record(`var/lib/fleet/deployed/${name}`, recordOf(vm));
    this.put('links', JSON.stringify(this.links));
    this.put('near', JSON.stringify(this.near));
    this.put('alive', [...this.alive, ''].join('\n'));
    this.put('probed', [...this.probed].map(([key, seen]) => `${key} ${seen}\n`).join(''));
    this.put('processes', [...this.processes, ''].join('\n'));
    for (const file of readdirSync(join(this.root, 'units')))
      rmSync(join(this.root, 'units', file));
    const units = Object.entries(this.units);
    const listed = units.map(([unit, { ActiveState: active, SubState: sub, Job: job }]) => ({
      ...{ unit, load: 'loaded', active, sub, ...(job && { job: 'start' }), description: 'x' },
    }));
    this.put('listed', JSON.stringify(listed));
    const lives = join(this.root, 'run/systemd/units');
    rmSync(lives, { recursive: true, force: true });
    mkdirSync(lives, { recursive: true });
    for (const [unit, { ActiveState, InvocationID }] of units)
      if (!['inactive', 'failed'].includes(ActiveState))
        symlinkSync(InvocationID, join(lives, `invocation:${unit}`));
    for (const [id, unit] of units)
      this.put(
        `units/${id}`,
        Object.entries(unit)
          .map(([k, v]) => `${k}=${v}\n`)
          .join(''),
      );
  }

  /** Runs a unit's script, and takes over what it did to units. */
  run(script: keyof typeof texts, ...args: string[]): string {
    this.#write();
    const said = execFileSync(this.shell, ['-e', '-c', texts[script], 'fleet', ...args], {
      env: {
        PATH: `${join(this.root, 'bin')}:${process.env.PATH}`,
        ...{ FLEET_ROOT: this.root, FLEET_NOW: String(this.now) },
      },
      encoding: 'utf8',
    });
    for (const [id, unit] of Object.entries(this.units))
      for (const line of this.read(`units/${id}`).split('\n')) {
        const [key, value] = line.split('=');
        if (key) unit[key] = value;
      }
    return said;
  }

  /** As `look`, but the judge alone, which takes no time: what is to be done is not done. All that it said. */
  judge(times = 1): string[][] {
    const own = 'run/fleet/watch/';
    const { root } = this;
    const list = (folder: string) =>
      existsSync(join(root, folder)) ? readdirSync(join(root, folder)) : [];
    const of = (folder: string) =>
      list(folder)
        .filter((file) => file !== 'runs')
        .map((file) => [file, this.read(`${folder}/${file}`)]);
    return Array.from({ length: times }, () => {
      this.now += 15;
      this.#write();
      const states = of('var/lib/fleet/guests').flatMap(([name, text = '']) =>
        text.split('\n').map((line) => `${name}:${line}\n`),
      );
      const marks = [
        ...Object.keys(this.vms).map((name) => `created ${name}\n`),
        ...list('var/lib/fleet/stopped').map((name) => `stopped ${name}\n`),
        ...of(own)
          .filter(([file, until]) => file?.startsWith('later.') && Number(until) > this.now)
          .map(([file]) => `later ${file?.slice(6)}\n`),
      ];
      if (!existsSync(join(root, `${own}table`))) this.put(`${own}table`, '{}');
      const slurped = (path: string) => [JSON.parse(this.read(path))];
      const lines = judged({
        now: this.now,
        locked: false,
        boot: 'boot1',
        policy: slurped('etc/fleet/watch.json'),
        table: slurped(`${own}table`),
        links: slurped('links'),
        units: slurped('listed'),
        neighbours: slurped('near'),
        lives: list('run/systemd/units')
          .map((link) => `${link} ${readlinkSync(join(root, 'run/systemd/units', link))}\n`)
          .join(''),
        entered: of('units')
          .map(([, text]) => `${text}\n`)
          .join(''),
        runs: of(`${own}runs`)
          .map(([, text]) => text)
          .join(''),
        records: states.join(''),
        marks: marks.join(''),
        answers: this.read('alive'),
        probes: this.read('probed'),
        processes: this.read('processes'),
        vmm: this.read(`${own}vmm`),
        closed: '',
        deployed: Object.entries(this.vms)
          .map(([name, vm]) => `${name}\t${recordOf(vm).split('\t').at(-1)}`)
          .join(''),
      });
      const table = lines.findIndex((line) => line.startsWith('table\t'));
      this.put(`${own}table`, lines[table]?.slice(6));
      return lines.slice(0, table).map((line) => line.split('\t'));
    }).flat();
  }

  /** Looks, so many times, 15 s apart; what the judge said at the last. */
  look(times = 1): string[][] {
    for (let i = 0; i < times; i += 1) {
      this.now += 15;
      this.run('watch');
    }
    return this.rows();
  }
  heal(name: string): void {
    this.run('heal', name);
  }
  rows(): string[][] {
    return this.read('run/fleet/watch/rows')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('table'))
      .map((line) => line.split('\t'));
  }
  /** How the last look judged it: ok, bad, cut, off, busy or asking. */
  is(name: string): string {
    return JSON.parse(this.read('run/fleet/watch/table')).guests[name].is;
  }

  /** What was told since this was last asked. */
  events(): Data[] {
    const folder = join(this.root, 'var/lib/fleet/events');
    const files = existsSync(folder) ? readdirSync(folder).sort() : [];
    const all = files
      .flatMap((file) => readFileSync(join(folder, file), 'utf8').split('\n').slice(0, -1))
      .map((line) => JSON.parse(line))
      .filter(({ kind }) => !kind.startsWith('spool.'));
    const fresh = all.slice(this.#seen);
    this.#seen = all.length;
    return fresh;
  }
  /** The same, short: kind, vm, and what or why. */
  told(): string[] {
    return this.events().map(({ kind, vm, what, why, check }) =>
      [kind, vm, check, what ?? why].filter((word) => word !== undefined).join(' | '),
    );
  }
  /** What was done since this was last asked. */
  done(): string[] {
    const all = this.read('log').split('\n').slice(0, -1);
    const fresh = all.slice(this.#log);
    this.#log = all.length;
    return fresh;
  }
  record(name: string): Data {
    const lines = this.read(`var/lib/fleet/guests/${name}`).split('\n').slice(0, -1);
    return Object.fromEntries(lines.map((line) => line.split('\t')));
  }
}
