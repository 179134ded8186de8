import { execFileSync } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { apply } from '../../src/app/apply.ts';
import { plan } from '../../src/app/plan.ts';
import type { Ports } from '../../src/app/ports.ts';
import { chooseRollback, rollback } from '../../src/app/rollback.ts';
import { verify } from '../../src/app/verify.ts';
import { realPorts } from '../../src/cli/ports.ts';
import type { Emit } from '../../src/model/events.ts';
import { demoLock } from '../../src/sandbox/demo-fleet.ts';
import { Desk } from '../scenario/desk.ts';
import { smallFleet } from './small-fleet.ts';
import { type SandboxWorld, sandboxWorld } from './world.ts';

// Commands in this process, one after another: what they leave behind adds up in one that goes on.
let world: SandboxWorld;
let desk: Desk;
let where: { readonly directory: string; readonly config: string };
let ports: Ports;
let temporary: string;
const stop = new AbortController();
const said: string[] = [];
const emit: Emit = (event) => void said.push(`${JSON.stringify(event)}\n`);

beforeAll(async () => {
  world = await sandboxWorld(2);
  desk = new Desk(world, 'leaves-nothing', smallFleet(world));
  await desk.open(demoLock);
  temporary = join(desk.folder, '../temporary');
  mkdirSync(temporary);
  const env = { ...desk.gitEnvironment, HOME: world.home, TMPDIR: temporary };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      said.push(String(text));
      return true;
    });
  }
  where = { directory: desk.folder, config: 'fleet.yaml' };
  ports = await realPorts({ sshConfig: world.env.FLEET_SSH_CONFIG as string });
}, 60_000);
afterAll(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  desk.close();
  await world.stop();
});

/** What keeps this process busy, listens for its end, or lies about: kinds, each with how many there are. */
function remains(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
  // Of the test's own runner.
  for (const kind of ['Immediate', 'MessagePort']) delete counts[kind];
  for (const event of process.eventNames())
    counts[`on ${String(event)}`] = process.listenerCount(event);
  counts.abort = getEventListeners(stop.signal, 'abort').length;
  counts['temporary files'] = readdirSync(temporary, { recursive: true }).length;
  return counts;
}

/** What there is once nothing is running any more: processes of git, of the sandbox. */
async function atRest(): Promise<Record<string, number>> {
  await until(() => remains().ProcessWrap === undefined);
  return remains();
}

/** Checks that nothing was added; what the sandbox itself still runs ends soon. */
async function settled(before: Record<string, number>): Promise<void> {
  const added = () => Object.entries(remains()).filter(([kind, n]) => n > (before[kind] ?? 0));
  await until(() => added().length === 0);
  expect(added()).toEqual([]);
}

/** Gives up after 10 s; no timer of its own is there while `isSo` looks. */
async function until(isSo: () => boolean): Promise<void> {
  for (let round = 0; round < 100 && !isSo(); round++) await setTimeout(100);
}

test('a survey that fails once it has contacted everybody closes its connections', async () => {
  const before = await atRest();
  const asked = plan(ports, { where, restart: 'nobody' }, () => {}, stop.signal);
  await expect(asked).rejects.toMatchObject({ code: 'restart.unknown' });
  await settled(before);
}, 30_000);

/** Plans, and applies what was planned. */
async function deployed(): Promise<void> {
  const planned = await plan(ports, { where, upstream: 'required' }, () => {}, stop.signal);
  const { exitCode } = await apply(ports, { planned, word: {} }, emit, stop.signal);
  planned.close();
  expect(exitCode, said.join('')).toBe(0);
}

test('plan, apply, roll-back and verify leave no listener, socket, timer, process or file behind', async () => {
  const before = await atRest();
  await deployed();
  desk.edit((d) => {
    d.vms.web1.packages = ['htop'];
  });
  await deployed();
  const chosen = await chooseRollback(ports, { where, names: ['web1'] }, emit, stop.signal);
  const back = await rollback(ports, chosen, emit, stop.signal);
  chosen.close();
  expect(back.exitCode, said.join('')).toBe(0);
  expect((await verify(ports, { where }, emit, stop.signal)).ok, said.join('')).toBe(true);
  await settled(before);
  expect(execFileSync('git', ['status', '--porcelain'], { cwd: desk.folder }).toString()).toBe('');
}, 120_000);
