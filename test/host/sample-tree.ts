import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { policyOf, recordOf } from './deployed-record.ts';

const source = new URL('../../src/', import.meta.url);
export const text = (path: string): string => readFileSync(new URL(path, source), 'utf8');

/** The shell of a unit, behind the libraries, as modules/watch.nix puts it together. */
export const unit = (...files: string[]): string =>
  [
    ...['lib', 'deployments', 'locks', 'spool', 'guest-state'].map((name) =>
      text(`host/scripts/${name}.sh`),
    ),
    ...files.map((file) => text(`render/modules/${file}.sh`)),
  ].join('\n');

const mib = 1024 ** 2;
const group = (vm: string) => `/system.slice/system-microvm.slice/microvm@${vm}.service`;

/** A hypervisor as files and stand-in tools, for the units that measure. */
export class Tree {
  readonly root = mkdtempSync(join(tmpdir(), 'fleet-sample-'));
  readonly version: 1 | 2;
  now = 1_700_000_000;
  #processes = 41;

  constructor(version: 1 | 2, vms: Readonly<Record<string, object>>) {
    this.version = version;
    this.policy({ vms });
    if (version === 2) this.write('sys/fs/cgroup/cgroup.controllers', 'cpu memory\n');
    this.write('proc/stat', 'cpu  100 0 200 9000 10 0 50 0 20 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n');
    this.write('proc/loadavg', '0.50 0.40 0.30 1/100 4242\n');
    this.write('proc/uptime', '5000.12 9000.00\n');
    this.memory(16_000_000, 8_000_000);
    this.write('proc/pressure/memory', pressure(1.5, 0.25));
    this.write('sys/devices/system/cpu/online', '0-3\n');
    this.write(
      'proc/net/dev',
      'Inter-|   Receive  |  Transmit\n face |bytes packets|bytes packets\n    lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n',
    );
    this.tool('timedatectl', 'echo yes');
    this.units({});
    for (const name of [
      'var/lib/fleet',
      'nix/store/aaa-source',
      'nix/store/bbb-source',
      'nix/store/ccc-web',
    ])
      mkdirSync(join(this.root, name), { recursive: true });
  }

  /** What fleet.yaml says of vms, and that they were deployed so. */
  policy({
    vms,
    ...more
  }: {
    vms: Readonly<Record<string, object>>;
    [more: string]: unknown;
  }): void {
    const all = Object.entries(vms);
    const own = Object.fromEntries(all.map(([name, vm]) => [name, policyOf(vm)]));
    this.write(
      'etc/fleet/watch.json',
      JSON.stringify({ version: 1, capacity: { perVm: 128 }, ...more, vms: own }),
    );
    for (const [name, vm] of all) this.write(`var/lib/fleet/deployed/${name}`, recordOf(vm));
  }

  /** In KiB. */
  memory(total: number, available: number): void {
    this.write(
      'proc/meminfo',
      `MemTotal:       ${total} kB\nMemFree:        1000 kB\nMemAvailable:    ${available} kB\n`,
    );
  }

  write(path: string, content: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), content);
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), 'utf8');
  }

  tool(name: string, script: string): void {
    this.write(`bin/${name}`, `#!/bin/sh\n${script}\n`);
    spawnSync('chmod', ['+x', join(this.root, 'bin', name)]);
  }

  /** systemd says that these are so: active, inactive. */
  units(states: Readonly<Record<string, string>>): void {
    const shown = Object.entries(states).map(
      ([vm, state]) =>
        `Id=microvm@${vm}.service\nActiveState=${state}\nControlGroup=${state === 'active' ? group(vm) : ''}\nInvocationID=life-of-${vm}\n`,
    );
    this.write('shown', shown.join('\n'));
    this.write(
      'active',
      Object.entries(states)
        .map(([vm, state]) => `microvm@${vm}.service ${state}\n`)
        .join(''),
    );
    this.tool(
      'systemctl',
      `echo "$*" >>"$FLEET_ROOT/asked"
case "$*" in
*is-active*) grep -q "^$3 active" "$FLEET_ROOT/active" || grep -q "^$2 active" "$FLEET_ROOT/active" ;;
*'InvocationID --value microvm@'*) life=\${5#microvm@}; echo "life-of-\${life%.service}" ;;
*'show --no-pager'*) cat "$FLEET_ROOT/shown" ;;
stop*microvm@*) sed -i "s/^$3 active/$3 inactive/" "$FLEET_ROOT/active" ;;
*list-units*--state=active*) sed -n 's/^\\(microvm@[a-z0-9-]*.service\\) active/\\1 loaded active running/p' "$FLEET_ROOT/active" ;;
start*microvm@*) sed -i "s/^$3 inactive/$3 active/" "$FLEET_ROOT/active" ;;
*) : ;;
esac`,
    );
  }

  /** A guest whose VMM has so many MiB and seconds of processor time. */
  guest(vm: string, memoryMiB: number, seconds: number): void {
    const at = `sys/fs/cgroup${this.version === 2 ? '' : '/systemd'}${group(vm)}`;
    if (this.version === 2) {
      this.write(`${at}/memory.current`, `${memoryMiB * mib}\n`);
      this.write(`${at}/memory.peak`, `${(memoryMiB + 1) * mib}\n`);
      this.write(`${at}/memory.events`, 'low 0\nhigh 0\nmax 0\noom 1\noom_kill 1\n');
      this.write(`${at}/memory.pressure`, pressure(0, 0));
      this.write(`${at}/cpu.stat`, `usage_usec ${seconds * 1e6}\nuser_usec 1\nsystem_usec 2\n`);
      return;
    }
    // Two processes share it; the name of one has what the file is told apart by.
    this.#processes += 2;
    const first = this.#processes;
    this.write(`${at}/cgroup.procs`, `${first}\n${first + 1}\n`);
    for (const [pid, name] of [
      [first, 'qemu-system-x86'],
      [first + 1, 'a) S (b'],
    ]) {
      this.write(
        `proc/${pid}/smaps_rollup`,
        `55d0-7ffd ---p 00000000 00:00 0 [rollup]\nRss:  9 kB\nPss:  ${(memoryMiB * 1024) / 2} kB\nPss_Anon: 5 kB\n`,
      );
      const ticks = (seconds * 100) / 4;
      this.write(
        `proc/${pid}/stat`,
        `${pid} (${name}) S 1 2 3 4 5 6 7 8 9 10 ${ticks} ${ticks} 0 0 20 0 1 0\n`,
      );
    }
  }

  /** What a TAP of the hypervisor counted: what it received the guest sent. */
  tap(name: string, received: number, sent: number): void {
    const path = 'proc/net/dev';
    this.write(
      path,
      `${this.read(path)}${name.padStart(8)}: ${received} 10 0 1 0 0 0 0 ${sent} 20 0 2 0 0 0 0\n`,
    );
  }

  /** Events, as the spool has them. */
  events(name: string, ...events: object[]): void {
    const path = `var/lib/fleet/events/${name}.jsonl`;
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(
      join(this.root, path),
      events.map((event) => `${JSON.stringify({ v: 1, ...event })}\n`).join(''),
      { flag: 'a' },
    );
  }

  run(script: string, shell = 'sh', env: Readonly<Record<string, string>> = {}) {
    return spawnSync(shell, ['-c', script, 'fleet'], { env: this.#env(env), encoding: 'utf8' });
  }

  /** The same, while this process does other things. */
  start(script: string, ended: (code: number | null, said: string) => void): void {
    const child = spawn('sh', ['-c', script, 'fleet'], { env: this.#env({}) });
    let said = '';
    child.stderr.on('data', (data) => {
      said += data;
    });
    child.once('close', (code) => ended(code, said));
  }

  #env(more: Readonly<Record<string, string>>) {
    return {
      PATH: `${join(this.root, 'bin')}:${process.env.PATH}`,
      FLEET_ROOT: this.root,
      FLEET_NOW: String(this.now),
      sample_program: fileURLToPath(new URL('render/modules/sample.jq', source)),
      ...more,
    };
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

const pressure = (some: number, full: number): string =>
  `some avg10=${some.toFixed(2)} avg60=0.00 avg300=0.00 total=2500000\nfull avg10=${full.toFixed(2)} avg60=0.00 avg300=0.00 total=500000\n`;
