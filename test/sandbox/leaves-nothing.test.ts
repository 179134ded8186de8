import { execFileSync } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { applyCommand } from '../../src/cli/apply.ts';
import { interruptible } from '../../src/cli/interrupt.ts';
import type { CommonOptions, Invocation } from '../../src/cli/options.ts';
import { realPorts } from '../../src/cli/ports.ts';
import { rollbackCommand } from '../../src/cli/rollback.ts';
import { survey } from '../../src/cli/survey.ts';
import { verifyCommand } from '../../src/cli/verify.ts';
import { openWorkspace } from '../../src/cli/workspace.ts';
import { demoLock } from '../../src/sandbox/demo-fleet.ts';
import { Desk } from '../scenario/desk.ts';
import { smallFleet } from './small-fleet.ts';
import { type SandboxWorld, sandboxWorld } from './world.ts';

// Commands in this process, one after another: what they leave behind adds up in one that goes on.
let world: SandboxWorld;
let desk: Desk;
let common: CommonOptions;
let temporary: string;
const stop = new AbortController();
const said: string[] = [];

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
  common = {
    directory: desk.folder,
    config: 'fleet.yaml',
    sshConfig: world.env.FLEET_SSH_CONFIG as string,
  };
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

const run = (command: (invocation: Invocation) => Promise<number>) =>
  interruptible(common, stop.signal, command);

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
  const asked = survey(openWorkspace(common), realPorts(common), { restart: 'nobody' });
  await expect(asked).rejects.toMatchObject({ code: 'restart.unknown' });
  await settled(before);
}, 30_000);

test('plan, apply, roll-back and verify leave no listener, socket, timer, process or file behind', async () => {
  const before = await atRest();
  const seen = await survey(openWorkspace(common), realPorts(common), { upstream: 'wanted' });
  expect(seen.plan.hypervisors.every((h) => h.unreachable === undefined)).toBe(true);
  seen.close();
  expect(await run((invocation) => applyCommand(invocation, { yes: true })), said.join('')).toBe(0);
  desk.edit((d) => {
    d.vms.web1.packages = ['htop'];
  });
  expect(await run((invocation) => applyCommand(invocation, { yes: true })), said.join('')).toBe(0);
  expect(await run((i) => rollbackCommand(i, { yes: true }, ['web1'])), said.join('')).toBe(0);
  expect(await run((invocation) => verifyCommand(invocation, {})), said.join('')).toBe(0);
  await settled(before);
  expect(execFileSync('git', ['status', '--porcelain'], { cwd: desk.folder }).toString()).toBe('');
}, 120_000);
