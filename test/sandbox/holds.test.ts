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
}, 480_000);
afterAll(async () => {
  desk.close();
  await world.stop();
});

it('holds a vm that was rolled back on its generation, and says so', async () => {
  packages('htop', 'jq');
  const run = await desk.apply(0);
  expect(run.stdout).toContain('wait for fleet apply --release web2');
  expect(run.stdout).not.toMatch(/^ +~ web2/m);
}, 180_000);

it('knows the commit of an apply that makes none', async () => {
  const head = await desk.git('rev-parse', 'HEAD');
  await desk.apply(0, '--release', 'web2');
  const { generations } = JSON.parse(
    (await desk.fleet(['rollback', '--list', 'web2', '--json'])).stdout,
  );
  expect(generations.find((one: { current: boolean }) => one.current)).toMatchObject({
    commit: head,
  });
  const { deployments } = JSON.parse((await desk.fleet(['history', '--json'])).stdout);
  type One = { id: string; operation: string; commit: string | null };
  const youngest = deployments.reduce((a: One, b: One) => (b.id > a.id ? b : a));
  expect(youngest).toMatchObject({ operation: 'apply', commit: head });
  expect((await desk.fleet(['diff', 'web2'])).stdout).not.toContain('was not recorded');
}, 180_000);

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
}, 180_000);
