import { describe, expect, test } from 'vitest';
import { Session } from '../../src/deploy/session.ts';
import { begin } from '../../src/host/hypervisor/deployment.ts';
import * as steps from '../../src/host/hypervisor/steps.ts';
import { FleetError } from '../../src/model/errors.ts';
import type { Hypervisor } from '../../src/model/fleet.ts';
import { Refusal } from './fake-hypervisor.ts';
import { World, words } from './run.ts';

const script = 'build';
const buildOf = ({ id }: World) =>
  steps.build(id, '/repo', 'auto', [
    { kind: 'vm', name: 'db1' },
    { kind: 'vm', name: 'web1' },
  ]);

const beginning = ({ id }: World) => ({
  ...({
    id,
    operator: 'ada@desk',
    operation: 'apply',
    fleet: 'example',
    machine: 'x86_64',
  } as const),
  ...{ storeKiB: 0, confirm: 90_000, stopTimeout: 30_000, checkout: '/repo', vms: [] },
});

/** A session in a deployment that began. */
async function begun() {
  const world = new World();
  const session = world.session('hv1');
  await begin(session.host, beginning(world));
  const lines = () => world.events.flatMap((e) => (e.type === 'output' ? [e.line] : []));
  const build = async () => [...(await session.step(buildOf(world))).paths];
  return { world, lines, build };
}

const log = ['building db1', 'building web1'];
const built = [
  ['db1', '/nix/store/old-db1'],
  ['web1', '/nix/store/old-web1'],
];

describe('a link that is lost in mid-step', () => {
  test('is made anew, and the step is followed to its end: its log is whole, and its answer is heard', async () => {
    const { world, lines, build } = await begun();
    world.hv1.instead.set(script, () => 'lost');
    expect(await build()).toEqual(built);
    expect(lines()).toEqual(log);
    expect(words(world.hv1.log)).toEqual(['begin', 'build', 'follow']);
    expect(world.notes).toEqual(['connection lost; the step goes on, reconnecting']);
  });

  test('after some lines came shows no line twice, and forgets none', async () => {
    const { world, lines, build } = await begun();
    world.hv1.half = 'build';
    expect(await build()).toEqual(built);
    expect(lines()).toEqual(log);
    expect(world.hv1.log.at(-1)).toBe(`follow ${world.id} 001 build 3600 1`);
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
  await session.step(buildOf(world));
  await session.facts();
  expect(seen).toEqual([true, false]);
  expect(session.isBusy).toBe(false);
  world.hv1.instead.set(script, () => 1);
  await expect(build()).rejects.toThrow();
  await expect(session.step(buildOf(world))).rejects.toThrow();
  expect(session.isBusy).toBe(false);
});

describe('once somebody said no', () => {
  const refused = (code: string) => new FleetError(code, `hv1: ${code}`);
  /** A session whose link is lost; logins then fail in these ways, in turn, and the last for ever. */
  async function lost(...codes: string[]) {
    const { world } = await begun();
    let logins = 0;
    const connect = async () => {
      const code = codes[Math.min(logins++, codes.length - 1)];
      if (code !== '') throw refused(code as string);
      return world.hv1.connect();
    };
    const session = new Session(
      world.index.hypervisors.get('hv1') as Hypervisor,
      { id: world.id, ...world.index.fleet.rollout },
      world.hv1.connect(),
      { ...world.ports, connector: { connect } },
      () => {},
    );
    return { world, session, logins: () => logins };
  }

  test.each(['ssh.auth-failed', 'ssh.host-key-changed', 'ssh.unknown-host-key', 'ssh.config'])(
    'nobody logs in again: %s',
    async (code) => {
      const { world, session, logins } = await lost(code);
      await expect(session.reconnectWithin(90_000)).rejects.toMatchObject({ code });
      expect(logins()).toBe(1);
      await expect(session.reconnectWithin(90_000)).rejects.toMatchObject({ code });
      await expect(session.reconnect()).rejects.toMatchObject({ code });
      expect(logins()).toBe(1);
      expect(world.clock.time).toBe(0);
    },
  );

  test('a bug is told as that, at once', async () => {
    const { world, session } = await lost('');
    const bug = { ...world.ports.connector, connect: () => Promise.reject(new TypeError('x')) };
    Object.assign(world.ports, { connector: bug });
    const own = new Session(
      session.hypervisor,
      { id: world.id, ...world.index.fleet.rollout },
      world.hv1.connect(),
      { clock: world.clock, connector: bug },
      () => {},
    );
    await expect(own.reconnectWithin(90_000)).rejects.toThrow(TypeError);
    expect(world.clock.time).toBe(0);
  });

  test('who waits for it to go back asks seldom, and tells what was said first', async () => {
    const { world, session, logins } = await lost('ssh.auth-failed', 'ssh.handshake');
    await expect(session.reconnectWithin(90_000, true)).rejects.toMatchObject({
      code: 'ssh.auth-failed',
    });
    expect(world.clock.time).toBeGreaterThanOrEqual(90_000);
    // An sshd of today shuts out who failed for more than 15 s in all: 5 s a login.
    expect(logins()).toBeLessThanOrEqual(10);
  });

  test('who waits for it to go back is let in when it has', async () => {
    const { session, logins } = await lost('ssh.auth-failed', 'ssh.auth-failed', '');
    await session.reconnectWithin(90_000, true);
    expect(logins()).toBe(3);
  });

  test('an sshd that drops connections is asked ever less', async () => {
    const { world, session, logins } = await lost('ssh.handshake');
    await expect(session.reconnectWithin(90_000)).rejects.toMatchObject({ code: 'ssh.handshake' });
    expect(logins()).toBeLessThanOrEqual(10);
    expect(world.clock.time).toBeGreaterThanOrEqual(90_000);
  });

  test('the first failure is told, not the last', async () => {
    const { session } = await lost('ssh.refused', 'ssh.timed-out');
    await expect(session.reconnectWithin(90_000)).rejects.toMatchObject({ code: 'ssh.refused' });
  });

  test('a connection that comes after the end is closed', async () => {
    const { session } = await lost('');
    const reconnecting = session.reconnect();
    session.close();
    await expect(reconnecting).rejects.toMatchObject({ code: 'session.closed' });
    await expect(session.renew()).rejects.toMatchObject({ code: 'ssh.lost' });
  });

  test('after the end nobody logs in any more', async () => {
    const { session, logins } = await lost('');
    session.close();
    await expect(session.reconnectWithin(90_000)).rejects.toMatchObject({ code: 'session.closed' });
    expect(logins()).toBe(0);
  });
});

test('a link that is lost again while a step is followed is made anew again', async () => {
  const { world, build } = await begun();
  world.hv1.instead.set(script, () => 'lost');
  let follows = 0;
  world.hv1.instead.set('follow', () => (follows++ < 3 ? 'cut' : undefined));
  expect(await build()).toEqual(built);
  expect(follows).toBe(4);
});

test('a step has the limit of its kind, and the desk waits longer than that', async () => {
  const world = new World();
  const session = world.session('hv1');
  await begin(session.host, beginning(world));
  const run = session.host.run.bind(session.host);
  const seen: (string | number | undefined)[][] = [];
  session.host.run = (text, words, options) => {
    seen.push([words[3], options?.timeoutMs]);
    return run(text, words, options);
  };
  for (const limit of ['short', 'switch', 'guest', 'build'] as const)
    await session.step({ ...buildOf(world), limit });
  expect(seen).toEqual([
    ['120', 270_000],
    ['300', 450_000],
    ['420', 570_000],
    ['3600', 3_750_000],
  ]);
});

test('a step that took too long says which limit gives it longer, and blames nobody', async () => {
  const { world } = await begun();
  world.hv1.instead.set(script, () => new Refusal('step.ended', 'ran longer than 3600 s'));
  const slow = world.session('hv1').step(buildOf(world));
  await expect(slow).rejects.toMatchObject({
    code: 'step.ended',
    blames: 'world',
    hint: expect.stringContaining('rollout.limits.build'),
  });
});
