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
import { systemClock } from '../../src/deploy/ports.ts';
import { sshCommander } from '../../src/host/ssh/command.ts';
import { sshConnector } from '../../src/host/ssh/connector.ts';
import type { Emit } from '../../src/model/events.ts';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { Desk } from '../scenario/desk.ts';
import { here } from '../surroundings.ts';
import { smallFleet } from './small-fleet.ts';
import { type SandboxWorld, sandboxWorld } from './world.ts';

// Use cases in this process, side by side and one after another, as a server runs them for months: what they
// leave behind adds up. No terminal is there, and the environment is handed in.

/** A fleet with hypervisors, a desk, a person and a folder for temporary files of its own. */
class Place {
  readonly world: SandboxWorld;
  readonly desk: Desk;
  readonly temporary: string;
  readonly ports: Ports;
  readonly told: string[] = [];
  readonly emit: Emit = (event) => void this.told.push(JSON.stringify(event));

  private constructor(world: SandboxWorld, desk: Desk, name: string) {
    this.world = world;
    this.desk = desk;
    this.temporary = join(desk.folder, '../temporary');
    mkdirSync(this.temporary);
    const surroundings = {
      ...here,
      env: {
        ...{ PATH: process.env.PATH, HOME: world.home, TMPDIR: this.temporary },
        ...desk.gitEnvironment,
      },
      temporary: this.temporary,
    };
    const configFile = world.env.FLEET_SSH_CONFIG as string;
    this.ports = {
      surroundings,
      clock: systemClock,
      connector: sshConnector({ surroundings, configFile }),
      sshCommand: sshCommander({ surroundings, configFile }),
      cwd: desk.folder,
      home: world.home,
      operator: `${name}@server`,
    };
  }

  static async open(name: string): Promise<Place> {
    const world = await sandboxWorld(2);
    // All of them, their hypervisors and their sshds share one process.
    const patient = { confirm: '60s', deadline: '20s' };
    const desk = new Desk(world, name, smallFleet(world, patient));
    await desk.open(sandboxLock);
    return new Place(world, desk, name);
  }

  async close(): Promise<void> {
    this.desk.close();
    await this.world.stop();
  }

  get log(): string {
    return this.told.join('\n');
  }

  /** Plans, and applies what was planned. */
  async deploy(): Promise<void> {
    const input = { where, upstream: 'required' } as const;
    const planned = await plan(this.ports, input, this.emit, stop.signal);
    const { exitCode } = await apply(this.ports, { planned, word: {} }, this.emit, stop.signal);
    planned.close();
    expect(exitCode, this.log).toBe(0);
  }

  async rollBack(...names: readonly string[]): Promise<void> {
    const chosen = await chooseRollback(this.ports, { where, names }, this.emit, stop.signal);
    const { exitCode } = await rollback(this.ports, chosen, this.emit, stop.signal);
    chosen.close();
    expect(exitCode, this.log).toBe(0);
  }

  async verify(): Promise<void> {
    const { checks, ok } = await verify(this.ports, { where }, this.emit, stop.signal);
    expect(ok, JSON.stringify(checks.filter((check) => !check.ok))).toBe(true);
  }
}

const where = { directory: '.', config: 'fleet.yaml' };
const stop = new AbortController();
let places: readonly Place[];
const written: string[] = [];

beforeAll(async () => {
  places = await Promise.all(['ada', 'bob'].map((name) => Place.open(name)));
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      written.push(String(text));
      return true;
    });
  }
}, 180_000);
afterAll(async () => {
  vi.restoreAllMocks();
  await Promise.all(places.map((place) => place.close()));
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
  for (const { temporary } of places)
    counts[temporary] = readdirSync(temporary, { recursive: true }).length;
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
  const asked = places.map(({ emit, ports }) =>
    plan(ports, { where, restart: 'nobody' }, emit, stop.signal),
  );
  for (const ended of await Promise.allSettled(asked))
    expect(ended).toMatchObject({ reason: { code: 'restart.unknown' } });
  await settled(before);
}, 90_000);

test('plan, apply, roll-back and verify, twice at once, leave no listener, socket, timer, process or file behind', async () => {
  const before = await atRest();
  await Promise.all(
    places.map(async (place) => {
      await place.deploy();
      place.desk.edit((d) => {
        d.vms.web1.packages = ['htop'];
      });
      await place.deploy();
      await place.rollBack('web1');
      await place.verify();
    }),
  );
  await settled(before);
  for (const { desk, told } of places) {
    const status = ['status', '--porcelain'];
    expect(execFileSync('git', status, { cwd: desk.folder }).toString()).toBe('');
    expect(told.length).toBeGreaterThan(0);
  }
  expect(written.join('')).toBe('');
}, 360_000);

test('two that are asked to stop roll back, end, and leave nothing behind', async () => {
  const before = await atRest();
  await Promise.all(
    places.map(async ({ desk, emit, ports }) => {
      desk.edit((d) => {
        // web1 is held since it was rolled back.
        d.vms.db1.packages = ['vim'];
      });
      const asked = new AbortController();
      const told: string[] = [];
      const stopping: Emit = (event) => {
        emit(event);
        told.push(event.type);
        if (event.type === 'step' && event.step.includes('db1')) asked.abort();
      };
      const input = { where, upstream: 'required' } as const;
      const planned = await plan(ports, input, stopping, asked.signal);
      const { results } = await apply(ports, { planned, word: {} }, stopping, asked.signal);
      planned.close();
      expect(told).toContain('cancelling');
      const outcomes = results.map(({ outcome }) => outcome);
      expect(outcomes).toContain('rolled-back');
      expect(outcomes).not.toContain('done');
      expect(getEventListeners(asked.signal, 'abort')).toEqual([]);
    }),
  );
  await settled(before);
}, 360_000);
