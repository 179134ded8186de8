import { afterAll, beforeAll, expect, it } from 'vitest';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { Desk } from '../scenario/desk.ts';
import { smallFleet } from './small-fleet.ts';
import { type SandboxWorld, sandboxWorld } from './world.ts';

let world: SandboxWorld;
let desk: Desk;
const packages = (...names: string[]) =>
  desk.edit((d) => {
    d.vms.web2.packages = names;
  });
beforeAll(async () => {
  world = await sandboxWorld(2);
  desk = new Desk(world, 'holds', smallFleet(world));
  await desk.open(sandboxLock);
  await desk.apply(0);
  packages('htop');
  await desk.apply(0);
  expect((await desk.fleet(['rollback', 'web2', '--yes'])).code).toBe(0);
}, 60_000);
afterAll(async () => {
  desk.close();
  await world.stop();
});

it('holds a vm that was rolled back on its generation, and says so', async () => {
  packages('htop', 'jq');
  const run = await desk.apply(0);
  expect(run.stdout).toContain('wait for fleet apply --release web2');
  expect(run.stdout).not.toMatch(/^ +~ web2/m);
}, 60_000);

it('holds a vm no more that left and came back: it came as fleet.yaml has it', async () => {
  const { web2 } = desk.data.vms;
  desk.edit((d) => {
    delete d.vms.web2;
  });
  await desk.apply(0);
  desk.edit((d) => {
    d.vms.web2 = web2;
  });
  expect((await desk.apply(0)).stdout).toContain('web2 brought back');
  packages('curl');
  const run = await desk.apply(0);
  expect(run.stdout).toContain('web2 updated');
  expect(run.stdout).not.toContain('--release');
}, 60_000);
