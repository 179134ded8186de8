import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Vm } from '../../src/model/fleet.ts';
import { Stage } from './stage.ts';

const behaves = (...parameters: string[]): Partial<Vm> => ({
  config: { 'boot.kernelParams': parameters },
});

describe('guests that behave as their kernel parameters say', () => {
  let stage: Stage;
  const address = (name: string) => stage.address(name);
  const answers = async (name: string) =>
    (await stage.facts(address(name))).answers.get(address(name));
  beforeAll(async () => {
    stage = await Stage.start();
    stage.vms = {
      dies: behaves('lab.die=1'),
      good: {},
      hangs: behaves('lab.hang-stop'),
      kept: { store: 'disk' },
      mute: behaves('lab.mute'),
      ports: behaves('lab.tcp=5432,6379', 'lab.http=80'),
      wrong: behaves('lab.wrong-tap'),
    };
    await stage.deploy();
    await stage.until((f) => f.answers.get(address('good')) === true, [address('good')]);
  }, 180_000);
  afterAll(() => stage.stop());

  it('lab.mute: runs and never answers', async () => {
    expect((await stage.facts()).vms.get('mute')?.unit.active).toBe('active');
    expect(await answers('mute')).toBe(false);
  });

  it('without shares: has no virtiofsd', async () => {
    const { vms } = await stage.facts();
    const units = (name: string) => [vms.get(name)?.unit.active, vms.get(name)?.virtiofsd.active];
    expect(units('good')).toEqual(['active', 'active']);
    expect(units('kept')).toEqual(['active', 'inactive']);
  });

  it('lab.wrong-tap: another TAP than the hypervisor has a bridge for', async () => {
    const { interfaces } = await stage.facts();
    expect(interfaces.has('vm-wrong')).toBe(false);
    expect(interfaces.get('wrong-wrong')).toMatchObject({ up: true, master: undefined });
    expect(await answers('wrong')).toBe(false);
  });

  it('lab.die: comes back after RestartSec as a new invocation, on `current`', async () => {
    await stage.host.exec('systemctl restart microvm@dies');
    const before = (await stage.facts()).vms.get('dies')?.unit;
    const dead = await stage.until((f) => f.vms.get('dies')?.unit.sub === 'auto-restart');
    expect(dead.vms.get('dies')?.unit).toMatchObject({ active: 'activating' });
    const back = await stage.until((f) => f.vms.get('dies')?.unit.active === 'active', [], 20);
    expect(back.vms.get('dies')?.unit.invocation).not.toBe(before?.invocation);
  }, 180_000);

  it('lab.hang-stop: stops only when it is killed, and has then failed', async () => {
    const stopped = await stage.step('vm-stop', 'hangs', '1');
    expect(stopped).toContain('killed\thangs');
    const facts = await stage.facts();
    expect(facts.vms.get('hangs')).toMatchObject({ booted: undefined, unit: { active: 'failed' } });
    expect(facts.failedUnits).toEqual(['microvm@hangs.service']);
  });

  it('lab.hang-stop: the runner that replaces it starts once the old one is killed', async () => {
    await stage.step('vm-start', 'hangs');
    stage.vms.hangs = {};
    const built = await stage.build('hangs');
    const { code, stderr } = await stage.update('hangs', '1');
    expect({ code, killed: stderr.includes('killed\thangs') }).toEqual({ code: 0, killed: true });
    const facts = await stage.facts();
    expect(facts.vms.get('hangs')).toMatchObject({
      booted: built.get('hangs'),
      unit: { active: 'active' },
    });
    expect(facts.failedUnits).toEqual([]);
  });

  it('lab.tcp and lab.http: ports that answer through the ssh connection', async () => {
    await stage.until((f) => f.answers.get(address('ports')) === true, [address('ports')]);
    const host = await stage.connect();
    (await host.connectTcp(address('ports'), 6379, 1000)).destroy();
    const http = await host.connectTcp(address('ports'), 80, 1000);
    http.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await text(http)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    await expect(host.connectTcp(address('ports'), 23, 1000)).rejects.toThrow();
    await expect(host.connectTcp(address('good'), 80, 1000)).rejects.toThrow();
  });

  it('answers no more once its TAP left the bridge, and again when it is back', async () => {
    await stage.host.exec('ip link set vm-good nomaster');
    expect(await answers('good')).toBe(false);
    await stage.step('vm-join', 'vm-good', 'br-good');
    expect(await answers('good')).toBe(true);
  });

  it('answers no more without its bridge, which networkd makes anew only when it starts', async () => {
    await stage.step('bridges', stage.id, 'br-good');
    expect(await answers('good')).toBe(false);
    const system = (await stage.facts()).currentSystem as string;
    await stage.host.exec(`${system}/bin/switch-to-configuration test`);
    expect((await stage.facts()).interfaces.has('br-good')).toBe(false);
    await stage.host.exec('systemctl restart systemd-networkd');
    await stage.until((f) => f.answers.get(address('good')) === true, [address('good')]);
  });
});
