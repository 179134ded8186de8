import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
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

/** With an origin of its own, and who commits. */
function withRemote(desk: Desk): Desk {
  const remote = join(desk.home, 'infra.git');
  execFileSync('git', ['init', '-q', '--bare', '-b', 'main', remote], { env: desk.env });
  desk.git('config', 'user.name', 'Ada');
  desk.git('config', 'user.email', 'ada@example.org');
  desk.git('remote', 'add', 'origin', remote);
  desk.git('push', '-q', '-u', 'origin', 'main');
  return desk;
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
    desk.write('flake.lock', sandboxLock);
    Object.assign(desk.env, world.env);
    return withRemote(desk.commit());
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
    desk.write('flake.lock', sandboxLock);
    await desk.fleet('render');
    desk.commit();
    withRemote(desk);
    expect(await exits(desk)).toEqual([0, 0, 0]);
    const tree = desk.git('rev-parse', 'HEAD^{tree}').trim();
    desk.git('push', '-q', 'origin', `HEAD:refs/fleet/bad/${tree}`);
    expect(await exits(desk)).toEqual([0, 1, 1]);
  });

  /** What keeps apply from committing and pushing, and what is said of it. */
  const obstacles: readonly [string, (desk: Desk) => void, string][] = [
    [
      'there is no remote',
      (desk) => void desk.git('remote', 'remove', 'origin'),
      'this repository has no remote named origin',
    ],
    [
      'the remote cannot be reached',
      (desk) => void desk.git('remote', 'set-url', 'origin', '/nowhere.git'),
      'origin cannot be reached',
    ],
    [
      'no branch is checked out',
      (desk) => void desk.git('switch', '-q', '--detach'),
      'no branch is checked out (detached HEAD)',
    ],
    [
      'the remote has what is not here',
      (desk) => {
        desk.git('commit', '-q', '--allow-empty', '-m', 'of somebody else');
        desk.git('push', '-q');
        desk.git('reset', '-q', '--hard', 'HEAD^');
      },
      'origin/main has commits that are not here',
    ],
    [
      'the history of this commit lacks what is running',
      (desk) => {
        desk.git('switch', '-qc', 'other');
        desk.git('commit', '-q', '--allow-empty', '-m', 'of somebody else');
        desk.write('README', 'theirs');
        desk.git('add', 'README');
        desk.git('commit', '-qm', 'of somebody else');
        desk.git('push', '-q', 'origin', 'HEAD:refs/fleet/deployed/hv1');
        desk.git('switch', '-q', 'main');
      },
      'it is not in the history of what would be deployed',
    ],
  ];

  test.each(obstacles)('1 in CI and with details when %s', async (_, obstruct, said) => {
    const desk = home();
    obstruct(desk);
    expect(await exits(desk)).toEqual([0, 1, 1]);
    const before = desk.git('for-each-ref');
    const { stdout } = await desk.fleet('plan', '--no-diff');
    expect(stdout.replace(/\n {8}/g, ' ')).toMatch(
      new RegExp(`problem .*${said.replace(/[()]/g, '.')}`),
    );
    expect(desk.git('for-each-ref')).toBe(before);
    expect(desk.has('.git/FETCH_HEAD')).toBe(false);
    const apply = await desk.fleet('apply', '--yes');
    expect(apply.code, apply.stderr).toBe(1);
  });
});
