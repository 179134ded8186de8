import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { parseTop } from '../../src/host/answers/top.ts';
import { writable } from '../hostile/kvm-world.ts';
import { parseExposition } from './exposition.ts';
import { Tree, text, unit } from './sample-tree.ts';

const sample = unit('memory-level', 'sample-table', 'sample');
const day = 86_400;
const mib = 1024 ** 2;

describe.each([
  { version: 2, shell: 'sh' },
  { version: 1, shell: 'sh' },
  { version: 2, shell: 'bash' },
] as const)(
  'a sample, where control groups are of version $version, in $shell',
  ({ version, shell }) => {
    let tree: Tree;
    afterEach(() => tree.remove());

    const measured = () => parseExposition(tree.read('var/lib/fleet/metrics/fleet.prom'));
    const once = () => {
      const run = tree.run(sample, shell);
      expect(run.status, run.stderr).toBe(0);
      return measured();
    };

    test('says what is reserved and used, of each vm that the policy names and of the hypervisor', () => {
      const vms = {
        web: {
          state: 'running',
          memory: 512,
          vcpu: 2,
          nics: [{ tap: 'vm-web' }, { tap: 'vm-web-2' }],
        },
        db: { state: 'stopped', memory: 1024, vcpu: 4, nics: [{ tap: 'vm-db' }] },
      };
      tree = new Tree(version, vms);
      tree.policy({ vms, bridges: { 'br-a': {} } });
      tree.units({ web: 'active', db: 'inactive', stranger: 'active' });
      tree.guest('web', 300, 12);
      tree.guest('stranger', 100, 1);
      tree.tap('vm-web', 1000, 5000);
      tree.tap('vm-web-2', 1, 2);
      tree.write('var/lib/microvms/web/var.img', 'x'.repeat(8192));
      tree.write('var/lib/microvms/web/odd name.img', 'not a disk that fleet made');
      tree.write(
        'var/lib/fleet/guests/web',
        'state\tReady\nsince\t1699990000\nhealth\tok\nrestarts\t3\n',
      );
      tree.tap('eth0', 7000, 9000);
      tree.tap('br-a', 1, 1);
      tree.write(
        'var/lib/fleet/found',
        'drift\tweb\tit runs, and is wanted stopped\ndrift\t-\tanother system runs than was deployed\norphan\ttap\tvm-x\n',
      );
      tree.write('run/fleet/watch/looked', '4990\n');
      tree.write('var/lib/fleet/deployments/1/result', 'done\n');
      tree.write('var/lib/fleet/deployments/1/meta', 'ended\t1699990000\n');
      const metrics = once();
      const value = (metric: string, labels: object) =>
        metrics.get(metric)?.samples.find((s) => {
          return Object.entries(labels).every(([key, want]) => s.labels[key] === want);
        })?.value;

      expect(value('fleet_vm_up', { vm: 'web' })).toBe(1);
      expect(value('fleet_vm_up', { vm: 'db' })).toBe(0);
      expect(value('fleet_vm_meant_up', { vm: 'db' })).toBe(0);
      expect(value('fleet_vm_state', { vm: 'web', state: 'Ready', health: 'ok' })).toBe(1);
      expect(value('fleet_vm_restarts', { vm: 'web' })).toBe(3);
      // 512 MiB, and 128 for its VMM; who is not meant to run has nothing reserved on the hypervisor.
      expect(value('fleet_vm_memory_reserved_bytes', { vm: 'web' })).toBe(640 * mib);
      expect(value('fleet_hypervisor_memory_reserved_bytes', {})).toBe(640 * mib);
      expect(value('fleet_hypervisor_cpus_reserved', {})).toBe(2);
      expect(value('fleet_vm_memory_used_bytes', { vm: 'web' })).toBe(300 * mib);
      expect(value('fleet_hypervisor_memory_used_by_vms_bytes', {})).toBe(300 * mib);
      expect(value('fleet_vm_cpu_seconds_total', { vm: 'web' })).toBe(12);
      // What a TAP receives the guest has sent.
      expect(value('fleet_vm_network_transmit_bytes_total', { vm: 'web' })).toBe(1001);
      expect(value('fleet_vm_network_receive_bytes_total', { vm: 'web' })).toBe(5002);
      expect(value('fleet_vm_network_drops_total', { vm: 'web' })).toBe(6);
      expect(value('fleet_vm_disk_virtual_bytes', { vm: 'web' })).toBe(8192);
      expect(value('fleet_vm_disk_allocated_bytes', { vm: 'web' })).toBeGreaterThan(0);
      expect(value('fleet_hypervisor_memory_bytes', { kind: 'available' })).toBe(8_000_000 * 1024);
      expect(value('fleet_hypervisor_memory_pressure', { kind: 'some' })).toBe(1.5);
      expect(value('fleet_hypervisor_cpus', {})).toBe(4);
      expect(value('fleet_hypervisor_flake_copies', {})).toBe(2);
      expect(value('fleet_hypervisor_clock_synchronised', {})).toBe(1);
      expect(value('fleet_vm_memory_oom_kills_total', { vm: 'web' })).toBe(
        version === 2 ? 1 : undefined,
      );
      expect(value('fleet_hypervisor_disk_reserved_bytes', {})).toBe(8192);
      const devices = metrics.get('fleet_hypervisor_network_receive_bytes_total')?.samples;
      expect(devices).toMatchObject([{ labels: { device: 'eth0' }, value: 7000 }]);
      expect(value('fleet_hypervisor_network_transmit_bytes_total', { device: 'eth0' })).toBe(9000);
      expect(metrics.get('fleet_drift')?.samples.map(({ labels }) => labels)).toEqual([
        { vm: 'web', what: 'it runs, and is wanted stopped' },
        { what: 'another system runs than was deployed' },
      ]);
      expect(value('fleet_orphans', { what: 'tap' })).toBe(1);
      expect(value('fleet_orphans', { what: 'process' })).toBe(0);
      expect(value('fleet_watch_timestamp_seconds', {})).toBe(1_700_000_000 - 10);
      expect(value('fleet_deployment_last_success', {})).toBe(1);
      const named = [...metrics.values()].flatMap((m) => m.samples.map((s) => s.labels.vm ?? 'db'));
      expect(new Set(named)).toEqual(new Set(['web', 'db']));
    });
  },
);

describe('samples', () => {
  let tree: Tree;
  afterEach(() => {
    expect(writable(tree.root)).toEqual([]);
    tree.remove();
  });
  const once = (env = {}) => {
    const run = tree.run(sample, 'sh', env);
    expect(run.status, run.stderr).toBe(0);
    return parseExposition(tree.read('var/lib/fleet/metrics/fleet.prom'));
  };
  const of = (metrics: ReturnType<typeof once>, metric: string, vm = 'web') =>
    Object.fromEntries(
      (metrics.get(metric)?.samples ?? [])
        .filter((s) => s.labels.vm === vm)
        .map((s) => [s.labels.window ?? s.labels.result ?? '', s.value]),
    );
  const one = (state = 'active') => {
    tree = new Tree(2, { web: { state: 'running', memory: 512, vcpu: 1, nics: [] } });
    tree.units({ web: state });
    tree.guest('web', 100, 1);
  };
  const t = 1_700_000_000;

  test('availability is of events, also of those between two samples, and of the time that it was meant to be up', () => {
    one();
    tree.events(
      '000000000001-aaaaaaaa-0000000001',
      { at: t - 2 * day, kind: 'guest.started', vm: 'web' },
      { at: t - 2 * day + 10, kind: 'guest.ready', vm: 'web' },
      // Down for a quarter of the last day, and stopped by a person for another quarter.
      { at: t - 0.75 * day, kind: 'guest.ended', vm: 'web', intended: false },
      { at: t - 0.5 * day, kind: 'guest.ready', vm: 'web' },
      { at: t - 0.5 * day, kind: 'vm.stopped', vm: 'web' },
      { at: t - 0.25 * day, kind: 'vm.released', vm: 'web' },
      { at: t - 0.25 * day, kind: 'guest.ready', vm: 'web' },
    );
    const { '1d': ofDay, '30d': ofMonth } = of(once(), 'fleet_vm_availability');
    expect(ofDay).toBeCloseTo(0.5 / 0.75, 5);
    // From its first event on: what was before that nobody knows.
    expect(ofMonth).toBeCloseTo((1.75 * day - 10 - 0.25 * day) / (1.75 * day), 5);
  });

  test('a host that was off was not up: from the last sample before the boot on', () => {
    one();
    tree.now = t;
    once();
    tree.now = t + 100;
    once();
    tree.events(
      '000000000002-bbbbbbbb-0000000001',
      { at: t + 900, kind: 'spool.epoch', why: 'no-counter' },
      { at: t + 1000, kind: 'guest.ready', vm: 'web' },
    );
    tree.now = t + 1100;
    // Up for 100 s before and 100 s after it, of 1100.
    expect(of(once(), 'fleet_vm_availability')['1d']).toBeCloseTo(200 / 1100, 5);
  });

  test('each event counts once, whatever is rotated meanwhile, and a lost memory is made again from the events', () => {
    one();
    const boot = { kind: 'guest.ready', vm: 'web' };
    tree.events(
      '000000000001-aaaaaaaa-0000000001',
      { at: t - 500, ...boot },
      { at: t - 400, kind: 'guest.ended', vm: 'web' },
    );
    expect(of(once(), 'fleet_boots')).toEqual({ ready: 1 });
    expect(of(once(), 'fleet_boots')).toEqual({ ready: 1 });
    tree.events(
      '000000000001-aaaaaaaa-0000000001',
      { at: t - 300, kind: 'guest.again', vm: 'web' },
      { at: t - 290, kind: 'guest.started', vm: 'web' },
      { at: t - 280, kind: 'guest.ended', vm: 'web', intended: false },
      { at: t - 270, kind: 'guest.again', vm: 'web' },
    );
    tree.events('000000000001-aaaaaaaa-0000000007', { at: t - 200, ...boot });
    const then = once();
    expect(of(then, 'fleet_boots')).toEqual({ ready: 2, ended: 1 });
    expect(of(then, 'fleet_recoveries')).toEqual({ ended: 1, ready: 1 });
    // A crash after which systemd starts it again, a hang that the watch ends, and what somebody asked for.
    tree.events(
      '000000000001-aaaaaaaa-0000000007',
      { at: t - 190, kind: 'guest.ended', vm: 'web', intended: false },
      { at: t - 180, ...boot },
      { at: t - 170, kind: 'guest.restarted', vm: 'web' },
      { at: t - 170, kind: 'guest.ended', vm: 'web', intended: true },
      { at: t - 160, ...boot },
      { at: t - 150, kind: 'guest.ended', vm: 'web', intended: true },
      { at: t - 140, ...boot },
    );
    const last = once();
    expect(of(last, 'fleet_boots')).toEqual({ ready: 5, ended: 1 });
    expect(of(last, 'fleet_recoveries')).toEqual({ ended: 1, ready: 3 });
    writeFileSync(join(tree.root, 'var/lib/fleet/metrics/memory.json'), '{"v":1,"vms":');
    // The one that finds it half fails, the next has everything.
    expect(tree.run(sample).status).not.toBe(0);
    expect(of(once(), 'fleet_boots')).toEqual({ ready: 5, ended: 1 });
  });

  test('lines that are no events, and vms that nobody declared, do no harm', () => {
    one();
    tree.write(
      'var/lib/fleet/events/000000000001-aaaaaaaa-0000000001.jsonl',
      `{"v":1,"at":"x","kind":"guest.ready","vm":"web"}\n[1]\nnull\n{"at":${t},"kind":"guest.ready","vm":"ghost"}\n{"at":${t - 5},"kind":"guest.ready","vm":"web"}\n{"seq":2,"why":"cra`,
    );
    const metrics = once();
    expect(of(metrics, 'fleet_boots')).toEqual({ ready: 1 });
    expect(
      [...metrics.values()].flatMap((m) => m.samples).some((s) => s.labels.vm === 'ghost'),
    ).toBe(false);
  });

  test('the ring is bounded by hours and by bytes, and what is oldest goes', () => {
    one();
    const hour = Math.floor(Date.now() / 1000 / 3600);
    for (const name of [`${hour - 30}-0`, `${hour - 25}-0`, `${hour - 3}-0`])
      tree.write(`var/lib/fleet/samples/${name}`, '{}\n');
    once();
    const ring = () => readdirSync(join(tree.root, 'var/lib/fleet/samples')).sort();
    expect(ring()).toEqual([`${hour - 3}-0`, `${hour}-000`]);
    // A full file is followed by another of the same hour; they sort by their names.
    tree.write(`var/lib/fleet/samples/${hour}-000`, `${'x'.repeat(mib)}\n`);
    once();
    expect(ring()).toEqual([`${hour - 3}-0`, `${hour}-000`, `${hour}-001`]);
    tree.write(`var/lib/fleet/samples/${hour}-009`, `${'x'.repeat(mib)}\n`);
    once();
    once();
    expect(ring().at(-1)).toBe(`${hour}-010`);
    expect(tree.read(`var/lib/fleet/samples/${hour}-010`).split('\n')).toHaveLength(3);
    for (let i = 0; i < 40; i++) tree.write(`var/lib/fleet/samples/${hour - 2}-${i}`, '{}\n');
    tree.write(`var/lib/fleet/samples/${hour}-010`, `${'x'.repeat(mib)}\n`);
    once();
    expect(ring()).toHaveLength(32);
  });

  test('what fleet top prints is of the last minute, and of the hour', () => {
    one();
    const began = Math.floor(Date.now() / 1000) - 120;
    for (let i = 0; i <= 8; i++) {
      tree.now = began + i * 15;
      tree.guest('web', 100 + i, i * 3);
      once();
    }
    const top = tree.run([text('host/scripts/lib.sh'), text('host/scripts/top.sh')].join('\n'));
    expect(top.status, top.stderr).toBe(0);
    const usage = parseTop(top.stdout, 'hv1');
    expect(usage.vms).toHaveLength(1);
    const [web] = usage.vms;
    // 3 s of processor time every 15.
    expect(web?.cpu).toBeCloseTo(0.2, 3);
    expect(web).toMatchObject({
      name: 'web',
      memoryUsed: 108 * mib,
      memoryReserved: 640 * mib,
      state: 'Ready',
    });
    expect(web?.trend.memory).toHaveLength(20);
    expect(web?.trend.memory.at(-1)).toBe(108 * mib);
    expect(usage.hypervisor.name).toBe('hv1');
  });

  test('where nothing was sampled fleet top says so', () => {
    one();
    const top = tree.run([text('host/scripts/lib.sh'), text('host/scripts/top.sh')].join('\n'));
    expect(top.stderr).toContain('fleet-error\ttop.no-samples\t');
  });

  test('docs/metrics.md has every metric, as it is', () => {
    const defined = [
      ...text('render/modules/sample.jq').matchAll(
        /metric\("([a-z0-9_]+)"; "([a-z]+)"; "([^"]+)"/g,
      ),
    ].map(([, name, type, help]) => `| \`${name}\` | ${type} | ${help} |`);
    const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
    expect(page.split('\n').filter((line) => line.startsWith('| `fleet_'))).toEqual(defined);
  });

  test('promtool finds nothing wrong with it', (context) => {
    if (spawnSync('promtool', ['--version']).error) context.skip('promtool is not installed');
    one();
    once();
    const said = spawnSync('promtool', ['check', 'metrics'], {
      input: tree.read('var/lib/fleet/metrics/fleet.prom'),
      encoding: 'utf8',
    });
    // The names are fleet's words.
    const wrong = `${said.stdout}${said.stderr}`
      .split('\n')
      .filter(
        (l) =>
          l !== '' &&
          !/fleet_(boots|checks|recoveries) counter metrics should have "_total" suffix/.test(l),
      );
    expect(wrong).toEqual([]);
  });

  test("what an agent says is a guest's: only plain figures of it are told", () => {
    one();
    tree.policy({
      vms: {
        web: { state: 'running', memory: 512, vcpu: 1, agent: true },
        mute: { state: 'running', memory: 1, agent: true },
      },
    });
    mkdirSync(join(tree.root, 'var/lib/microvms'), { recursive: true });
    const line = JSON.stringify({
      v: 1,
      load: 'x',
      uptime: 5,
      failed: 2,
      memory: { total: 100, available: -1 },
      units: ['a.service', 'b\n# HELP evil', 'c"d'],
      disks: [
        { mount: '/var', size: 10, free: 5 },
        { mount: '/"} 1\nevil', size: 1 },
        { mount: '/var', size: 7, free: 7 },
        'x',
      ],
    });
    tree.write('line', line);
    // In place of the one process that asks them all.
    tree.tool(
      'timeout',
      'case $* in *fleet-agent*) printf "web\\t"; cat "$FLEET_ROOT/line"; printf "\\nmute\\t{\\n" ;; *) shift; exec "$@" ;; esac',
    );
    const metrics = once();
    const samples = (name: string) => metrics.get(name)?.samples;
    expect(samples('fleet_vm_agent_up')).toEqual([
      { labels: { vm: 'web' }, value: 1 },
      { labels: { vm: 'mute' }, value: 0 },
    ]);
    expect(samples('fleet_vm_guest_memory_bytes')).toEqual([
      { labels: { vm: 'web', kind: 'total' }, value: 100 },
    ]);
    expect(samples('fleet_vm_guest_load1')).toBeUndefined();
    expect(samples('fleet_vm_guest_failed_units')?.[0]?.value).toBe(2);
    expect(samples('fleet_vm_guest_filesystem_bytes')).toEqual([
      { labels: { vm: 'web', mount: '/var', kind: 'size' }, value: 10 },
      { labels: { vm: 'web', mount: '/var', kind: 'free' }, value: 5 },
    ]);
    expect(
      JSON.parse(tree.read('var/lib/fleet/metrics/last.json')).vms.find(
        (v: { name: string }) => v.name === 'web',
      ).agent.units,
    ).toEqual(['a.service']);

    // One that answers now and then is told as lost once an hour.
    tree.write('line', '');
    const told = (what = 'lost') =>
      readdirSync(join(tree.root, 'var/lib/fleet/events'))
        .map((name) => tree.read(`var/lib/fleet/events/${name}`))
        .join('')
        .split(`"agent.${what}","vm":"web"`).length - 1;
    const lost = [60, 3600].map((ago) => {
      const agent = { missed: 3, lost: false, at: tree.now - ago };
      const memory = { v: 1, vms: { web: { c: [], agent } } };
      tree.write('var/lib/fleet/metrics/memory.json', JSON.stringify(memory));
      once();
      return existsSync(join(tree.root, 'var/lib/fleet/events')) ? told() : 0;
    });
    expect(lost).toEqual([0, 1]);
    tree.write('line', line);
    const back = [0, 0].map(() => once() && [told('lost'), told('back')]);
    expect(back).toEqual([
      [1, 1],
      [1, 1],
    ]);
  });

  test('copies of flakes and old generations that have doubled are told once', () => {
    one();
    const kept = (from: number, to: number) => {
      for (let n = from; n < to; n++) tree.write(`var/lib/fleet/profiles/web-${n}-link`, '');
      once();
      const told = tree.run(
        'cat "$FLEET_ROOT"/var/lib/fleet/events/*.jsonl 2>/dev/null | grep grown',
      );
      return told.stdout.split('\n').slice(0, -1);
    };
    // Beside two copies.
    expect(kept(0, 197)).toEqual([]);
    const [told = ''] = kept(197, 198);
    expect(JSON.parse(told)).toMatchObject({
      kind: 'garbage.grown',
      flakeCopies: 2,
      generations: 198,
    });
    expect(kept(198, 240)).toEqual([told]);
  });

  test('fleet-memory is asked while memory is short, and while something is not as it was', () => {
    one();
    const asked = () =>
      existsSync(join(tree.root, 'asked')) &&
      tree.read('asked').includes('start --no-block fleet-memory.service');
    once();
    expect(asked()).toBe(false);
    tree.write('var/lib/fleet/shed/web', 'x');
    once();
    expect(asked()).toBe(true);
    tree.write('asked', '');
    spawnSync('rm', [join(tree.root, 'var/lib/fleet/shed/web')]);
    tree.memory(16_000_000, 500_000);
    once();
    expect(asked()).toBe(true);
  });
});
