import { appendFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { Desk } from '../scenario/desk.ts';
import { smallFleet } from './small-fleet.ts';
import { type SandboxWorld, sandboxWorld } from './world.ts';

describe('fleet events', { timeout: 480_000 }, () => {
  let world: SandboxWorld;
  let desk: Desk;
  const events = (...args: string[]) => desk.fleet(['events', ...args]);
  const spool = (host: number) => world.hosts[host]!.file('var/lib/fleet/events');
  const newest = (host: number) => join(spool(host), readdirSync(spool(host)).sort().at(-1)!);
  const told = async (...args: string[]) => {
    const { code, stdout, stderr } = await events('--json', '-n', '1000', ...args);
    expect(code, stderr).toBe(0);
    return stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  };
  const until = (check: () => unknown) => vi.waitFor(check, { timeout: 30_000, interval: 50 });

  beforeAll(async () => {
    world = await sandboxWorld(2);
    desk = new Desk(world, 'events', smallFleet(world));
    await desk.open(sandboxLock);
    await desk.apply(0);
  }, 360_000);
  afterAll(async () => {
    desk.close();
    await world.stop();
  });

  it('tells a deployment from its beginning to its end, and who stopped what', async () => {
    expect((await desk.fleet(['stop', 'web1', '--yes'])).code).toBe(0);
    expect((await desk.fleet(['start', 'web1'])).code).toBe(0);
    const all = await told('hv1', 'web1');
    const [{ fields: first }] = all.filter(({ event }) => event === 'deployment.began');
    expect(first).toMatchObject({ operation: 'apply' });
    expect(
      all
        .map(({ event, vm }) => (vm ? `${vm} ${event}` : event))
        .filter((text) => !/guest|host/.test(text)),
    ).toEqual([
      'spool.epoch',
      'deployment.began',
      'deployment.locked',
      'deployment.confirmed',
      'deployment.ended',
      'web1 operation.began',
      'web1 vm.stopped',
      'web1 operation.ended',
      'web1 operation.began',
      'web1 vm.released',
      'web1 operation.ended',
    ]);
    const { code, stdout } = await events('hv1');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^[\d-]{10} [\d:]{8} hv1 apply \S+ ended: done$/m);
    expect((await told('web1')).every(({ vm }) => vm === 'web1')).toBe(true);
  });

  it('a spool that cannot be written keeps nobody from deploying', async () => {
    const folder = spool(1);
    const host = world.hosts[1]!;
    expect((await host.exec(`mv ${folder} ${folder}.away && ln -s /nowhere ${folder}`)).code).toBe(
      0,
    );
    desk.edit((data) => {
      data.vms.db1.packages = ['htop'];
    });
    await desk.apply(0);
    rmSync(folder);
    expect((await host.exec(`mv ${folder}.away ${folder}`)).code).toBe(0);
    await desk.fleet(['restart', 'db1', '--yes']);
    const epochs = (await told('hv2')).filter(({ event }) => event === 'spool.epoch');
    expect(epochs.map(({ fields }) => fields.why)).toEqual(['first']);
  });

  it('says what is missing, and lets nothing that is written there order a terminal', async () => {
    const [last] = (await told('hv2')).slice(-1);
    const forged = { ...{ v: 1, epoch: last.epoch, seq: last.seq + 7, at: 1_700_000_000, up: 1 } };
    appendFileSync(
      newest(1),
      `{"v":1,"epoch":"half\n${JSON.stringify({ ...forged, kind: 'gc.failed', why: '\u001b[2J\u202e::error::x\n' })}\n`,
    );
    const { stdout } = await events('hv2', '-n', '3');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what it is about.
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
    expect(stdout).toMatch(/events missing here \(after /);
    expect(stdout).toContain('a collection of old generations failed: ');
  });

  it('follows, connects again by itself, and tells each event once', async () => {
    const following = desk.start(['events', '-f', 'hv1', '-n', '1', '--json']);
    await until(() => expect(following.sofar().stdout).toContain('\n'));
    const host = world.hosts[0]!;
    const gc = () => desk.fleet(['gc', 'hv1', '--yes']);
    expect((await gc()).code).toBe(0);
    await until(() => expect(following.sofar().stdout.match(/"gc\.ran"/g)).toHaveLength(1));
    await host.cutLink();
    await until(() => expect(following.sofar().stderr).toContain('connection lost'));
    await host.restoreLink();
    expect((await gc()).code).toBe(0);
    await until(() => expect(following.sofar().stdout.match(/"gc\.ran"/g)).toHaveLength(2));
    following.kill('SIGINT');
    expect((await following.ended).code).toBe(130);
  });

  it('is about what is named; a name that is none, and a time that is none, are refused', async () => {
    expect(await events('wbe1')).toMatchObject({ code: 64 });
    expect(await events('--since', 'yesterday')).toMatchObject({ code: 64 });
    expect(await events('--since', '2999-01-01')).toMatchObject({ code: 0, stdout: '' });
  });
});
