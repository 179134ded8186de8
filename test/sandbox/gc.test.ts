import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { Desk } from '../scenario/desk.ts';
import { smallFleet } from './small-fleet.ts';
import { type SandboxWorld, sandboxWorld } from './world.ts';

describe('fleet gc', () => {
  let world: SandboxWorld;
  let desk: Desk;
  const on = async (n: number, command: string) =>
    ((await world.hosts[n]?.exec(command))?.stdout ?? '').trim();
  const runner = (link: string) => on(0, `readlink "$FLEET_ROOT/${link}"`);
  const generations = () => on(0, 'cd "$FLEET_ROOT/var/lib/fleet/profiles" && echo web1-*-link');
  beforeAll(async () => {
    world = await sandboxWorld(2);
    desk = new Desk(world, 'gc', smallFleet(world, { deadline: '60s', confirm: '60s' }));
    await desk.open(sandboxLock);
    // Four generations of web1, of which the second is gone back to, and so held.
    for (const name of ['bash', 'htop', 'tmux']) {
      desk.edit((d) => {
        d.vms.web1.packages = [name];
      });
      await desk.apply(0);
    }
    const { code, stderr } = await desk.fleet(['rollback', 'web1', '--yes']);
    expect(code, stderr).toBe(0);
  }, 1_200_000);
  afterAll(async () => {
    desk.close();
    await world.stop();
  });

  it('finds nothing that is young, and asks before it deletes', async () => {
    const before = await generations();
    const asked = await desk.atTerminal(['gc'], { 'collect the store? [y/N]': () => 'n' });
    expect(asked.code).toBe(1);
    expect(asked.stdout).toContain('hv1\n  no old generations\nhv2\n  no old generations\n');
    expect(asked.stderr).toContain('Nothing was deleted.');
    const alone = await desk.fleet(['gc', '--keep', '0', '--days', '0']);
    expect(alone).toMatchObject({ code: 64, stderr: expect.stringContaining('[ask.nobody]') });
    expect(await generations()).toBe(before);
    expect((await desk.fleet(['gc', '--days', 'many', '--yes'])).code).toBe(64);
  }, 180_000);

  it('refuses where a deployment is open, and goes on elsewhere', async () => {
    const open = '"$FLEET_ROOT/var/lib/fleet/deployments/20990101-x"';
    await on(
      0,
      `mkdir ${open} && printf 'operator\\tgrace@laptop\\n' >${open}/meta && : >${open}/begun`,
    );
    const { code, stdout } = await desk.fleet(['gc', '--yes', '--json']);
    await on(0, `rm -r ${open}`);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      kind: 'gc',
      version: 1,
      hypervisors: [
        expect.objectContaining({ hypervisor: 'hv2', generations: [] }),
        {
          hypervisor: 'hv1',
          error: expect.objectContaining({
            code: 'gc.locked',
            message: expect.stringContaining('20990101-x of grace@laptop has not ended'),
          }),
        },
      ],
    });
  }, 180_000);

  it('leaves it to somebody else’s collection where one is under way', async () => {
    const lock = '"$FLEET_ROOT/run/fleet/locks/gc."';
    const other = on(
      0,
      `mkdir -p "$FLEET_ROOT/run/fleet/locks" && exec 8>>${lock} && flock 8 && echo >"$FLEET_ROOT/held" && sleep 20`,
    );
    await vi.waitFor(async () => expect(await on(0, 'ls "$FLEET_ROOT/held"')).not.toBe(''), 10_000);
    const { code, stdout } = await desk.fleet(['gc', 'hv1', '--yes']);
    expect(code).toBe(1);
    expect(stdout).toContain('somebody else collects there just now');
    await other;
  }, 180_000);

  it('leaves a collection that has begun at Ctrl-C, and it comes to its end there', async () => {
    const tool = world.hosts[0]!.file('sandbox/tools/bin/nix-collect-garbage');
    const usual = readFileSync(tool, 'utf8');
    rmSync(tool);
    writeFileSync(
      tool,
      '#!/bin/sh\n: >"$FLEET_ROOT/began"; sleep 3; echo "0 store paths deleted"\n',
      { mode: 0o755 },
    );
    onTestFinished(() => writeFileSync(tool, usual));
    const running = desk.start(['gc', 'hv1', '--yes']);
    onTestFinished(() => void running.kill('SIGKILL'));
    await vi.waitFor(
      async () => expect(await on(0, 'ls "$FLEET_ROOT/began"')).not.toBe(''),
      20_000,
    );
    running.kill('SIGINT');
    const { code, stderr } = await running.ended;
    expect(code, stderr).toBe(130);
    expect(stderr).toContain('a collection that has begun goes on there, to its end');
    const roots = () => on(0, 'ls "$FLEET_ROOT/nix/var/nix/gcroots/fleet"');
    expect(await roots()).toMatch(/^gc$/m);
    await vi.waitFor(async () => expect(await roots()).not.toMatch(/^gc$/m), 20_000);
  }, 180_000);

  it('deletes what nobody needs, and keeps what is deployed, held or a way back', async () => {
    const [current, booted] = [
      await runner('var/lib/microvms/web1/current'),
      await runner('var/lib/microvms/web1/booted'),
    ];
    const held = await on(0, 'cut -f 1 "$FLEET_ROOT/var/lib/fleet/held/web1"');
    const first = await runner('var/lib/fleet/profiles/web1-1-link');
    // What is deployed, were it neither the current one nor booted, and had somebody taken its root away.
    const deployed = await runner('var/lib/fleet/profiles/web1-2-link');
    const record = '"$FLEET_ROOT/var/lib/fleet/deployed/web1"';
    const taken = await world.hosts[0]!.exec(
      `rm "$FLEET_ROOT/nix/var/nix/gcroots/fleet/deployed-web1" && cp ${record} ${record}.was &&
      awk -F '\t' -v OFS='\t' '{ $2 = "${deployed}"; print }' ${record}.was >${record} && mv ${record}.was "$FLEET_ROOT/tmp.was"`,
    );
    expect(taken.code, taken.stderr).toBe(0);
    const { code, stdout, stderr } = await desk.fleet([
      'gc',
      'web1',
      '--keep',
      '0',
      '--days',
      '0',
      '--yes',
      '--json',
    ]);
    expect(code, stderr).toBe(0);
    const { hypervisors } = JSON.parse(stdout);
    expect(hypervisors).toHaveLength(1);
    const numbers = hypervisors[0].generations.map(
      (g: { name: string; number: number }) => `${g.name} ${g.number}`,
    );
    await on(0, `mv "$FLEET_ROOT/tmp.was" ${record}`);
    expect(numbers).toContain('web1 1');
    expect(numbers).not.toContain('web1 2');
    expect(hypervisors[0].paths).toBeGreaterThan(0);
    for (const path of [current, booted, held, deployed]) {
      expect(path).toContain('/nix/store/');
      expect(await on(0, `test -e ${path} && echo there`), path).toBe('there');
    }
    expect(await on(0, `test -e ${first} || echo gone`)).toBe('gone');
    expect(await on(0, 'ls "$FLEET_ROOT/nix/var/nix/gcroots/fleet"')).not.toMatch(/^gc$/m);
    expect((await desk.fleet(['verify'])).code).toBe(0);
    await desk.apply(0, '--release', 'web1');
  }, 360_000);
});
