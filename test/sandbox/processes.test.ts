import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SandboxWorld, sandboxWorld } from './world.ts';

describe('a number on record that has become another process', () => {
  let world: SandboxWorld;
  let stranger: ChildProcess;

  beforeAll(async () => {
    world = await sandboxWorld(1);
    stranger = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
  });
  afterAll(async () => {
    stranger?.kill();
    await world?.stop();
  });

  const lives = () => stranger.exitCode === null && stranger.signalCode === null;
  /** By then a signal has arrived. */
  const settled = () => new Promise((resolve) => setTimeout(resolve, 400));
  /** A unit that ended without the sandbox noticing. */
  const leave = () => {
    const [host] = world.hosts;
    const unit = `active=active sub=running id=1 restarts=0 result=success group=${stranger.pid} since=0`;
    writeFileSync(host!.file('sandbox/units/gone.service'), `${unit.replaceAll(' ', '\n')}\n`);
    writeFileSync(host!.file(`sandbox/sessions/${stranger.pid}`), '');
    return host!;
  };

  test.each(['systemctl kill --signal=KILL gone', 'systemctl stop gone'])(
    'is let alone by %s',
    async (command) => {
      await leave().exec(command);
      await settled();
      expect(lives()).toBe(true);
    },
  );

  test('is let alone when the power is cut', async () => {
    const host = leave();
    // Its leader has ended by then.
    await host.exec('{ sleep 0.2; : >"$FLEET_ROOT/tmp/late"; } >/dev/null 2>&1 &');
    await host.kill();
    await settled();
    expect(lives()).toBe(true);
    expect(existsSync(host.file('tmp/late'))).toBe(false);
  });
});
