import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Stage } from './stage.ts';

describe('a hypervisor whose own tools fail for a while', () => {
  let stage: Stage;
  let first: ReadonlyMap<string, string>;
  /** TOOL fails when the shell's WHEN is true of what it is asked, for as many times as the file `fails` says. */
  const wrap = (tool: string, when: string) =>
    stage.host.exec(`cd "$FLEET_ROOT/sandbox/tools/bin"
      [ ! -e ${tool} ] || mv ${tool} ${tool}.real
      real=$PWD/${tool}.real; [ -e "$real" ] || real=$(command -v ${tool})
      cat >${tool} <<END
#!/bin/sh
left=0
[ ! -s "$FLEET_ROOT/fails" ] || read -r left <"$FLEET_ROOT/fails"
if [ "\\$left" -gt 0 ] && ${when}; then
  echo \\$((left - 1)) >"$FLEET_ROOT/fails"
  echo "${tool} fails" >&2
  exit 1
fi
exec $real "\\$@"
END
      chmod +x ${tool}`);
  const fail = (times: number) => stage.host.exec(`echo ${times} >"$FLEET_ROOT/fails"`);
  const systemctl = () =>
    wrap('systemctl', String.raw`case "\$*" in list-units*microvm*) true ;; *) false ;; esac`);
  const invocation = async (name: string) =>
    (await stage.facts()).vms.get(name)?.unit.invocation as string;
  const folders = async () =>
    (await stage.host.exec('ls "$FLEET_ROOT/var/lib/fleet/deployments"')).stdout;

  beforeEach(async () => {
    stage = await Stage.start();
    stage.vms = { db1: {}, web1: {} };
    first = await stage.deploy();
    await stage.finish(first);
  }, 360_000);
  afterEach(() => stage.stop());

  it('is not deployed to while systemd does not say which guests run: none is taken for stopped', async () => {
    await systemctl();
    await fail(1000);
    const { code, stderr } = await stage.begin();
    expect(code).toBe(70);
    expect(stderr).toMatch(/fleet-error\tbegin.no-units\t/);
    expect(await folders()).not.toContain(stage.id);
    expect((await stage.facts()).lock).toBeUndefined();
  }, 180_000);

  it('remembers which guests had been up when a deployment began, and for how long', async () => {
    await stage.begin();
    const { stdout } = await stage.call('resume', stage.id, 'eve@laptop');
    expect(stdout).toMatch(/^up\tdb1\t\d+$/m);
    expect(stdout).toMatch(/^up\tweb1\t\d+$/m);
  }, 180_000);

  it('waits on its way back until systemd says which guests run, and leaves the healthy one alone', async () => {
    await stage.begin();
    stage.vms.web1 = { packages: ['curl'] };
    await stage.build('web1');
    await stage.update('web1');
    const before = await invocation('db1');
    await systemctl();
    await fail(2);
    expect(await stage.back()).toBe('changed\nback\tno 0\nput-back\tweb1\n');
    const facts = await stage.until((f) => f.vms.get('web1')?.unit.active === 'active');
    const former = first.get('web1');
    expect(facts.vms.get('web1')).toMatchObject({ current: former, booted: former });
    expect(await invocation('db1')).toBe(before);
  }, 180_000);

  it('is not deployed to when it cannot keep what it has from being collected', async () => {
    await wrap('ln', String.raw`case "\$*" in *gcroots/fleet/*web1) true ;; *) false ;; esac`);
    await fail(1);
    const { code, stderr } = await stage.begin();
    expect(code).toBe(70);
    expect(stderr).toMatch(/fleet-error\tpreflight.no-space\tcannot write to \/nix\/var/);
    expect(await folders()).not.toContain(stage.id);
    expect((await stage.begin()).code).toBe(0);
  }, 180_000);

  it('leaves a guest that runs from what is gone from the store to itself', async () => {
    await stage.host.exec(`rm -rf "$FLEET_ROOT${first.get('db1')?.replace(stage.host.root, '')}"`);
    const { stdout } = await stage.host.exec('readlink "$FLEET_ROOT/var/lib/microvms/db1/current"');
    const before = await invocation('db1');
    await stage.begin();
    stage.vms.web1 = { packages: ['curl'] };
    await stage.build('web1');
    await stage.update('web1');
    expect(await stage.back()).toBe('changed\nback\tno 0\nput-back\tweb1\n');
    expect(await invocation('db1')).toBe(before);
    expect(
      (await stage.host.exec('readlink "$FLEET_ROOT/var/lib/microvms/db1/current"')).stdout,
    ).toBe(stdout);
  }, 180_000);
});
