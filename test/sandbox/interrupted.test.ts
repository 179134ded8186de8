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
}, 180_000);
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
}, 180_000);

it('asked to stop while it waits for an operation, it ends without it, with nothing locked or changed', async () => {
  const [hv1] = world.hosts;
  const exec = async (command: string) => (await hv1!.exec(command)).code === 0;
  const lock = '"$FLEET_ROOT/run/fleet/locks/hypervisor."';
  const until = async (command: string) => {
    while (!(await exec(command))) await new Promise((done) => setTimeout(done, 150));
  };
  await exec(`mkdir -p "$FLEET_ROOT/run/fleet/locks"; : >>${lock}`);
  const operation = hv1!.exec(
    `exec 9>>${lock}; flock -s 9; echo $$ >"$FLEET_ROOT/tmp/holder"; exec sleep 60`,
  );
  await until('[ -s "$FLEET_ROOT/tmp/holder" ]');
  desk.edit((d) => {
    d.vms.web1.packages = ['vim'];
    // So long would it wait, and 15 s more.
    d.rollout.stopTimeout = '40s';
  });
  const running = desk.start(['apply', '--yes', '--on', 'hv1']);
  const open = `for d in "$FLEET_ROOT"/var/lib/fleet/deployments/*/; do
    if [ -e "$d/locked" ] && [ ! -e "$d/result" ]; then exit 0; fi; done; exit 1`;
  await until(open);
  const asked = Date.now();
  running.kill('SIGINT');
  const run = await running.ended;
  expect(Date.now() - asked).toBeLessThan(25_000);
  expect(run.stdout).toMatch(/hv1 +failed, untouched\n +interrupted/);
  expect(run.code, run.stdout + run.stderr).toBe(130);
  expect(await exec(open)).toBe(false);
  expect(await exec('! [ -L "$FLEET_ROOT/var/lib/fleet/lock" ]')).toBe(true);
  await exec('kill "$(cat "$FLEET_ROOT/tmp/holder")"');
  await operation;
  await desk.apply(0);
}, 180_000);

it('a roll-back, too, ends with 6 when a part of the fleet keeps what it went back to', async () => {
  let isSent = false;
  const run = await desk.fleet(['rollback', 'web1', 'db1', '--yes'], (stderr, kill) => {
    if (isSent || !stderr.includes('hv2: return db1')) return;
    isSent = true;
    kill('SIGINT');
  });
  expect(run.stdout).toMatch(/hv2 +failed, rolled back\n +interrupted/);
  expect(run.code, run.stdout + run.stderr).toBe(6);
}, 180_000);
