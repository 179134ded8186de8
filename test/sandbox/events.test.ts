import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Event, phases } from '../../src/model/events.ts';
import { harmless } from '../../src/report/guard.ts';
import { plainReporter } from '../../src/report/plain.ts';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { problemsOf } from '../report/json-schema.ts';
import { Desk, type Run } from '../scenario/desk.ts';
import { smallFleet } from './small-fleet.ts';
import { type SandboxWorld, sandboxWorld } from './world.ts';

const eventsOf = ({ stdout }: Run): Event[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

/** What a plain reporter makes of events that were kept. */
function replayed(events: readonly Event[]): string {
  let text = '';
  const tell = plainReporter((said) => {
    text += harmless(said);
  });
  for (const event of events) tell(event);
  return text;
}

/** Without times, ids and paths, and with one word of waiting for a guest: how long that takes is not told before. */
function normalised(events: readonly Event[]): string {
  const told = new Set<string>();
  const lines = events.flatMap((event): string[] => {
    const { type } = event;
    if (type === 'result')
      return [JSON.stringify({ ...event, result: { ...event.result, plan: {} } })];
    if (type !== 'checks' || event.state !== 'waiting') return [JSON.stringify(event)];
    const [check] = event.checks;
    if (check?.check !== 'settled' || told.has(check.target)) return [];
    told.add(check.target);
    return [JSON.stringify(event)];
  });
  return lines
    .map((line) => `${line}\n`)
    .join('')
    .replace(/"time":"[^"]*"/g, '"time":"TIME"')
    .replace(/\b\d{8}-\d{6}-[0-9a-f]{4}\b/g, 'ID')
    .replace(/"ms":[\d.]+/g, '"ms":0')
    .replace(/\b[0-9a-f]{40}\b/g, 'COMMIT')
    .replace(/"operator":"[^"]*"/g, '"operator":"ada@desk"')
    .replace(/for \d+\.\d s/g, 'for 0.0 s')
    .replace(/\/nix\/store\/[0-9a-z]{32}/g, '/nix/store/HASH')
    .replace(/[^" ]*\/fleet-(sandbox|desk)-\w+/g, '/TMP');
}

describe('--json-stream', { timeout: 360_000 }, () => {
  let world: SandboxWorld;
  let desk: Desk;
  const stream = async (expected: number, ...args: string[]) => {
    const run = await desk.fleet([...args, '--json-stream']);
    expect(run.code, run.stdout + run.stderr).toBe(expected);
    const events = eventsOf(run);
    expect(events.flatMap(problemsOf)).toEqual([]);
    // What a roll-back is going to do is shown before.
    const progress = run.stderr.replace(/^web1 {2}→[\s\S]*rolled back\.\n/, '');
    expect(replayed(events)).toBe(progress);
    const [first] = events;
    const ids = new Set(events.map(({ deployment }) => deployment));
    expect([...ids]).toEqual([first?.deployment]);
    expect(events.filter(({ type }) => type === 'result')).toEqual([events.at(-1)]);
    const times = events.map(({ time }) => time);
    expect(times.toSorted((a, b) => a.localeCompare(b))).toEqual(times);
    return events;
  };
  const result = (events: readonly Event[]) =>
    (events.at(-1) as Event & { readonly type: 'result' }).result;
  beforeAll(async () => {
    world = await sandboxWorld(2);
    desk = new Desk(world, 'events', smallFleet(world));
    await desk.open(sandboxLock);
  }, 180_000);
  afterAll(async () => {
    desk.close();
    await world.stop();
  });

  it('tells a deployment in its phases, and ends with its result', async () => {
    const events = await stream(0, 'apply', '--yes');
    const first = (name: string) => {
      const seen = events.flatMap((event) =>
        event.type === 'phase' && [undefined, name].includes(event.hypervisor) ? [event.phase] : [],
      );
      return [...new Set(seen)];
    };
    expect(first('hv1')).toEqual(phases.filter((phase) => phase !== 'roll-back'));
    expect(events.find(({ type }) => type === 'deployment')).toMatchObject({
      operation: 'apply',
      id: events[0]?.deployment,
      hypervisors: ['hv1', 'hv2'],
    });
    const commit = await desk.git('rev-parse', 'HEAD');
    const git = events.filter((e) => e.type === 'git' && e.state === 'done');
    expect(git).toMatchObject([
      { phase: 'publish', step: 'commit and push to main', commit },
      { phase: 'record', step: 'record what is deployed', commit },
    ]);
    expect(result(events)).toMatchObject({
      kind: 'apply',
      version: 1,
      id: events[0]?.deployment,
      commit,
      results: [
        { hypervisor: 'hv1', outcome: 'done' },
        { hypervisor: 'hv2', outcome: 'done' },
      ],
    });
    expect(events.filter((e) => e.type === 'checks' && e.state === 'waiting')).not.toEqual([]);
  });

  it('is not more than its beginning and its result where nothing is to be done', async () => {
    const events = await stream(0, 'apply', '--yes');
    expect(events.map(({ type }) => type)).toEqual(['phase', 'result']);
    expect(result(events)).toMatchObject({ kind: 'apply', results: [] });
  });

  it('is, line for line, what is kept as an example', async () => {
    desk.edit((d) => {
      d.vms.web1.packages = ['htop'];
    });
    const events = await stream(0, 'apply', '--yes', '--on', 'hv1');
    const text = normalised(events);
    const file = new URL('../fixtures/events/apply.ndjson', import.meta.url);
    if (process.env.FLEET_UPDATE) writeFileSync(file, text);
    expect(text).toBe(readFileSync(file, 'utf8'));
  });

  it('tells what becomes of it when somebody asks to stop', async () => {
    desk.edit((d) => {
      d.vms.web1.packages = ['tmux'];
    });
    let isSent = false;
    const run = await desk.fleet(['apply', '--yes', '--json-stream'], (stderr, kill) => {
      if (isSent || !stderr.includes('hv1: update web1')) return;
      isSent = true;
      kill('SIGINT');
    });
    expect(run.code, run.stdout + run.stderr).toBe(130);
    const events = eventsOf(run);
    expect(events.flatMap(problemsOf)).toEqual([]);
    expect(run.stderr).toContain('\nInterrupted: finishing the current step, then rolling back.\n');
    expect(replayed(events)).toBe(run.stderr);
    expect(events.map(({ type }) => type)).toContain('cancelling');
    expect(result(events)).toMatchObject({
      kind: 'apply',
      results: [{ outcome: 'rolled-back', failure: { code: 'interrupted' } }, {}],
    });
  });

  it('tells a roll-back, too', async () => {
    const events = await stream(0, 'rollback', 'web1', '--yes');
    const at = events.flatMap((e) => (e.type === 'phase' ? [e.phase] : []));
    expect(at).toEqual(['survey', 'lock', 'guests', 'verify', 'confirm']);
    expect(result(events)).toMatchObject({
      kind: 'rollback',
      id: events[0]?.deployment,
      results: [{ hypervisor: 'hv1', outcome: 'done' }],
    });
    await desk.apply(0, '--release', 'web1');
  });

  it('tells what fails, and is rolled back and reverted, with what was expected and seen', async () => {
    desk.edit((d) => {
      d.vms.web2.config = { boot: { kernelParams: ['lab.mute'] } };
    });
    const events = await stream(3, 'apply', '--yes');
    const failed = { code: 'verify.not-healthy', blames: 'commit', target: 'web2' };
    const answers = { target: 'web2', check: 'answers', expected: 'ping', seen: 'no answer' };
    expect(events.find(({ type }) => type === 'failure')).toMatchObject({
      phase: 'guests',
      hypervisor: 'hv1',
      failure: { ...failed, checks: [answers] },
    });
    const waiting = events.filter(
      (e) => e.type === 'checks' && e.state === 'waiting' && e.checks[0]?.check === 'answers',
    );
    expect(waiting.length).toBeGreaterThan(1);
    expect(waiting[0]).toMatchObject({ target: 'web2', limitMs: 3000, checks: [answers] });
    const at = events.flatMap((e) => (e.type === 'phase' ? [e.phase] : []));
    expect(at.slice(-2)).toEqual(['roll-back', 'record']);
    expect(result(events)).toMatchObject({
      kind: 'apply',
      results: [
        { hypervisor: 'hv1', outcome: 'rolled-back', failure: failed },
        { hypervisor: 'hv2', outcome: 'untouched', because: 'hv1 failed' },
      ],
    });
    await desk.git('checkout', '--', '.');
  });

  it('ends with the error where nothing was begun', async () => {
    desk.edit((d) => {
      d.vms.web2.on = 'hv9';
    });
    const events = await stream(65, 'apply', '--yes');
    expect(result(events)).toMatchObject({
      kind: 'error',
      error: { code: 'config.invalid', blames: 'user', diagnostics: expect.any(Array) },
    });
    const lost = await stream(1, 'apply', '--resume', '--yes');
    expect(lost[0]?.deployment).toBe(null);
    expect(result(lost)).toMatchObject({ kind: 'error', error: { code: 'resume.nothing' } });
  });
});

describe('--json-stream to a disk that is full', { timeout: 360_000 }, () => {
  it('is incomplete, which is said once and is no success, but the deployment is whole', async () => {
    const world = await sandboxWorld(2);
    const desk = new Desk(world, 'full', smallFleet(world));
    try {
      await desk.open(sandboxLock);
      const run = await desk.into('/dev/full', ['apply', '--yes', '--json-stream']);
      expect(run.code, run.stderr).toBe(1);
      expect(run.stderr.match(/^Standard output cannot be written.*ENOSPC/gm)).toHaveLength(1);
      expect(run.stderr).toContain('origin: record what is deployed: done');
    } finally {
      desk.close();
      await world.stop();
    }
  });
});
