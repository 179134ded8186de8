import { afterAll, beforeAll, expect, it } from 'vitest';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { Desk } from '../scenario/desk.ts';
import { smallFleet } from './small-fleet.ts';
import { type SandboxWorld, sandboxWorld } from './world.ts';

let world: SandboxWorld;
let desk: Desk;
beforeAll(async () => {
  world = await sandboxWorld(2);
  desk = new Desk(world, 'stop', smallFleet(world, { onFailure: 'halt', maxParallel: 1 }));
  await desk.open(sandboxLock);
  await desk.apply(0);
}, 60_000);
afterAll(async () => {
  desk.close();
  await world.stop();
});

it('ends with 6 when asked to stop and a part of the fleet keeps the new commit', async () => {
  desk.edit((d) => {
    for (const vm of ['web1', 'db1']) d.vms[vm].packages = ['htop'];
  });
  let isSent = false;
  const run = await desk.fleet(['apply', '--yes'], (stderr, kill) => {
    if (isSent || !stderr.includes('hv2: update db1')) return;
    isSent = true;
    kill('SIGINT');
  });
  expect(run.stdout).toMatch(/hv1 +done\n +web1 updated/);
  expect(run.stdout).toMatch(/hv2 +failed, rolled back\n +interrupted/);
  expect(run.code, run.stdout + run.stderr).toBe(6);
}, 60_000);
