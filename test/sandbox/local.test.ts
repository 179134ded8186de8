import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { Desk } from '../scenario/desk.ts';
import { Look } from '../scenario/look.ts';
import type { WorldHost } from '../scenario/world.ts';
import { smallFleet } from './small-fleet.ts';
import { type SandboxWorld, sandboxWorld } from './world.ts';

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

describe('fleet on a hypervisor itself', { timeout: 480_000 }, () => {
  let world: SandboxWorld;
  let desk: Desk;
  let hv1: Look;
  let host: WorldHost;
  beforeAll(async () => {
    world = await sandboxWorld(2);
    host = world.hosts[0] as WorldHost;
    hv1 = new Look(host);
    desk = new Desk(world, 'local', smallFleet(world, { confirm: '30s' }));
    await desk.open(sandboxLock);
    await desk.apply(0);
    desk.edit((d) => {
      for (const vm of ['web1', 'web2']) d.vms[vm].packages = ['htop'];
    });
    await desk.apply(0);
    // Whoever is at the console has no network.
    await host.cutLink();
  }, 840_000);
  afterAll(async () => {
    desk.close();
    await world.stop();
  });

  /** As somebody at its console, in the home of root. */
  const fleet = async (words: string, before = '') => {
    const line = `cd; ${before} '${process.execPath}' '${main}' ${words} </dev/null`;
    const run = await host.exec(line);
    return { ...run, all: `${run.stdout}${run.stderr}`.replace(/\s+/g, ' ') };
  };
  const here = '--local-as hv1';
  const git = () =>
    hv1.sh(
      'cd "$FLEET_ROOT/var/lib/fleet/repo" && git rev-parse HEAD && find .git -type f -exec cksum {} + | sort | cksum',
    );

  it('reads its own checkout and asks that hypervisor alone, without writing anything', async () => {
    const before = await git();
    const run = await fleet(`status ${here} --json`);
    expect(run.code, run.all).toBe(0);
    const { hypervisors, vms } = JSON.parse(run.stdout);
    expect(hypervisors.map((h: { name: string }) => h.name)).toEqual(['hv1']);
    expect(vms.map((v: { name: string }) => v.name).sort()).toEqual(['web1', 'web2']);
    // What git says of it is there, too.
    expect(vms[0].origin.subject).toContain('fleet');
    for (const words of ['verify', 'history', 'rollback --list', 'logs web1', 'status web1']) {
      const look = await fleet(`${words} ${here}`);
      expect(look.code, `${words}: ${look.all}`).toBe(0);
    }
    expect(await git()).toBe(before);
  });

  it('finds its fleet.yaml also in the folder where it is run', async () => {
    const run = await fleet(`-C "$FLEET_ROOT/var/lib/fleet/repo" status ${here}`);
    expect(run.code, run.all).toBe(0);
  });

  it('says what another hypervisor has, and which name it lacks: 64', async () => {
    for (const [words, says] of [
      [`status db1 ${here}`, 'db1 is on hv2, and --local is about hv1 alone'],
      [`rollback hv2 --yes ${here}`, 'hv2 is another hypervisor, and --local is about hv1 alone'],
      [`verify --on web1,db* ${here}`, 'db* is on hv2, and --local is about hv1 alone'],
      ['status --local-as hv7', '--local-as hv7, and fleet.yaml has no such hypervisor'],
      [`status web9 ${here}`, 'web9: no hypervisor, vm or tag has that name'],
    ] as const) {
      const run = await fleet(words);
      expect(run.all).toContain(says);
      expect(run.code).toBe(64);
    }
  });

  it('shows what its guests use, where they are measured', async () => {
    const none = await fleet(`top ${here}`);
    expect(none.code).toBe(1);
    expect(none.all).toContain('hv1');
    const web1 = { name: 'web1', state: 'Ready', health: 'ok', meant: 1, memory: 1048576 };
    const last = { v: 1, at: 1764450000, hypervisor: { disks: [] }, vms: [web1] };
    await hv1.sh(`cd "$FLEET_ROOT/var/lib/fleet" && mkdir -p metrics &&
      echo '${JSON.stringify(last)}' >metrics/last.json`);
    const run = await fleet(`top web1 ${here} --json`);
    expect(run.code, run.all).toBe(0);
    expect(JSON.parse(run.stdout).hypervisors).toEqual([
      expect.objectContaining({
        name: 'hv1',
        vms: [expect.objectContaining({ name: 'web1', memoryUsed: 1048576 })],
      }),
    ]);
  });

  it('is refused what is made from a desk: 64', async () => {
    const run = await fleet('apply --local --yes');
    expect(run.code).toBe(64);
    expect(run.all).toContain("unknown option '--local'");
  });

  it('alerts are what that hypervisor knows of them; exit 1 when one fires', async () => {
    const none = await fleet(`alerts ${here}`);
    expect(none.code, none.all).toBe(0);
    expect(none.stdout).toContain('No alerts.');
    const alert = { rule: 'failed', when: 'failed', vm: 'web1', why: 'gave up', since: 1764450000 };
    const state = {
      ...{
        v: 1,
        n: 1,
        rules: 2,
        unknown: [{ rule: 'snapshot', why: 'no snapshots are made yet' }],
      },
      alerts: { 'failed web1': { ...alert, state: 'firing', at: 1764450060, n: 1, told: true } },
    };
    await hv1.sh(`cd "$FLEET_ROOT/var/lib/fleet" && mkdir -p alerts/outbox/webhook &&
      echo '${JSON.stringify(state)}' >alerts/state && echo '{}' >alerts/outbox/webhook/0000000001.json &&
      printf 'sent\\t0\\nproblem\\tit answered 500\\nsince\\t1764450060\\n' >alerts/webhook`);
    const run = await fleet(`alerts ${here}`);
    expect(run.code).toBe(1);
    expect(run.stdout).toMatch(/^firing +failed +hv1 +web1 .*gave up$/m);
    expect(run.all).toContain('rule snapshot says nothing: no snapshots are made yet');
    expect(run.all).toMatch(/alerts are not told by webhook, for .*: it answered 500; 1 waits/);
    // Of the other guest there is none.
    const other = await fleet(`alerts web2 --json ${here}`);
    expect(other.code).toBe(0);
    expect(JSON.parse(other.stdout).hypervisors[0]).toMatchObject({
      ...{ hypervisor: 'hv1', rules: 2, alerts: [] },
      untold: [{ way: 'webhook', waiting: 1, problem: 'it answered 500', since: 1764450060 }],
    });
    await hv1.sh('rm -r "$FLEET_ROOT/var/lib/fleet/alerts"');
  });

  it('restarts a guest, under its lock, as the person who was sudo', async () => {
    const before = await hv1.invocations(['web1', 'web2']);
    const run = await fleet(`restart web2 ${here}`, 'SUDO_USER=ada');
    expect(run.code, run.all).toBe(0);
    const after = await hv1.invocations(['web1', 'web2']);
    expect(after.web1).toBe(before.web1);
    expect(after.web2).not.toBe(before.web2);
    const by = await hv1.sh('cat "$FLEET_ROOT"/var/lib/fleet/operations/*web2/meta');
    expect(by).toMatch(/operator\tada@/);
  });

  it('rolls a guest back without network, git or a build', async () => {
    const [before, was] = [await git(), await hv1.runner('web2')];
    const run = await fleet(`rollback web2 --yes ${here}`);
    expect(run.code, run.all).toBe(0);
    expect(await hv1.runner('web2')).not.toBe(was);
    expect(await hv1.booted('web2')).toBe(await hv1.runner('web2'));
    expect(await git()).toBe(before);
  });

  it('whose terminal is gone in mid-roll-back leaves it to the lease: old or new, never between', async () => {
    const was = await hv1.runner('web1');
    // Killed once it has begun to change something.
    await hv1.sh(
      `cd; '${process.execPath}' '${main}' rollback web1 --yes ${here} </dev/null >"$FLEET_ROOT/tmp/out" 2>&1 & fleet=$!
      state=$FLEET_ROOT/var/lib/fleet
      until [ -L "$state/lock" ] && [ -e "$state/$(readlink "$state/lock")/changing" ]; do sleep 0.05; done
      kill -KILL $fleet`,
    );
    expect(await hv1.exists('/var/lib/fleet/lock')).toBe(true);
    await expect
      .poll(() => hv1.exists('/var/lib/fleet/lock'), { timeout: 120_000, interval: 500 })
      .toBe(false);
    expect(await hv1.runner('web1')).toBe(was);
    expect(await hv1.booted('web1')).toBe(was);
    const [last] = JSON.parse((await fleet(`history ${here} --json`)).stdout).deployments;
    expect(last).toMatchObject({ operation: 'rollback', result: 'rolled-back' });
    const run = await fleet(`verify ${here}`);
    expect(run.code, run.all).toBe(0);
  });
});
