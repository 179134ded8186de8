import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { makeKeyPair } from '../../src/sandbox/keys.ts';
import { Attack, expectCode, Pool } from './attack.ts';
import { otherSide, setSide } from './subject.ts';

describe('the confirmation of a deployment', { timeout: 400_000 }, () => {
  const pool = new Pool(1, Attack.open, ({ ground }) => ground.close());
  afterAll(() => pool.close());

  test('is not to be had from files that earlier deployments left', () =>
    pool.with(async (attack) => {
      // Of those that have ended, of one that was cut off before it had the lock, of a fleet of old.
      const { code, stderr } = await attack.host.exec(`
        cd "$FLEET_ROOT/var/lib/fleet/deployments" || exit
        for id in *; do ln -sfn confirmed "$id/decided"; done
        mkdir 20200101-000000-aaaa 20200101-000001-bbbb
        for id in 20200101-*; do
          ln -s confirmed "$id/decided" && echo 1 >"$id/deadline" && echo 0 >"$id/switched"
          printf 'operator\\teve@laptop\\n' >"$id/meta"
        done
        printf '0 0\\n' >20200101-000001-bbbb/back.rc
        echo 'touch "$FLEET_ROOT/tmp/taken"' >20200101-000001-bbbb/back.sh`);
      expect(code, stderr).toBe(0);
      await attack.killedAt('switch', 'end');
      await attack.comesTo('old', /20200101-/);
      await attack.appliesNow(/20200101-/);
      expect((await attack.host.exec('test -e "$FLEET_ROOT/tmp/taken"')).code).toBe(1);
      await attack.host.exec('rm -r "$FLEET_ROOT"/var/lib/fleet/deployments/20200101-*');
    }));

  test('of one run does not count for the next one of the same commit', () =>
    pool.with(async (attack) => {
      for (let run = 0; run < 2; run++) {
        await attack.killedAt('vm-update', 'begin');
        await attack.comesTo('old');
      }
      await attack.appliesNow();
    }));

  test('of a commit that failed is not given when it is applied again', () =>
    pool.with(async (attack) => {
      const { ground } = attack;
      for (let run = 0; run < 2; run++) {
        ground.desk.edit((data) => {
          setSide(data, otherSide(ground.side));
          data.vms.vm2.config = { boot: { kernelParams: ['lab.mute'] } };
        });
        expectCode(await ground.apply(), 3);
        await attack.comesTo('old');
      }
      ground.desk.edit((data) => {
        delete data.vms.vm2.config;
      });
      await attack.appliesNow();
    }));

  test('that comes too late is refused, and fleet says that all is as before', () =>
    pool.with(async (attack) => {
      const fleet = await attack.deployUntil('switch', 'end');
      await attack.host.cutLink();
      await attack.comesTo('old');
      await attack.host.restoreLink();
      const run = await fleet.ended;
      expectCode(run, 3);
      expect(run.stdout).toContain('rolled back');
      await attack.comesTo('old');
      await attack.appliesNow();
    }));

  test('is missing when somebody else applies while the way back is armed: one of both holds', () =>
    pool.with(async (attack) => {
      await attack.killedAt('switch', 'end');
      const second = await attack.ground.apply();
      if (second.code === 0) {
        await attack.comesTo('new');
        // The way back of the first, had anybody forgotten it, would be taken by now.
        await sleep(attack.ground.confirmMs + 2000);
        await attack.comesTo('new');
      } else {
        expect([1, 5]).toContain(second.code);
        await attack.comesTo('old');
      }
      await attack.appliesNow();
    }));

  test('is not given to a hypervisor that shows another host key', () =>
    pool.with(async (attack) => {
      const file = join(attack.world.home, '.ssh/known_hosts');
      const known = readFileSync(file, 'utf8');
      try {
        const fleet = await attack.deployUntil('switch', 'begin');
        writeFileSync(file, known.replace(/ssh-ed25519 \S+/g, makeKeyPair().public));
        expect((await fleet.ended).code).not.toBe(0);
        await attack.comesTo('old');
      } finally {
        writeFileSync(file, known);
      }
      await attack.appliesNow();
    }));

  test.each([-3600, 3600])(
    'that is missing is missed as soon as ever when the clock jumps by %i s',
    (seconds) =>
      pool.with(async (attack) => {
        setClock(attack, 0);
        const fleet = await attack.deployUntil('switch', 'end');
        setClock(attack, seconds);
        fleet.kill('SIGKILL');
        await fleet.ended;
        await attack.comesTo('old');
        setClock(attack, 0);
        await attack.appliesNow();
      }),
  );

  test.each([-3600, 3600])(
    'is given, or all is as before, when the clock jumps by %i s',
    (seconds) =>
      pool.with(async (attack) => {
        setClock(attack, 0);
        const fleet = await attack.deployUntil('switch', 'end');
        setClock(attack, seconds);
        const { code } = await fleet.ended;
        expect([0, 1, 3]).toContain(code);
        await attack.comesTo(code === 0 ? 'new' : 'old');
        setClock(attack, 0);
        await attack.appliesNow();
      }),
  );
});

/** The hypervisor's clock is this much ahead of the true time. */
function setClock({ world, host }: Attack, seconds: number): void {
  const date = join(world.dir, 'tools/bin/date');
  writeFileSync(date, clock);
  chmodSync(date, 0o755);
  writeFileSync(host.file('/sandbox/clock'), `${seconds}\n`);
}

const clock = `#!/bin/sh
read -r more 2>/dev/null <"$FLEET_ROOT/sandbox/clock" || more=0
case $1 in
+%s) echo $(($(PATH=/usr/bin:/bin date +%s) + more)) ;;
*) PATH=/usr/bin:/bin exec date "$@" ;;
esac
`;
