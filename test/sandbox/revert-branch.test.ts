import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { Desk, isKnownBad } from '../scenario/desk.ts';
import { smallFleet } from './small-fleet.ts';
import { type SandboxWorld, sandboxWorld } from './world.ts';

describe('git.revert: pull-request, with a branch that takes no pushes', {
  timeout: 180_000,
}, () => {
  let world: SandboxWorld;
  let desk: Desk;
  const bare = (...args: string[]) =>
    execFileSync('git', ['-C', desk.remote.replace('file://', ''), ...args], {
      encoding: 'utf8',
    }).trim();
  /** As a person merges: past the hook. @returns what main has then */
  const merge = async (branch: string) => {
    bare('update-ref', 'refs/heads/main', branch);
    await desk.git('pull', '-q', '--ff-only');
    return desk.git('rev-parse', 'HEAD');
  };

  beforeAll(async () => {
    world = await sandboxWorld(2);
    const fleet = smallFleet(world);
    fleet.git = { transport: 'pull', revert: 'pull-request' };
    desk = new Desk(world, 'protected', fleet);
    await desk.open(sandboxLock);
    const first = await desk.fleet(['apply', '--yes']);
    expect(first.code, first.stderr).toBe(0);
    const hook = join(desk.remote.replace('file://', ''), 'hooks/update');
    writeFileSync(
      hook,
      '#!/bin/sh\n[ "$1" != refs/heads/main ] || { echo "main is protected"; exit 1; }\n',
    );
    chmodSync(hook, 0o755);
  }, 180_000);
  afterAll(async () => {
    desk.close();
    await world.stop();
  });

  it('what runs goes back, the revert is a branch to merge, and apply refuses until it is', async () => {
    const good = await desk.git('rev-parse', 'HEAD');
    const running = await world.hosts[0]?.exec('readlink "$FLEET_ROOT"/var/lib/microvms/*/booted');
    desk.edit((d) => {
      d.vms.web1.config = { boot: { kernelParams: ['lab.mute'] } };
    });
    await desk.fleet(['render']);
    await desk.git('checkout', '-qb', 'work');
    await desk.git('add', '-A');
    await desk.git('commit', '-qm', 'web1 says no more');
    await desk.git('push', '-q', 'origin', 'work');
    await desk.git('checkout', '-q', 'main');
    const failing = await merge('work');

    const run = await desk.fleet(['apply', '--yes', '--json']);
    expect(run.code, run.stderr).toBe(3);
    const name = `fleet/revert-${failing.slice(0, 8)}`;
    const revert = bare('rev-parse', name);
    expect(JSON.parse(run.stdout)).toMatchObject({ revertBranch: name, revertedBy: revert });
    expect(run.stderr).toContain(`Pushed revert ${revert.slice(0, 8)} as ${name}.`);
    expect(run.stderr).toContain('Merge it into main, which still has what was rolled back');
    expect(await world.hosts[0]?.exec('readlink "$FLEET_ROOT"/var/lib/microvms/*/booted')).toEqual(
      running,
    );
    expect(bare('rev-parse', 'main', `${name}^`)).toBe(`${failing}\n${failing}`);
    expect(bare('rev-parse', `${name}^{tree}`)).toBe(bare('rev-parse', `${good}^{tree}`));
    // The clone is as it was.
    expect(await desk.git('rev-parse', 'HEAD')).toBe(failing);
    expect(await desk.git('status', '--porcelain')).toBe('');

    const again = await desk.fleet(['apply', '--yes']);
    expect(isKnownBad(again)).toBe(true);
    expect(again.stderr).toContain(`Nothing was done. Merge ${name}, which reverts it, or fix it.`);

    // Whoever insists fails again: the branch is there already.
    const forced = await desk.fleet(['apply', '--yes', '--force', '--json-stream']);
    expect(forced.code).toBe(3);
    const events = forced.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'git', state: 'done', revertBranch: name }),
    );
    expect(forced.stderr).toContain(`There is already revert ${revert.slice(0, 8)} as ${name}.`);
    expect(bare('rev-parse', name)).toBe(revert);

    // On top of it comes something that has nothing to do with it.
    await desk.git('checkout', '-q', 'work');
    writeFileSync(join(desk.folder, 'README.md'), 'Ours.\n');
    await desk.git('add', '-A');
    await desk.git('commit', '-qm', 'A page');
    await desk.git('push', '-q', 'origin', 'work');
    await desk.git('checkout', '-q', 'main');
    await merge('work');
    const onTop = await desk.fleet(['apply', '--yes']);
    expect(isKnownBad(onTop)).toBe(true);
    expect(onTop.stderr).toContain(
      `this commit still has what was deployed as ${failing.slice(0, 8)} and rolled back`,
    );
    expect((await desk.fleet(['plan'])).stdout).toContain(`merge ${name}, which reverts it`);

    await desk.git('fetch', '-q');
    await desk.git('merge', '-q', '-m', 'Take it back', `origin/${name}`);
    await desk.git('push', '-q', 'origin', 'HEAD:both');
    await merge('both');
    const after = await desk.fleet(['apply', '--yes']);
    expect(after.code, after.stderr).toBe(0);
  });
});
