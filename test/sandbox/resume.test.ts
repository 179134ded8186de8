import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { Desk, type Run } from '../scenario/desk.ts';
import { Look } from '../scenario/look.ts';
import type { WorldHost } from '../scenario/world.ts';
import { smallFleet } from './small-fleet.ts';
import { type SandboxWorld, sandboxWorld } from './world.ts';

describe('a deployment whose fleet was killed', { timeout: 480_000 }, () => {
  let world: SandboxWorld;
  let desk: Desk;
  let hv1: Look;
  let hv2: Look;
  const vms = ['web1', 'web2', 'db1'];
  const on = (vm: string) => (vm === 'db1' ? hv2 : hv1);
  const booted = () => Promise.all(vms.map((vm) => on(vm).booted(vm)));
  const isLocked = () => hv1.exists('/var/lib/fleet/lock');
  const deployments = '"$FLEET_ROOT"/var/lib/fleet/deployments';

  beforeAll(async () => {
    world = await sandboxWorld(2);
    hv1 = new Look(world.hosts[0] as WorldHost);
    hv2 = new Look(world.hosts[1] as WorldHost);
    // Whoever takes it up has as long as a loaded machine may need.
    const data = smallFleet(world, { confirm: '60s', maxParallel: 1 });
    data.vms.web1.exports = [{ file: '/var/lib/app/token', to: '~/tokens/app', user: 'app' }];
    desk = new Desk(world, 'resume', data);
    await desk.open(sandboxLock);
    await desk.apply(0);
  }, 480_000);
  afterAll(async () => {
    desk.close();
    await world.stop();
  });

  /** Every vm gets another runner; fleet is killed while it updates the first of them. */
  async function kill(at = 'update web1'): Promise<Run> {
    const packages = desk.data.vms.web1.packages?.[0] === 'htop' ? ['tmux'] : ['htop'];
    desk.edit((d) => {
      for (const vm of vms) d.vms[vm].packages = packages;
    });
    return killed(at);
  }

  async function killed(at: string, ...more: string[]): Promise<Run> {
    let sent = false;
    const run = await desk.fleet(['apply', '--yes', ...more], (stderr, kill) => {
      if (sent || !stderr.includes(`hv1: ${at}`)) return;
      sent = true;
      kill('SIGKILL');
    });
    expect(run.code, run.stderr).toBe(255);
    expect(await isLocked()).toBe(true);
    return run;
  }

  it('is told by the plan, with the time that is left', async () => {
    await kill();
    const { stdout } = await desk.fleet(['plan', '--no-diff']);
    expect(stdout).toMatch(/locked by \S+: apply \S+, since/);
    expect(stdout.replace(/\s+/g, ' ')).toMatch(/without fleet it rolls itself back in \d+ s/);
    expect(stdout).toMatch(/\(fleet apply --resume \S+\)/);
    const { stdout: past } = await desk.fleet(['history', 'hv1', '--last', '1']);
    expect(past).toContain('not ended');
    expect(past.replace(/\s+/g, ' ')).toMatch(
      /under way: without fleet it rolls itself back in \d+ s; .*\(fleet apply --resume \S+\)/,
    );
    const { stdout: checks } = await desk.fleet(['verify', '--on', 'hv1']);
    expect(checks).toMatch(/note {2}hv1 {2}apply \S+ of \S+ is under way/);
  });

  it('keeps others away, who are told how to end it', async () => {
    const rollback = await desk.fleet(['rollback', 'web2', '--yes']);
    expect([rollback.code, rollback.stdout]).toEqual([5, '']);
    expect(rollback.stderr).toMatch(/hv1 is locked by \S+ \(apply /);
    expect(rollback.stderr.replace(/\s+/g, ' ')).toMatch(
      /finish it \(fleet apply --resume \S+\) or roll it back \(fleet apply --resume \S+ --undo\)/,
    );
    const undo = await desk.fleet(['apply', '--undo', '--yes']);
    expect([undo.code, undo.stderr]).toMatchObject([64, expect.stringContaining('--undo needs')]);
    expect(await isLocked()).toBe(true);
  });

  it('is taken up and finished by another', async () => {
    const before = await booted();
    await hv1.sh('mkdir -p "$FLEET_ROOT"/sandbox/files/web1/var/lib/app');
    await hv1.sh('echo token >"$FLEET_ROOT"/sandbox/files/web1/var/lib/app/token');
    const run = await desk.fleet(['apply', '--resume', '--yes', '--export']);
    expect(run.code, run.stdout + run.stderr).toBe(0);
    expect(run.stdout).toContain('web1 updated');
    expect(readFileSync(join(world.home, 'tokens/app'), 'utf8')).toBe('token\n');
    const after = await booted();
    for (const [i, vm] of vms.entries()) expect(after[i], vm).not.toBe(before[i]);
    expect(await isLocked()).toBe(false);
    expect((await desk.fleet(['plan', '--detailed-exitcode'])).stdout).toContain('No changes.');
    const head = await desk.git('rev-parse', 'HEAD');
    expect(await desk.git('ls-remote', 'origin', 'refs/fleet/deployed/*')).toBe(
      `${head}\trefs/fleet/deployed/hv1\n${head}\trefs/fleet/deployed/hv2`,
    );
    expect(await hv1.sh(`cat ${deployments}/*/journal`)).toMatch(/\tresumed-by-\S+\tend\t0/);
  });

  it('is undone when asked to, whatever else is wrong at the desk', async () => {
    const before = await booted();
    await kill('update web2');
    // Half an edit; a lock that is none; a file of somebody's where fleet renders one.
    desk.edit((d) => {
      d.vms.web1.modules = ['./not/there/yet.nix'];
    });
    desk.write('flake.lock', '{}');
    desk.write('hosts/web1/default.nix', '{ }');
    const run = await desk.fleet(['apply', '--resume', '--undo', '--yes']);
    desk.edit((d) => {
      delete d.vms.web1.modules;
    });
    await desk.git('checkout', '-q', 'flake.lock', 'hosts');
    expect(run.code, run.stdout + run.stderr).toBe(0);
    expect(run.stderr).toMatch(
      /Commit \w{8} stays on main, .*\nTo keep it from being deployed: git revert --no-edit \w{8}\.\.\w{8} && git push/,
    );
    expect(await booted()).toEqual(before);
    expect(await isLocked()).toBe(false);
    await desk.apply(0);
  });

  it('is undone when asked to, everywhere, whatever fleet.yaml looks like meanwhile', async () => {
    const before = await booted();
    await kill('update web2');
    desk.write('fleet.yaml', 'vms: [');
    const undo = ['apply', '--resume', '--undo', '--json'];
    const declined = await desk.atTerminal(undo, { 'Roll back what it changed? [y/N]': () => 'n' });
    expect(declined.code, declined.stderr).toBe(1);
    expect(declined.stderr).toMatch(/apply[\s\S]*Roll back what it changed\?/);
    expect(JSON.parse(declined.stdout)).toMatchObject({
      kind: 'resume',
      version: 1,
      declined: true,
      results: [],
    });
    const run = await desk.fleet(['apply', '--resume', '--undo', '--yes', '--json']);
    desk.save();
    expect(run.code, run.stdout + run.stderr).toBe(0);
    expect(run.stderr).toContain('fleet.yaml (fleet validate); using fleet.yaml of commit');
    expect(JSON.parse(run.stdout)).toMatchObject({
      kind: 'resume',
      version: 1,
      results: [
        { hypervisor: 'hv1', outcome: 'rolled-back', because: 'as asked' },
        { hypervisor: 'hv2', outcome: 'untouched', because: 'as asked' },
      ],
    });
    expect(await booted()).toEqual(before);
    for (const vm of vms) expect(await on(vm).isActive(vm), vm).toBe(true);
    expect(await isLocked()).toBe(false);
    expect(await hv2.exists('/var/lib/fleet/lock')).toBe(false);
    // What was not at fault stays on the branch: apply brings it.
    await desk.apply(0);
    expect(await booted()).not.toEqual(before);
  });

  it('cannot be finished from what is not what it was about, but undone', async () => {
    const before = await booted();
    await kill('update web2');
    desk.edit((d) => {
      d.vms.web1.packages = ['jq'];
    });
    const refused = await desk.fleet(['apply', '--resume', '--yes']);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('there are changes here that are not committed');
    expect(refused.stderr).toContain('--undo');
    expect(await isLocked()).toBe(true);
    desk.edit((d) => {
      d.vms.web1.packages = d.vms.web2.packages;
    });
    await desk.git('commit', '-q', '--allow-empty', '-m', 'another');
    const other = await desk.fleet(['apply', '--resume', '--yes']);
    expect(other.code).toBe(1);
    expect(other.stderr).toMatch(/it deploys [0-9a-f]{8}, and [0-9a-f]{8} is checked out here/);
    expect((await desk.fleet(['apply', '--resume', '--undo', '--yes'])).code).toBe(0);
    expect(await booted()).toEqual(before);
  });

  it('cannot be finished when one of its hypervisors has gone back already, but undone', async () => {
    await desk.apply(0);
    const before = await booted();
    await kill('update web2');
    await hv2.sh(
      `for d in ${deployments}/*; do [ -e "$d/result" ] || sh "$d/back.sh" lapsed; done >/dev/null 2>&1`,
    );
    const refused = await desk.fleet(['apply', '--resume', '--yes']);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('hv2 has already rolled itself back');
    const undone = await desk.fleet(['apply', '--resume', '--undo', '--yes', '--json-stream']);
    expect(undone.code, undone.stderr).toBe(0);
    const lines = undone.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.length).toBeGreaterThan(1);
    expect(lines[0].version).toBe(1);
    expect(lines.at(-1)).toMatchObject({ type: 'result', result: { kind: 'resume' } });
    expect(await booted()).toEqual(before);
  });

  it('goes back when it is taken up and fails; its commit is taken back, as if nothing had been', async () => {
    const before = await booted();
    const good = await hv1.sh('git -C "$FLEET_ROOT/var/lib/fleet/repo" rev-parse HEAD');
    desk.edit((d) => {
      d.vms.web2.config = { boot: { kernelParams: ['lab.mute'] } };
    });
    await killed('update web1');
    const bad = await desk.git('rev-parse', 'HEAD');
    const run = await desk.fleet(['apply', '--resume', '--yes']);
    expect(run.code, run.stdout + run.stderr).toBe(3);
    expect(run.stdout).toContain('web2 answers: expected ping, seen no answer');
    expect(await booted()).toEqual(before);
    expect(await desk.git('rev-parse', 'HEAD^{tree}')).toBe(
      await desk.git('rev-parse', `${good}^{tree}`),
    );
    expect(await desk.git('ls-remote', 'origin', 'refs/fleet/bad/*')).toContain(bad);
    desk.edit((d) => {
      delete d.vms.web2.config;
    });
  });

  it('that is over cannot be taken up', async () => {
    const nothing = await desk.fleet(['apply', '--resume', '--yes']);
    expect(nothing.code).toBe(1);
    expect(nothing.stderr).toContain('no interrupted deployment to resume [resume.nothing]');
    const named = await desk.fleet(['apply', '--resume', '20260101-000000-abcd', '--yes']);
    expect(named.stderr).toContain('deployment 20260101-000000-abcd cannot be resumed');
  });

  it('and that nobody takes up: its hypervisors are back, and free, by themselves', async () => {
    await desk.apply(0);
    const before = await booted();
    const confirm = 8;
    desk.edit((d) => {
      d.rollout.confirm = `${confirm}s`;
    });
    await kill('update web2');
    const since = Date.now();
    await vi.waitFor(async () => expect(await isLocked()).toBe(false), {
      timeout: 90_000,
      interval: 500,
    });
    // A step that was in hand, the time in which fleet has to be heard of, and the way back itself.
    expect(Date.now() - since).toBeLessThan((confirm + 60) * 1000);
    await vi.waitFor(async () => expect(await booted()).toEqual(before), {
      timeout: 30_000,
      interval: 500,
    });
    expect(await hv2.exists('/var/lib/fleet/lock')).toBe(false);
    const history = await desk.fleet(['history', 'hv1', '--last', '1']);
    expect(history.stdout).toContain('rolled back');
    expect((await desk.fleet(['apply', '--resume', '--yes'])).stderr).toContain('resume.nothing');
    await desk.apply(0);
    expect((await desk.fleet(['plan'])).stdout).toContain('No changes.');
  });
});
