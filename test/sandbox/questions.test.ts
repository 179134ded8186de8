import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { Desk } from '../scenario/desk.ts';
import { smallFleet } from './small-fleet.ts';
import { type SandboxWorld, sandboxWorld } from './world.ts';

describe('at a terminal', { timeout: 360_000 }, () => {
  let world: SandboxWorld;
  let desk: Desk;
  beforeAll(async () => {
    world = await sandboxWorld(2);
    desk = new Desk(world, 'questions', smallFleet(world, { confirm: '60s' }));
    await desk.open(sandboxLock);
  }, 180_000);
  afterAll(async () => {
    desk.close();
    await world.stop();
  });
  const no = () => 'n';

  it('apply --json shows the plan before it asks, and a no is one document', async () => {
    const before = await desk.git('ls-remote', 'origin');
    const run = await desk.atTerminal(['apply', '--json'], { 'Apply this? [y/N]': no });
    expect(run.code, run.stderr).toBe(1);
    expect(run.stderr).toMatch(/\+ web1 +create[\s\S]*Plan: [\s\S]*Apply this\? \[y\/N\] /);
    expect(run.stderr).toContain('Nothing was changed.');
    expect(JSON.parse(run.stdout)).toMatchObject({
      kind: 'apply',
      version: 1,
      declined: true,
      results: [],
      plan: { hypervisors: [{ name: 'hv1' }, { name: 'hv2' }] },
    });
    expect(await desk.git('ls-remote', 'origin')).toBe(before);
  });

  it('rollback --json says what it would do, and a no is one document', async () => {
    await desk.apply(0);
    desk.edit((d) => {
      d.vms.web1.packages = ['htop'];
    });
    await desk.apply(0);
    const run = await desk.atTerminal(['rollback', 'web1', '--json'], { 'Roll back? [y/N]': no });
    expect(run.code, run.stderr).toBe(1);
    expect(run.stderr).toContain('web1  → generation 1');
    expect(JSON.parse(run.stdout)).toEqual({
      kind: 'rollback',
      version: 1,
      declined: true,
      results: [],
    });
  });

  it('fleet.yaml edited while it asks: what was planned is deployed, and the edit is told of', async () => {
    desk.edit((d) => {
      d.vms.web2.packages = ['htop'];
    });
    const planned = desk.read('fleet.yaml');
    const edit = () => {
      desk.edit((d) => {
        d.vms.web2.packages = ['tmux'];
      });
      return 'y';
    };
    const run = await desk.atTerminal(['apply'], { 'Apply this? [y/N]': edit });
    expect(run.code, run.stderr).toBe(0);
    expect(`${await desk.git('show', 'HEAD:fleet.yaml')}\n`).toBe(planned);
    expect(await desk.git('status', '--porcelain')).toBe('M fleet.yaml');
    expect(run.stderr).toContain('fleet.yaml was edited while this ran');
    const { stdout, stderr } = await desk.apply(0);
    expect(stdout).toContain('web2 updated');
    expect(stderr).not.toContain('was edited');
  });

  describe('what runs was deployed from a branch of somebody else', () => {
    let stranger = '';
    beforeAll(async () => {
      const other = new Desk(world, 'other', desk.data);
      await other.join(desk);
      await other.git('switch', '-qc', 'feature');
      await other.git('push', '-qu', 'origin', 'feature');
      other.data = structuredClone(desk.data);
      other.edit((d) => {
        d.vms.web1.packages = ['tmux'];
      });
      await other.apply(0);
      stranger = await other.git('rev-parse', 'HEAD');
      other.close();
      desk.edit((d) => {
        d.vms.web2.packages = ['htop'];
      });
    }, 180_000);
    const told = () =>
      new RegExp(
        `hv1 has ${stranger.slice(0, 8)} "[^"]+" \\(deployed by \\S+@\\S+ from branch feature\\)`,
      );

    it('apply says who and which branch, and asks', async () => {
      const before = await desk.git('ls-remote', 'origin');
      const questions = { 'Replace it anyway? [y/N]': no };
      const run = await desk.atTerminal(['apply'], questions);
      expect(run.code, run.stderr).toBe(1);
      expect(run.stdout.replace(/\s+/g, ' ')).toMatch(told());
      expect(run.stderr).toContain('[git.not-in-history]');
      expect(run.stderr).not.toContain('Apply this?');
      expect(await desk.git('ls-remote', 'origin')).toBe(before);
    });

    it('where nobody is there to be asked it is refused without --force, also with --yes', async () => {
      for (const more of [['--yes'], []]) {
        const run = await desk.fleet(['apply', ...more]);
        expect(run.code, run.stderr).toBe(1);
        expect(run.stderr).toContain('[git.not-in-history]');
        expect(run.stderr).toMatch(told());
      }
      await desk.apply(0, '--force');
    });
  });

  it('status --watch --json is a line each look, until Ctrl-C or until nobody reads', async () => {
    const enough = async (n: number) => {
      const run = desk.start(['status', '--watch', '--json']);
      while (run.sofar().stdout.split('\n').length <= n) await setTimeout(100);
      return run;
    };
    const interrupted = await enough(2);
    interrupted.kill('SIGINT');
    const { code, stdout, stderr } = await interrupted.ended;
    expect([code, stderr]).toEqual([130, '']);
    const looks = stdout.trimEnd().split('\n');
    expect(looks.map((line) => JSON.parse(line))).toMatchObject(
      looks.map(() => ({ kind: 'status', version: 1, fleet: 'small' })),
    );
    const unread = await enough(1);
    unread.closeOutput();
    expect(await unread.ended).toMatchObject({ code: 0, stderr: '' });
  });
});
