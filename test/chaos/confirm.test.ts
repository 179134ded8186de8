import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeKeyPair } from '../../src/sandbox/keys.ts';
import { type SandboxWorld, sandboxWorld } from '../sandbox/world.ts';
import type { Running } from '../scenario/desk.ts';
import { Ground } from './ground.ts';
import { judge, type Outcome } from './judge.ts';
import { otherSide, setSide } from './subject.ts';
import { type Line, Watch } from './watch.ts';

/** Beyond the time to confirm. */
const limitMs = 30_000;

describe('the confirmation of a deployment', { timeout: 180_000 }, () => {
  let world: SandboxWorld;
  let ground: Ground | undefined;

  beforeEach(async () => {
    if (ground) return;
    world = await sandboxWorld(1);
    ground = await Ground.open(world);
  }, 120_000);
  // What went wrong in one test is not the next one's.
  afterEach(async (context) => {
    if (context.task.result?.state !== 'fail') return;
    await ground?.close();
    ground = undefined;
  });
  afterAll(() => ground?.close());

  const the = () => ground as Ground;
  const host = () => the().victim;

  /** Begins to deploy the other side and waits until its journal has the line. */
  const deployUntil = async (
    name: string,
    when: Line['when'],
    ...more: readonly string[]
  ): Promise<Running> => {
    const { desk, side } = the();
    desk.edit((data) => setSide(data, otherSide(side)));
    const watch = new Watch(host());
    const fleet = desk.start(['apply', '--yes', ...more]);
    const ended = new AbortController();
    void fleet.ended.finally(() => ended.abort());
    const isThere = await watch.until(
      ({ lines }) => lines.some((l) => l.name === name && l.when === when) || undefined,
      ended.signal,
    );
    if (isThere) return fleet;
    const { stdout, stderr } = await fleet.ended;
    // It knows that this commit went wrong before.
    if (more.length === 0 && stderr.includes('--force')) return deployUntil(name, when, '--force');
    throw new Error(`no ${name} ${when}:\n${stdout}${stderr}`);
  };

  /** Waits, without doing anything, until the hypervisor is at a side and has nothing pending. */
  const comesTo = async (side: Outcome, ignored = /^$/) => {
    const end = Date.now() + the().confirmMs + limitMs;
    for (;;) {
      const seen = (await the().examine()).map((s) => ({
        ...s,
        markers: s.markers.filter((marker) => !ignored.test(marker)),
      }));
      const verdict = judge(seen, the().candidates(), the().volumes);
      if (verdict.outcome === side) return;
      if (Date.now() > end) expect(verdict).toMatchObject({ outcome: side, wrong: [] });
      await sleep(200);
    }
  };

  const appliesNow = async () => {
    const run = await the().apply();
    expect(run.code, `${run.stdout}${run.stderr}`).toBe(0);
    await comesTo('new');
    the().side = otherSide(the().side);
  };

  test('is not to be had from files that earlier deployments left', async () => {
    const planted = ['20200101-000000-aaaa', '20200101-000001-bbbb', '20200101-000002-cccc'];
    const { code } = await host().exec(`
      cd "$FLEET_ROOT/var/lib/fleet/deployments" || exit
      set -- *
      for id in ${planted.join(' ')}; do
        cp -R "$1" "$id" && rm -f "$id/result" "$id/decided" || exit
        echo 1600000000 >"$id/deadline"
      done
      ln -s confirmed ${planted[0]}/decided
      ln -s back ${planted[1]}/decided`);
    expect(code).toBe(0);
    const fleet = await deployUntil('switch', 'end');
    fleet.kill('SIGKILL');
    await fleet.ended;
    await comesTo('old', /20200101-/);
    await appliesNow();
  });

  test('of one run does not count for the next one of the same commit', async () => {
    for (let run = 0; run < 2; run++) {
      const fleet = await deployUntil('vm-update', 'begin');
      fleet.kill('SIGKILL');
      await fleet.ended;
      await comesTo('old');
    }
    await appliesNow();
  });

  test('of a commit that failed is not given when it is applied again', async () => {
    const { desk, side } = the();
    for (let run = 0; run < 2; run++) {
      desk.edit((data) => {
        setSide(data, otherSide(side));
        data.vms.vm2.config = { boot: { kernelParams: ['lab.mute'] } };
      });
      expect((await the().apply()).code).toBe(3);
      await comesTo('old');
    }
    desk.edit((data) => {
      delete data.vms.vm2.config;
    });
    await appliesNow();
  });

  test('that comes too late is refused, and fleet says that all is as before', async () => {
    const fleet = await deployUntil('switch', 'end');
    await host().cutLink();
    await comesTo('old');
    await host().restoreLink();
    const { code, stdout } = await fleet.ended;
    expect(stdout).toContain('rolled back');
    expect(code).toBe(3);
    await comesTo('old');
    await appliesNow();
  });

  test('is missing when somebody else applies while the way back is armed: one of both holds', async () => {
    const fleet = await deployUntil('switch', 'end');
    fleet.kill('SIGKILL');
    await fleet.ended;
    const second = await the().apply();
    if (second.code === 0) {
      await comesTo('new');
      // The way back of the first, had anybody forgotten it, would be taken by now.
      await sleep(the().confirmMs + 2000);
      await comesTo('new');
    } else {
      expect([1, 5]).toContain(second.code);
      await comesTo('old');
    }
    await appliesNow();
  });

  test('is not given to a hypervisor that shows another host key', async () => {
    const file = join(world.home, '.ssh/known_hosts');
    const known = readFileSync(file, 'utf8');
    try {
      const fleet = await deployUntil('switch', 'begin');
      writeFileSync(file, known.replace(/ssh-ed25519 \S+/g, makeKeyPair().public));
      expect((await fleet.ended).code).not.toBe(0);
      await comesTo('old');
    } finally {
      writeFileSync(file, known);
    }
    await appliesNow();
  });

  describe('when the clock of the hypervisor jumps', () => {
    const jump = (seconds: number) =>
      writeFileSync(join(world.dir, 'hosts', host().name, 'sandbox/clock'), `${seconds}\n`);

    beforeEach(() => {
      const date = join(world.dir, 'tools/bin/date');
      writeFileSync(date, clock);
      chmodSync(date, 0o755);
      jump(0);
    });

    test.each([-3600, 3600])('by %i s, is missing as soon as ever', async (seconds) => {
      const fleet = await deployUntil('switch', 'end');
      jump(seconds);
      fleet.kill('SIGKILL');
      await fleet.ended;
      await comesTo('old');
      jump(0);
      await appliesNow();
    });

    test.each([-3600, 3600])(
      'by %i s, is given all the same, or all is as before',
      async (seconds) => {
        const fleet = await deployUntil('switch', 'end');
        jump(seconds);
        const { code } = await fleet.ended;
        expect([0, 1, 3]).toContain(code);
        await comesTo(code === 0 ? 'new' : 'old');
        jump(0);
        await appliesNow();
      },
    );
  });
});

/** Stand-in for date: the true time, and as much more as the hypervisor's file says. */
const clock = `#!/bin/sh
read -r more <"$FLEET_ROOT/sandbox/clock"
case $1 in
+%s) echo $(($(PATH=/usr/bin:/bin date +%s) + more)) ;;
*) PATH=/usr/bin:/bin exec date "$@" ;;
esac
`;
