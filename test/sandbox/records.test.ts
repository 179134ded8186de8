import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { Desk } from '../scenario/desk.ts';
import { Look } from '../scenario/look.ts';
import type { WorldHost } from '../scenario/world.ts';
import { smallFleet } from './small-fleet.ts';
import { type SandboxWorld, sandboxWorld } from './world.ts';

/** One story: what is remembered of deployments, on hypervisors and in git, and what that is good for. */
describe('what was deployed', { timeout: 480_000 }, () => {
  let world: SandboxWorld;
  let desk: Desk;
  let hv1: Look;
  const packages = (vm: string, ...names: string[]) =>
    desk.edit((d) => {
      d.vms[vm].packages = names;
    });
  const boots = (seconds: string) => hv1.sh(`echo ${seconds} >"$FLEET_ROOT/sandbox/boot-seconds"`);
  /** web2 boots so slowly, this one time, that it is given up: nothing of that is in the commit. */
  const tooSlow = async (...words: string[]) => {
    await boots('60');
    let mended: Promise<string> | undefined;
    const run = await desk.fleet([...words, '--yes'], (stderr) => {
      if (/^hv1: (update|return) web2.*: done/m.test(stderr)) mended ??= boots('0.3');
    });
    await mended;
    return run;
  };
  /** It does so always: not even the way back makes it well. */
  const everTooSlow = async (...words: string[]) => {
    await boots('60');
    const run = await desk.fleet([...words, '--yes']);
    await boots('0.3');
    return run;
  };
  const history = async (...args: string[]) => (await desk.fleet(['history', ...args])).stdout;
  const bad = () => desk.git('ls-remote', 'origin', 'refs/fleet/bad/*');

  beforeAll(async () => {
    world = await sandboxWorld(2);
    hv1 = new Look(world.hosts[0] as WorldHost);
    desk = new Desk(world, 'records', smallFleet(world, { confirm: '30s' }));
    await desk.open(sandboxLock);
  }, 360_000);
  afterAll(async () => {
    desk.close();
    await world.stop();
  });

  it('is nothing before the first deployment', async () => {
    const run = await desk.fleet(['history']);
    expect(run).toMatchObject({ code: 0, stdout: '', stderr: 'No deployments are recorded.\n' });
    expect((await desk.fleet(['unlock', 'hv1', '--yes'])).stdout).toBe('hv1 is not locked.\n');
  });

  it('is told by every hypervisor: when, what, by whom, how it went and what it brought', async () => {
    await desk.apply(0);
    const text = await history();
    const head = (await desk.git('rev-parse', 'HEAD')).slice(0, 8);
    expect(text).toMatch(
      new RegExp(
        `^20\\d\\d-.* UTC {2}hv1 {2}apply ${head} {2}done after \\d+ s\n {2}\\S+ by \\S+: hv1, web1, web2$`,
        'm',
      ),
    );
    expect(text).toMatch(/ hv2 {2}apply .*\n.*: hv2, db1$/m);
  });

  it('of one vm, the youngest, or one deployment with its steps', async () => {
    packages('web1', 'htop');
    await desk.apply(0);
    expect((await history('web1')).match(/^20/gm)).toHaveLength(2);
    expect((await history('db1')).match(/^20/gm)).toHaveLength(1);
    const last = await history('web1', '--last', '1');
    expect(last).toMatch(/: web1\n/);
    expect(last).toMatch(/^ {4}\d\d\d build: ok, \d+ s\n/m);
    expect(last).toMatch(/^ {4}\d\d\d vm-update: ok, \d+ s\n/m);
    const id = /\d{8}-\d{6}-[0-9a-f]{4}/.exec(last)?.[0] as string;
    const one = await history(id);
    expect(one).toContain(last);
    expect(one).toMatch(/ hv2 {2}apply /);
  });

  it('as one document, with every generation', async () => {
    const document = JSON.parse(await history('hv1', '--json'));
    expect(document).toMatchObject({ kind: 'history', version: 1 });
    expect(document.deployments).toHaveLength(2);
    const [second, first] = document.deployments;
    expect(first).toMatchObject({
      hypervisor: 'hv1',
      fleet: 'small',
      operation: 'apply',
      decided: 'confirmed',
      result: 'done',
      targets: ['web1', 'web2'],
    });
    expect(second.before.web1).toBe(first.after.web1);
    expect(second.after.web1).toBe(await hv1.booted('web1'));
  });

  it.each([
    ['nobody', 'there is no record of nobody'],
    ['--last=many', '--last many is not a number'],
  ])('%s is a usage error', async (arg, message) => {
    const run = await desk.fleet(['history', arg]);
    expect(run.code).toBe(64);
    expect(run.stderr).toContain(message);
  });

  it('and put back is known to be bad: it is taken back on the branch, here too', async () => {
    const good = await desk.git('rev-parse', 'HEAD');
    packages('web2', 'jq');
    const run = await tooSlow('apply');
    expect(run.code, run.stdout + run.stderr).toBe(3);
    expect(run.stderr).toMatch(/[0-9a-f]{8} is quarantined/);
    const [returned, failed] = (await desk.git('log', '-2', '--format=%H')).split('\n');
    expect(await desk.git('rev-parse', `${failed}^`)).toBe(good);
    expect(await desk.git('ls-remote', 'origin', 'main')).toBe(`${returned}\trefs/heads/main`);
    expect(await desk.git('rev-parse', 'HEAD^{tree}')).toBe(
      await desk.git('rev-parse', `${good}^{tree}`),
    );
    expect(desk.read('fleet.yaml')).not.toContain('jq');
    expect(await desk.git('status', '--porcelain')).toBe('');
    expect(await bad()).toContain(failed);
    const why = await history('web2', '--last', '1');
    expect(why).toMatch(/ rolled back after \d+ s\n/);
    expect(why).toMatch(/web2 is not healthy after \d+ s \[verify\.not-healthy\]\n/);
    expect(why).toContain('      web2 answers: expected ping, seen no answer\n');
    // Wherever it was rolled back, and by whatever it is asked for.
    const commit = failed?.slice(0, 8) as string;
    expect(await history(commit)).toMatch(/hv1 {2}apply .* web2 is not healthy/s);
    expect((await history('main', '--last', '1')).split('\n')[0]).toContain(`apply ${commit}`);
    expect(JSON.parse(await history(commit, '--json')).deployments[0].failure).toMatchObject({
      code: 'verify.not-healthy',
      hypervisor: 'hv1',
      target: 'web2',
    });
  });

  it('is refused the second time, before anything is committed or changed', async () => {
    const head = await desk.git('rev-parse', 'HEAD');
    const runner = await hv1.runner('web2');
    desk.save();
    const run = await desk.apply(1);
    expect(run.stderr).toMatch(
      /this commit is quarantined: it was deployed as [0-9a-f]{8} and rolled back \[commit\.known-bad\]/,
    );
    expect(run.stderr).toContain('--force');
    expect(await desk.git('rev-parse', 'HEAD')).toBe(head);
    expect(await hv1.runner('web2')).toBe(runner);
    expect(await hv1.exists('/var/lib/fleet/lock')).toBe(false);
  });

  it('also when a person has committed it by hand: then without asking a hypervisor for its lock', async () => {
    const before = await history('hv1', '--json');
    await desk.fleet(['render']);
    await desk.git('add', '-A');
    await desk.git('commit', '-qm', 'once more');
    const plan = await desk.fleet(['plan', '--no-diff']);
    expect(plan.stdout.replace(/\s+/g, ' ')).toContain(
      'this commit is quarantined: it was deployed as',
    );
    const run = await desk.apply(1);
    expect(run.stderr).toContain('commit.known-bad');
    expect(await history('hv1', '--json')).toBe(before);
  });

  it('unless told --force; once it is done it is not bad any more', async () => {
    const before = await hv1.runner('web2');
    await desk.apply(0, '--force');
    expect(await hv1.booted('web2')).not.toBe(before);
    expect(await bad()).toBe('');
    expect((await desk.apply(0)).stdout).toBe('No changes.\n');
  });

  it('ends a roll-back with 3 where what it went back to is not well, and is put back', async () => {
    const before = await hv1.booted('web2');
    const run = await tooSlow('rollback', 'web2');
    expect(run.code, run.stdout + run.stderr).toBe(3);
    expect(await hv1.booted('web2')).toBe(before);
  });

  it('ends it with 4 where the way back does not make it well either', async () => {
    const run = await everTooSlow('rollback', 'web2');
    expect(run.code, run.stdout + run.stderr).toBe(4);
    expect(run.stdout).toContain('web2 is not as healthy as before');
  });

  it('can be rolled back in the midst of an edit, as one document', async () => {
    desk.write('fleet.yaml', 'vms: [');
    const run = await desk.fleet(['rollback', 'web2', '--yes', '--json']);
    desk.save();
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toContain('using fleet.yaml of commit');
    expect(JSON.parse(run.stdout)).toMatchObject({
      kind: 'rollback',
      version: 1,
      results: [{ hypervisor: 'hv1', outcome: 'done' }],
    });
  });

  it('ends an apply with 4, too, where the way back does not make it well', async () => {
    packages('web2', 'curl');
    const run = await everTooSlow('apply', '--release', 'web2');
    expect(run.code, run.stdout + run.stderr).toBe(4);
  });
});
