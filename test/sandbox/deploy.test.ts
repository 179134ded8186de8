import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stage } from './stage.ts';

describe('a deployment by the scripts alone', () => {
  let stage: Stage;
  const invocation = async (name: string) => (await stage.facts()).vms.get(name)?.unit.invocation;
  beforeAll(async () => {
    stage = await Stage.start();
    stage.vms = { db1: {}, web1: {}, web2: {} };
  }, 180_000);
  afterAll(() => stage.stop());

  it('builds, creates, starts, and the guests answer', async () => {
    const built = await stage.deploy();
    const facts = await stage.until((f) => f.answers.get('10.2.0.2') === true, ['10.2.0.2']);
    expect(facts.vms.get('web1')).toMatchObject({
      current: built.get('web1'),
      booted: built.get('web1'),
      declarative: false,
      unit: { active: 'active', sub: 'running' },
      virtiofsd: { active: 'active' },
    });
    expect(facts.interfaces.get('vm-web1')).toMatchObject({ up: true, master: 'br-web1' });
    expect(facts.interfaces.get('br-web1')).toMatchObject({ up: true, addresses: ['10.2.0.1/24'] });
    expect(facts.routes).toContainEqual({
      destination: '10.2.0.0/24',
      device: 'br-web1',
      connected: true,
    });
    expect(facts.currentSystem).toBe(built.get('hv1'));
    expect(facts.systemProfile).toBe(built.get('hv1'));
    expect(await stage.host.exec('test -e "$FLEET_ROOT/run/fleet/seen"')).toMatchObject({
      code: 0,
    });
    expect(facts.checkout).toMatchObject({ branch: 'fleet', dirty: 0 });
  });

  it('restarts a guest whose runner changed, and no other', async () => {
    stage.vms.web1 = { packages: ['curl'] };
    await stage.build('db1', 'web1');
    const before = { db1: await invocation('db1'), web1: await invocation('web1') };
    expect((await stage.update('db1')).stdout).toContain('No reboot of MicroVM db1 required.');
    const { stdout } = await stage.update('web1');
    expect(stdout).toMatch(/curl: ∅ → ε, .*\nRebooting MicroVM web1/);
    expect(await invocation('db1')).toBe(before.db1);
    expect(await invocation('web1')).not.toBe(before.web1);
  });

  it('goes through several names one by one and stops at the first failure', async () => {
    stage.vms = { db1: { vcpu: 2 }, web1: { packages: ['does-not-build'] }, web2: { vcpu: 2 } };
    await expect(stage.build('db1', 'web1', 'web2')).rejects.toThrow('missing.h: No such file');
    const before = { db1: await invocation('db1'), web2: await invocation('web2') };
    const { code } = await stage.host.exec('microvm -Ru db1 web1 web2');
    expect(code).toBe(1);
    expect(await invocation('db1')).not.toBe(before.db1);
    expect(await invocation('web2')).toBe(before.web2);
  });

  it('is left half done by a closure diff that fails', async () => {
    stage.vms = { db1: { vcpu: 3 }, web1: {}, web2: {} };
    const built = await stage.build('db1');
    const before = (await stage.facts()).vms.get('db1');
    rmSync(before?.current as string, { recursive: true });
    expect((await stage.update('db1')).code).toBe(1);
    const after = (await stage.facts()).vms.get('db1');
    expect(after?.current).toBe(built.get('db1'));
    expect(after?.booted).toBe(before?.booted);
    expect(after?.unit.invocation).toBe(before?.unit.invocation);
  });

  it('does not start a stopped vm by a switch', async () => {
    await stage.step('vm-stop', 'web2', '2');
    stage.hypervisor = { packages: ['tmux'] };
    const built = await stage.build('hv1');
    expect(await stage.switchTo(built.get('hv1') as string)).toContain('switched\t0');
    const facts = await stage.facts();
    expect(facts.vms.get('web2')).toMatchObject({
      booted: undefined,
      unit: { active: 'inactive' },
    });
    expect(facts.interfaces.has('vm-web2')).toBe(false);
  });

  it('sets a vm aside with its state and takes it back', async () => {
    const image = join(stage.host.root, 'var/lib/microvms/web2/var.img');
    await stage.host.exec(`echo data >'${image}'`);
    await stage.step('vm-aside', stage.id, 'web2');
    expect((await stage.facts()).vms.has('web2')).toBe(false);
    expect((await stage.facts()).aside.get('web2')).toHaveLength(1);
    await stage.step('vm-return', 'web2');
    await stage.step('vm-start', 'web2');
    const facts = await stage.until((f) => f.answers.get('10.3.0.2') === true, ['10.3.0.2']);
    expect(facts.vms.get('web2')?.unit.active).toBe('active');
    expect(await stage.host.exec(`cat '${image}'`)).toMatchObject({ stdout: 'data\n' });
  });

  it('fails for a vm that is there already, or declarative, or not there at all', async () => {
    const flake = 'git+file://$FLEET_ROOT/var/lib/fleet/repo';
    const again = await stage.host.exec(`microvm -f "${flake}" -c web1`);
    expect(again).toMatchObject({ code: 1, stdout: expect.stringContaining('already exists') });
    await stage.host.exec('ln -s /x "$FLEET_ROOT/var/lib/microvms/web1/toplevel"');
    await stage.host.exec('touch "$FLEET_ROOT/x"');
    await stage.host.exec('ln -sfn "$FLEET_ROOT/x" "$FLEET_ROOT/var/lib/microvms/web1/toplevel"');
    const declarative = await stage.host.exec('microvm -u web1');
    expect(declarative).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('declaratively'),
    });
    expect((await stage.host.exec('systemctl start microvm@nobody')).code).toBe(1);
    expect((await stage.facts()).failedUnits).toEqual(['microvm-set-booted@nobody.service']);
  });
});
