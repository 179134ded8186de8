import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { Desk } from '../scenario/desk.ts';
import { smallFleet } from './small-fleet.ts';
import { type SandboxWorld, sandboxWorld } from './world.ts';

describe('start, stop and restart', { timeout: 360_000 }, () => {
  let world: SandboxWorld;
  let desk: Desk;
  beforeAll(async () => {
    world = await sandboxWorld(2);
    desk = new Desk(world, 'operations', smallFleet(world, { confirm: '90s', deadline: '6s' }));
    await desk.open(sandboxLock);
    await desk.apply(0);
  }, 480_000);
  afterAll(async () => {
    desk.close();
    await world.stop();
  });

  const on = (command: string) => (world.hosts[0] as (typeof world.hosts)[0]).exec(command);
  const life = async (vm: string) =>
    (await on(`systemctl show -p InvocationID --value microvm@${vm}.service`)).stdout.trim();
  const isActive = async (vm: string) =>
    (await on(`systemctl is-active -q microvm@${vm}.service`)).code === 0;
  const run = async (expected: number, ...args: string[]) => {
    const run = await desk.fleet(args);
    expect(run.code, run.stdout + run.stderr).toBe(expected);
    return run;
  };

  /** What began and ended, in this order. */
  const steps = async (...args: string[]): Promise<string[]> => {
    const { stdout } = await run(0, ...args, '--json-stream');
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    return events.flatMap(({ type, step, state }) =>
      type === 'step' ? [state === 'begin' ? step : '✔'] : [],
    );
  };

  it('a healthy guest is left alone by start, also with a fleet.yaml that cannot be read, and restarted by restart', async () => {
    const before = await life('web1');
    const fleetYaml = desk.read('fleet.yaml');
    desk.write('fleet.yaml', 'version: [');
    const started = await run(0, 'start', 'web1');
    expect(started.stdout).toMatch(/^web1 {2}is healthy already on hv1, up \d+ s$/m);
    expect(await life('web1')).toBe(before);
    const restarted = await run(0, 'restart', 'web1');
    desk.write('fleet.yaml', fleetYaml);
    expect(restarted.stdout).toMatch(/^web1 {2}restarted on hv1 in [\d.]+ s, healthy$/m);
    expect(await life('web1')).not.toBe(before);
  });

  it('a guest that hangs is not well: it is started anew, and the reason is said', async () => {
    const before = await life('web1');
    await on('rm "$FLEET_ROOT/sandbox/up/web1"');
    await new Promise((resolve) => setTimeout(resolve, 6500));
    const { stdout } = await run(0, 'start', 'web1', '--json-stream');
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(new Set(events.map(({ version, deployment }) => `${version} ${deployment}`))).toEqual(
      new Set(['1 null']),
    );
    const told = events.map(({ type, state = '' }) => `${type} ${state}`.trim());
    expect(told).toEqual(expect.arrayContaining(['checks waiting', 'checks passed']));
    expect(told.filter((one) => one === 'result')).toEqual([told.at(-1)]);
    const { kind, results } = events.at(-1).result;
    expect(kind).toBe('start');
    const [result] = results;
    expect(result).toMatchObject({ name: 'web1', hypervisor: 'hv1', outcome: 'done' });
    expect(result.because).toBe('answers: no answer');
    const step = events.find(({ type }) => type === 'step');
    expect(step.operationId).toBe(result.id);
    const kept = await on(`cat "$FLEET_ROOT/var/lib/fleet/operations/${result.id}/meta"`);
    expect(kept.stdout).toContain('kind\tstart\nvm\tweb1\n');
    expect(await life('web1')).not.toBe(before);
  });

  it('where a deployment is under way nothing is done, in exit code 5, and a console does not wait for a boot', async () => {
    const open = '"$FLEET_ROOT/var/lib/fleet/deployments/20990101-x"';
    await on(`mkdir ${open} && printf 'operator\\tgrace@laptop\\n' >${open}/meta`);
    await on(`: >${open}/begun && : >${open}/locked`);
    const before = await life('web1');
    for (const args of [['start', '--force'], ['stop'], ['restart']]) {
      const { stdout } = await run(5, ...args, 'web1');
      expect(stdout).toMatch(/^web1 {2}locked {2}hv1 is locked by grace@laptop\n.*20990101-x/);
    }
    const { stdout, stderr } = await run(5, 'console', 'web1', '--boot', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'restart', results: [{ outcome: 'locked' }] });
    expect(stderr).toMatch(/^web1 {2}locked {2}/m);
    await on(`rm -r ${open}`);
    expect(await life('web1')).toBe(before);
  });

  it('a stop lasts until the next apply, which says that it starts the guest, and history has all of it', async () => {
    const stopped = await run(0, 'stop', 'web2');
    expect(stopped.stdout).toMatch(/^web2 {2}stopped on hv1 in/m);
    expect(await isActive('web2')).toBe(false);
    expect((await run(0, 'stop', 'web2')).stdout).toBe('web2  is stopped already on hv1\n');
    const plan = await run(0, 'plan');
    expect(plan.stdout).toMatch(/web2 +start[\s\S]*stopped by \S+ with\s+fleet\s+stop/);
    await desk.apply(0);
    expect(await isActive('web2')).toBe(true);
    expect((await on('ls "$FLEET_ROOT/var/lib/fleet/stopped"')).stdout).toBe('');
    const history = await run(0, 'history', 'web2');
    expect(history.stdout).toMatch(/hv1 {2}stop web2 {2}done after \d+ s\n {2}\S+-web2 by \S+\n/);
  });

  it('a stop that is held outlasts apply, until the guest is started', async () => {
    await run(0, 'stop', 'web2', '--hold');
    desk.edit((d) => {
      d.vms.web2.packages = ['htop'];
    });
    const plan = await run(0, 'plan');
    expect(plan.stdout).toMatch(/web2[^\n]*stopped by \S+/);
    await desk.apply(0);
    expect(await isActive('web2')).toBe(false);
    expect((await run(0, 'verify', '--on', 'web2')).stdout).toContain('All');
    await run(0, 'start', 'web2');
    expect(await isActive('web2')).toBe(true);
    const after = await run(0, 'plan');
    expect(after.stdout).not.toContain('stopped by');
  });

  it('a stop of several asks, and without a terminal wants --yes; a name that nobody has is refused; web2 depends on web1', async () => {
    const { stderr } = await run(64, 'stop', 'web*');
    expect(stderr).toContain('--yes');
    expect(await isActive('web1')).toBe(true);
    expect((await run(64, 'start', 'wbe1')).stderr).toContain('wbe1: no hypervisor, vm or tag');
    const stopped = await steps('stop', 'web*', '--yes');
    expect(stopped).toEqual(['stop web2', '✔', 'stop web1', '✔']);
    expect(await isActive('web1')).toBe(false);
    expect(await steps('start', 'web*')).toEqual(['start web1', '✔', 'start web2', '✔']);
    expect(await isActive('web2')).toBe(true);
    expect(await steps('restart', 'web2')).toEqual(['restart web2', '✔']);
  });

  it('while another process has an image of it nothing is done, in exit code 1, and who that is is said', async () => {
    const before = await life('web1');
    const image = '"$FLEET_ROOT/var/lib/microvms/web1/data.img"';
    const folder = '"$FLEET_ROOT/proc/4194399"';
    const record = '"$FLEET_ROOT/var/lib/fleet/deployed/web1"';
    await on(`: >${image} && mkdir -p ${folder}/fd && ln -s ${image} ${folder}/fd/9`);
    await on(`echo qemu-nbd >${folder}/comm`);
    // As if web1 had a volume.
    await on(`cp -p ${record} ${folder} && printf '"image":"data.img"' >>${record}`);
    const { stdout } = await run(1, 'restart', 'web1');
    await on(`mv ${folder}/web1 ${record}; rm -r ${image} ${folder}`);
    expect(stdout.replace(/\s+/g, ' ')).toContain(
      'web1 FAILED data.img of web1 is open in process 4194399 (qemu-nbd), so nothing was done',
    );
    expect(await life('web1')).toBe(before);
  });

  it('a guest that does not become well fails with what was expected and seen, in exit code 1', async () => {
    await on(
      'echo 60 >"$FLEET_ROOT/sandbox/boot-seconds.new"; cp "$FLEET_ROOT/sandbox/boot-seconds" "$FLEET_ROOT/sandbox/boot-seconds.old"; mv "$FLEET_ROOT/sandbox/boot-seconds.new" "$FLEET_ROOT/sandbox/boot-seconds"',
    );
    const { stdout } = await run(1, 'restart', 'web1');
    await on('mv "$FLEET_ROOT/sandbox/boot-seconds.old" "$FLEET_ROOT/sandbox/boot-seconds"');
    expect(stdout).toMatch(/^web1 {2}FAILED {2}web1 is not healthy after 6 s/m);
    expect(stdout).toContain('web1 answers: expected ping, seen no answer');
    await run(0, 'restart', 'web1', '--force');
  });

  it('at a terminal what is under way is shown as for an apply, and the transcript and result stay', async () => {
    const size = { rows: 24, columns: 100 };
    const { code, stderr } = await desk.atTerminal(['restart', 'web*'], {}, size);
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/› hv1: 0 of 2 vms; restart web\d, \d s/);
    expect(stderr).toMatch(/web\d settled: waiting, \d+ s of \d+ s/);
    const end = stderr.slice(stderr.lastIndexOf('\u001b[?25h'));
    expect(end).toMatch(/web1.*restarted on hv1 in [\d.]+ s, healthy/);
    for (const line of ['restart web1: done (', 'web2 healthy: ', 'done'])
      expect(stderr).toMatch(new RegExp(`^\\S*✔\\S* hv1: ${line.replace(/[()]/g, '\\$&')}`, 'm'));
  });

  it('a hypervisor that does not answer costs its own vms only', async () => {
    (world.hosts[1] as (typeof world.hosts)[0]).cutLink();
    const { stdout } = await run(1, 'start', 'web1', 'db1', '--json');
    (world.hosts[1] as (typeof world.hosts)[0]).restoreLink();
    const { results } = JSON.parse(stdout);
    expect(results).toMatchObject([
      { name: 'db1', outcome: 'failed' },
      { name: 'web1', outcome: 'already' },
    ]);
  });

  it('rollback --list says whose generations are missing, why, and what to do', async () => {
    await world.hosts[1]!.cutLink();
    const { stdout, stderr } = await run(1, 'rollback', '--list', '--json');
    const { stderr: ofHistory } = await run(1, 'history');
    await world.hosts[1]!.restoreLink();
    const { unreachable, generations } = JSON.parse(stdout);
    expect(unreachable).toEqual(['hv2']);
    expect(generations.length).toBeGreaterThan(0);
    expect(stderr).toMatch(
      /^hv2.*\n {2}\S[\s\S]*\nhv2 could not be asked: its generations are not among these\.\n$/,
    );
    expect(ofHistory).toContain('hv2 could not be asked: its history is not included.\n');
  });
});
