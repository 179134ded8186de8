import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { probe } from '../../src/deploy/probes.ts';
import type { Check, Vm } from '../../src/model/fleet.ts';
import { Stage } from './stage.ts';

const checks: readonly Check[] = [{ kind: 'run', command: 'true' }];
const behaves = (...parameters: string[]): Partial<Vm> => ({
  checks,
  config: { 'boot.kernelParams': parameters },
});

describe('run checks', () => {
  let stage: Stage;
  const seen = async (name: string) => {
    const host = await stage.connect();
    return (await probe(host, name, stage.address(name), checks))[0]?.seen;
  };
  beforeAll(async () => {
    stage = await Stage.start();
    stage.vms = {
      disk: { checks, store: 'disk' },
      fails: behaves('lab.run=3'),
      mute: behaves('lab.mute'),
      other: {},
      well: { checks },
    };
    await stage.deploy();
    for (const name of ['disk', 'fails', 'other', 'well']) {
      await stage.until((f) => f.answers.get(stage.address(name)) === true, [stage.address(name)]);
    }
  }, 180_000);
  afterAll(() => stage.stop());

  it('log in with keys that the hypervisor made before the guest started', async () => {
    expect(await seen('well')).toBe('exit 0');
    expect(await seen('disk')).toBe('exit 0');
  });

  it('say how a command ended', async () => {
    expect(await seen('fails')).toBe('exit 3: lab.run=3');
  });

  it('say of a guest that does not answer that ssh failed', async () => {
    expect(await seen('mute')).toMatch(/^ssh failed: .*timed out$/);
  });

  it('give keys to no guest that has none', async () => {
    expect(await seen('other')).toMatch(/^there is no .*other/);
    const { stdout } = await stage.host.exec('ls "$FLEET_ROOT/var/lib/fleet/guest-keys"');
    expect(stdout).not.toContain('other');
  });

  it('keep the key of a guest over its restarts', async () => {
    const key = 'cat "$FLEET_ROOT/var/lib/fleet/guest-keys/well/ssh_host_ecdsa_key.pub"';
    const before = await stage.host.exec(key);
    await stage.host.exec('systemctl restart microvm@well');
    expect(await stage.host.exec(key)).toEqual(before);
  });
});
