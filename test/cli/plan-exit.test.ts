import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { demoLock } from '../../src/sandbox/demo-fleet.ts';
import { smallFleet } from '../sandbox/small-fleet.ts';
import { type SandboxWorld, sandboxWorld } from '../sandbox/world.ts';
import { Desk, valid } from './fleet.ts';

/** Exit codes of `fleet plan`: as it is, with --detailed-exitcode, and in CI. */
async function exits(desk: Desk, ...more: string[]): Promise<[number, number, number]> {
  const plan = async (...options: string[]) =>
    (await desk.fleet('plan', '--no-diff', ...more, ...options)).code;
  const [plain, detailed] = [await plan(), await plan('--detailed-exitcode')];
  desk.env.CI = 'true';
  const inCi = await plan();
  delete desk.env.CI;
  return [plain, detailed, inCi];
}

describe('fleet plan exits', () => {
  let world: SandboxWorld;
  beforeAll(async () => {
    world = await sandboxWorld(2);
  });
  afterAll(() => world.stop());

  const home = (): Desk => {
    const desk = new Desk(stringify(smallFleet(world)));
    for (const host of world.hosts)
      desk.write(`hosts/${host.name}/hardware-configuration.nix`, host.hardwareModule);
    desk.write('flake.lock', demoLock);
    Object.assign(desk.env, world.env);
    return desk.commit();
  };

  test('0 for changes that apply would make, 2 when asked for details', async () => {
    expect(await exits(home())).toEqual([0, 2, 0]);
  });

  test('1 when no hypervisor answers', async () => {
    expect(await exits(new Desk(valid).commit())).toEqual([1, 1, 1]);
  });

  test('1 in CI and with details when one of several does not answer', async () => {
    await world.hosts[1]?.cutLink();
    const desk = home();
    expect(await exits(desk)).toEqual([0, 1, 1]);
    expect(await exits(desk, '--on', 'hv1')).toEqual([0, 2, 0]);
    await world.hosts[1]?.restoreLink();
  });

  test('1 in CI and with details when a hypervisor has what apply refuses', async () => {
    const [there, gone] = ['mkdir "$FLEET_ROOT/proc/77"', 'rm -r "$FLEET_ROOT/proc/77"'];
    await world.hosts[0]?.exec(`${there}; echo nixos-rebuild >"$FLEET_ROOT/proc/77/comm"`);
    expect(await exits(home())).toEqual([0, 1, 1]);
    await world.hosts[0]?.exec(gone);
  });

  test('1 in CI and with details when the commit is quarantined', async () => {
    const desk = new Desk(
      valid.replace(/hypervisors:[\s\S]*/, 'hypervisors: {}\nnetworks: {}\nvms: {}\n'),
    );
    desk.write('flake.lock', demoLock);
    await desk.fleet('render');
    desk.commit();
    const remote = join(desk.home, 'infra.git');
    execFileSync('git', ['init', '-q', '--bare', '-b', 'main', remote], { env: desk.env });
    desk.git('remote', 'add', 'origin', remote);
    desk.git('push', '-q', '-u', 'origin', 'main');
    expect(await exits(desk)).toEqual([0, 0, 0]);
    const tree = desk.git('rev-parse', 'HEAD^{tree}').trim();
    desk.git('push', '-q', 'origin', `HEAD:refs/fleet/bad/${tree}`);
    expect(await exits(desk)).toEqual([0, 1, 1]);
  });
});
