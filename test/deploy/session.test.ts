import { describe, expect, test } from 'vitest';
import { World, words } from './run.ts';

const script = 'build';
const args = (world: World) => [world.id, '/repo', 'vm:db1', 'vm:web1'];

/** A session in a deployment that began. */
async function begun(): Promise<{ world: World; lines: string[]; build: () => Promise<string> }> {
  const world = new World();
  const session = world.session('hv1');
  await session.call('begin', [world.id, 'ada@desk', 'apply', ...Array(6).fill('0')]);
  const lines: string[] = [];
  const onLine = (line: string) => lines.push(line);
  return { world, lines, build: () => session.step('build', script, args(world), { onLine }) };
}

const built = ['built\tdb1\t/nix/store/old-db1', 'built\tweb1\t/nix/store/old-web1'];

describe('a link that is lost in mid-step', () => {
  test('is made anew, and the step is followed to its end: its output is whole', async () => {
    const { world, lines, build } = await begun();
    world.hv1.instead.set(script, () => 'lost');
    expect((await build()).trim().split('\n')).toEqual(built);
    expect(lines).toEqual(built);
    expect(words(world.hv1.log)).toEqual(['begin', 'build', 'follow']);
    expect(world.notes).toEqual(['the connection was lost, the step goes on: connecting again']);
  });

  test('after some lines came shows no line twice, and forgets none', async () => {
    const { world, lines, build } = await begun();
    world.hv1.half = 'build';
    expect((await build()).trim().split('\n')).toEqual(built);
    expect(lines).toEqual(built);
    expect(world.hv1.log.at(-1)).toBe(`follow ${world.id} 001 build 120 1`);
  });

  test('ends as the step did', async () => {
    const { world, build } = await begun();
    world.hv1.instead.set(script, () => 'lost');
    world.hv1.instead.set('follow', () => 3);
    await expect(build()).rejects.toMatchObject({
      code: 'remote.failed',
      message: 'build failed on hv1 (exit 3)',
    });
  });

  test('before the step was there is told as that', async () => {
    const { world, build } = await begun();
    world.hv1.instead.set(script, () => 'cut');
    await expect(build()).rejects.toMatchObject({ code: 'step.ended' });
  });

  test('is given up when nobody can connect for the time in rollout.confirm', async () => {
    const { world, build } = await begun();
    world.hv1.instead.set(script, () => {
      world.hv1.unreachable = true;
      return 'lost';
    });
    await expect(build()).rejects.toMatchObject({ code: 'ssh.timed-out' });
    expect(world.clock.time).toBeGreaterThanOrEqual(90_000);
    expect(world.clock.time).toBeLessThan(95_000);
  });
});

test('a step is not sent to a hypervisor that went back by itself', async () => {
  const { world, build } = await begun();
  world.hv1.lapse();
  await expect(build()).rejects.toMatchObject({ code: 'back.taken' });
});

test('while a step runs, nobody else uses its connection', async () => {
  const { world, build } = await begun();
  const session = world.session('hv1');
  const seen: boolean[] = [];
  world.hv1.before = () => void seen.push(session.isBusy);
  await session.step('build', script, args(world));
  await session.facts();
  expect(seen).toEqual([true, false]);
  expect(session.isBusy).toBe(false);
  world.hv1.instead.set(script, () => 1);
  await expect(build()).rejects.toThrow();
  await expect(session.step('build', script, args(world))).rejects.toThrow();
  expect(session.isBusy).toBe(false);
});
