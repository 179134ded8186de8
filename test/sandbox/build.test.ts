import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { Desk } from '../scenario/desk.ts';
import { smallFleet } from './small-fleet.ts';
import { type SandboxWorld, sandboxWorld } from './world.ts';

describe('fleet build', { timeout: 180_000 }, () => {
  let world: SandboxWorld;
  let desk: Desk;
  beforeAll(async () => {
    world = await sandboxWorld(2);
    desk = new Desk(world, 'build', smallFleet(world));
    await desk.open(sandboxLock);
  }, 180_000);
  afterAll(async () => {
    desk.close();
    await world.stop();
  });

  /** All that a build must leave as it was: roots that lead nowhere keep nothing. */
  const standing = async () => {
    const seen = world.hosts.map(async (host) => {
      const look =
        'cd "$FLEET_ROOT" && find var nix/var tmp -name "_*" -xtype l -prune -o -print; ls sandbox/units';
      return (await host.exec(look)).stdout;
    });
    const clone = ['status', '--porcelain', '--untracked-files=all'];
    return [
      ...(await Promise.all(seen)),
      await desk.git(...clone),
      await desk.git('for-each-ref'),
    ].join('\n');
  };
  const lineOf = (text: string) =>
    desk
      .read('fleet.yaml')
      .split('\n')
      .findIndex((line) => line.includes(text)) + 1;
  const build = (...args: string[]) => desk.fleet(['build', '--at', 'hypervisor', ...args]);

  it('names a misspelt package with its line in fleet.yaml, and touches nothing', async () => {
    desk.edit((d) => {
      d.vms.web2.packages = ['no-such-editor'];
    });
    const before = await standing();
    const run = await build();
    expect(run.code, run.stderr).toBe(1);
    const line = lineOf('no-such-editor');
    expect(run.stdout).toContain(
      `fleet.yaml:${line}:9 error build.no-package web2: nixpkgs has no package`,
    );
    expect(run.stdout).toContain(`> ${line} |       - no-such-editor\n`);
    expect(run.stdout).toContain(
      'web2  does not build on hv1: nixosConfigurations.web2.config.microvm.declaredRunner\n',
    );
    expect(run.stdout).toContain("    |        error: attribute 'no-such-editor' missing\n");
    expect(run.stdout.trimEnd().split('\n').at(-1)).toBe('1 of 5 machines does not build.');
    // What is being done is told while it is done.
    expect(run.stderr).toContain('hv1: build 3 machines\n');
    expect(run.stderr).toMatch(/hv2: build 2 machines: done /);
    expect(await standing()).toBe(before);
  });

  it('tells programs which machine failed where, and what the others became', async () => {
    desk.edit((d) => {
      d.vms.web2.packages = ['does-not-build'];
    });
    await world.hosts[1]?.cutLink();
    const { code, stdout } = await build('--json');
    await world.hosts[1]?.restoreLink();
    expect(code).toBe(1);
    const { machines, diagnostics, ...document } = JSON.parse(stdout);
    expect(document).toEqual({ kind: 'build', version: 1, ok: false });
    const of = (name: string) =>
      machines.find((machine: { readonly name: string }) => machine.name === name);
    expect(of('web1').path).toMatch(/\/nix\/store\/\w+-microvm-qemu-web1$/);
    expect(of('web2').failure).toMatchObject({ code: 'build.failed', blames: 'commit' });
    expect(of('web2').failure.detail).toContain('fatal error: missing.h');
    expect(of('db1').failure.code).toMatch(/^ssh\./);
    expect(diagnostics).toEqual([
      expect.objectContaining({
        ...{ code: 'build.failed', severity: 'error', file: 'fleet.yaml' },
        ...{ line: lineOf('does-not-build'), path: 'vms.web2.packages[0]' },
      }),
    ]);
  });

  it('builds what is selected, and with a plan what that would build', async () => {
    const some = await build('web1,hv2');
    expect(some.code, some.stdout + some.stderr).toBe(0);
    expect(some.stdout).toBe('3 machines build on hv1, on hv2. Nothing that runs was touched.\n');

    const plan = await desk.fleet([
      'plan',
      '--build',
      '--at',
      'hypervisor',
      '--on',
      'hv1',
      '--json',
    ]);
    expect(plan.code, plan.stderr).toBe(1);
    const { kind, build: built } = JSON.parse(plan.stdout);
    expect(kind).toBe('plan');
    expect(built.machines.map((machine: { readonly name: string }) => machine.name)).toEqual([
      'hv1',
      'web1',
      'web2',
    ]);
    expect(built.ok).toBe(false);
  });
});
