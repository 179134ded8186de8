import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeKeyPair } from '../../src/sandbox/keys.ts';
import { Stage } from './stage.ts';

const run = promisify(execFile);

describe('a hypervisor that fleet has never touched', () => {
  let stage: Stage;
  const ssh = (...words: string[]) =>
    run('ssh', ['-F', join(stage.world.home, '.ssh/config'), '-o', 'BatchMode=yes', ...words]);
  beforeAll(async () => {
    stage = await Stage.start();
  }, 60_000);
  afterAll(() => stage.stop());

  it('has a system, an uplink and nothing else', async () => {
    const facts = await stage.facts('10.1.0.2', '192.0.2.2');
    expect(facts.currentSystem).toMatch(/\/nix\/store\/\w{32}-nixos-system-hv1-25\.11$/);
    expect(facts).toMatchObject({
      machine: stage.host.system.split('-')[0],
      bootedSystem: facts.currentSystem,
      systemProfile: facts.currentSystem,
      clientAddress: '127.0.0.1',
      rebootFor: [],
      missingTools: [],
      lock: undefined,
      checkout: undefined,
      failedUnits: [],
    });
    expect(facts.bootId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(facts.vms.size).toBe(0);
    expect([...facts.interfaces.keys()]).toEqual(['lo', 'enp1s0']);
    expect(facts.routes.map((route) => route.destination)).toEqual(['default', '192.0.2.0/24']);
    expect(Object.fromEntries(facts.answers)).toEqual({ '10.1.0.2': false, '192.0.2.2': true });
  });

  it('lets OpenSSH in with the key and the config of its home', async () => {
    const { stdout } = await ssh('hv1', 'echo "$USER"; uname -m; exit 0');
    expect(stdout).toBe(`root\n${stage.host.system.split('-')[0]}\n`);
  });

  it('passes on exit status and standard input', async () => {
    const child = ssh('hv1', 'cat; exit 7');
    child.child.stdin?.end('in and out');
    await expect(child).rejects.toMatchObject({ code: 7, stdout: 'in and out' });
  });

  it('lets nobody else in', async () => {
    const other = join(stage.world.dir, 'other');
    stage.write('../other', makeKeyPair().private);
    await run('chmod', ['600', other]);
    const options = ['-o', `IdentityFile=${other}`, '-F', 'none', '-p', String(stage.host.port)];
    const known = `UserKnownHostsFile=${join(stage.world.home, '.ssh/known_hosts')}`;
    await expect(
      run('ssh', [...options, '-o', known, '-o', 'BatchMode=yes', 'root@127.0.0.1', 'true']),
    ).rejects.toMatchObject({ stderr: expect.stringContaining('Permission denied') });
    await expect(ssh('-l', 'ops', 'hv1', 'true')).rejects.toMatchObject({
      stderr: expect.stringContaining('Permission denied'),
    });
  });
});
