import { afterAll, beforeAll, expect, it } from 'vitest';
import { plan } from '../../src/app/plan.ts';
import { realPorts } from '../../src/cli/ports.ts';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { Desk } from '../scenario/desk.ts';
import { smallFleet } from './small-fleet.ts';
import { type SandboxWorld, sandboxWorld } from './world.ts';

let world: SandboxWorld;
let desk: Desk;
beforeAll(async () => {
  world = await sandboxWorld(2);
  desk = new Desk(world, 'restarts', smallFleet(world));
  await desk.open(sandboxLock);
  await desk.apply(0);
}, 180_000);
afterAll(async () => {
  desk.close();
  await world.stop();
});

it('restarts the guests of --restart also when others are restarted at the question', async () => {
  const sshConfig = world.env.FLEET_SSH_CONFIG as string;
  const where = { directory: desk.folder, config: 'fleet.yaml' };
  const never = new AbortController().signal;
  const seen = await plan(
    await realPorts({ sshConfig }),
    { where, restart: 'db1' },
    () => {},
    never,
  );
  try {
    const { plan } = seen.restarting(['web1']);
    const actions = plan.hypervisors.flatMap((h) => h.actions);
    expect(actions.map(({ kind, target }) => `${kind} ${target}`)).toEqual([
      'restart web1',
      'restart db1',
    ]);
  } finally {
    seen.close();
  }
});
