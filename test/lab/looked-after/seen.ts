import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import type { Ground } from './ground.ts';

// biome-ignore lint/suspicious/noExplicitAny: documents of fleet's, of which a test looks at a part.
type Data = Record<string, any>;

/** What looks only. */
export function seenBy(of: () => Ground): void {
  test('the agent of a guest tells of its memory, load, file systems and failed units, and fleet top shows it', async () => {
    const ground = of();
    const inside = async (): Promise<Data | undefined> => {
      await ground.sh('systemctl start fleet-sample');
      const { vms } = JSON.parse(await ground.sh('cat /var/lib/fleet/metrics/last.json'));
      return vms.find(({ name }: Data) => name === 'db').agent ?? undefined;
    };
    await ground.untilSo('the agent answers', async () => (await inside()) !== undefined);
    const { stdout } = await ground.fleet('top', 'db', '--json');
    const [db] = JSON.parse(stdout).hypervisors[0].vms;
    expect(db.inside).toEqual({
      memoryTotal: expect.any(Number),
      memoryAvailable: expect.any(Number),
      load: expect.any(Number),
      uptime: expect.any(Number),
      failedUnits: 1,
      units: ['broken.service'],
      disks: [{ mount: '/data', size: expect.any(Number), free: expect.any(Number) }],
    });
    // 256 MiB, without what its kernel has.
    expect(db.inside.memoryTotal).toBeGreaterThan(150 * 1024 ** 2);
    expect(db.inside.memoryTotal).toBeLessThan(256 * 1024 ** 2);
    expect(db.inside.disks[0].free).toBeLessThan(64 * 1024 ** 2);
    const story = await ground.fleet('status', 'db');
    expect(story.stdout).toMatch(/inside +\d+ MiB of \d+ MiB available, load [\d.]+, \/data/);
    expect(story.stdout.replace(/\s+/g, ' ')).toContain('1 failed: broken.service');
  });

  test('samples are what promtool reads, and what fleet top shows on the hypervisor itself', async () => {
    const ground = of();
    const prom = await ground.sh('cat /var/lib/fleet/metrics/fleet.prom');
    for (const name of ['web', 'app', 'db', 'job'])
      expect(prom).toContain(`fleet_vm_up{vm="${name}"} 1\n`);
    expect(prom).toMatch(/^fleet_vm_guest_failed_units\{vm="db"\} 1$/m);
    expect(prom).toMatch(/^fleet_vm_memory_used_bytes\{vm="web"\} \d{7,}/m);
    // CI has it.
    const promtool = spawnSync('promtool', ['check', 'metrics'], {
      input: `${prom}\n`,
      encoding: 'utf8',
    });
    // The names are fleet's words.
    const custom = /^fleet_(boots|checks|recoveries) counter metrics should have "_total" suffix$/;
    const found = `${promtool.stdout}${promtool.stderr}`.split('\n').filter((line) => line !== '');
    if (!promtool.error) expect(found.filter((line) => !custom.test(line))).toEqual([]);
    const { code, stdout } = await ground.local('top --local');
    expect(code).toBe(0);
    expect(stdout).toMatch(/\bdb\b.*\d+M\/\d+M/);
  });

  test('fleet on the hypervisor itself, as npm installed it, tells what it tells at the desk', async () => {
    const ground = of();
    const status = await ground.local('status --local --json');
    expect(status.code, status.stderr).toBe(0);
    const { hypervisors, vms } = JSON.parse(status.stdout);
    expect(hypervisors.map(({ name }: Data) => name)).toEqual(['hv1']);
    expect(vms.map(({ name, state }: Data) => `${name} ${state}`).sort()).toEqual([
      'app Ready',
      'db Ready',
      'job Ready',
      'web Ready',
    ]);
    const verify = await ground.local('verify --local');
    expect(verify.code, verify.stdout + verify.stderr).toBe(0);
    const events = await ground.local('events web --local --json');
    expect(events.code, events.stderr).toBe(0);
    expect(events.stdout).toContain('"guest.ready"');
  });
}
