import { execFile } from 'node:child_process';
import { lutimesSync, mkdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readHealth } from '../../src/host/hypervisor/look.ts';
import { makeKeyPair } from '../../src/sandbox/keys.ts';
import { Stage } from './stage.ts';

const run = promisify(execFile);

describe('a hypervisor that fleet has never touched', () => {
  let stage: Stage;
  const ssh = (...words: string[]) =>
    run('ssh', ['-F', join(stage.world.home, '.ssh/config'), '-o', 'BatchMode=yes', ...words]);
  beforeAll(async () => {
    stage = await Stage.start();
  }, 180_000);
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
      memory: { totalKiB: 32_768_000, availableKiB: 24_576_000 },
      processors: 8,
      writers: [],
      collecting: false,
    });
    expect([...facts.freeKiB.keys()]).toEqual([
      '/nix/store',
      '/var/lib/fleet',
      '/var/lib/microvms',
      '/boot',
    ]);
    for (const [disk, free] of facts.freeKiB) expect(free, disk).toBeGreaterThan(0);
    for (const time of [facts.now, facts.currentSystemSince, facts.systemProfileSince])
      expect(Math.abs((time as number) - Date.now() / 1000)).toBeLessThan(120);
    expect(facts.bootId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(facts.vms.size).toBe(0);
    expect([...facts.interfaces.keys()]).toEqual(['lo', 'enp1s0']);
    expect(facts.routes.map((route) => route.destination)).toEqual(['default', '192.0.2.0/24']);
    expect(Object.fromEntries(facts.answers)).toEqual({ '10.1.0.2': false, '192.0.2.2': true });
  });

  it('shows who else is at work on it, by units and by what the kernel calls programs', async () => {
    const { host } = stage;
    const unit = (name: string, active: string) =>
      writeFileSync(join(host.root, 'sandbox/units', name), `active=${active}\nsub=x\n`);
    const process = (number: number, name: string) => {
      mkdirSync(join(host.root, 'proc', String(number)));
      writeFileSync(join(host.root, 'proc', String(number), 'comm'), `${name}\n`);
    };
    unit('comin.service', 'active');
    unit('nixos-upgrade.timer', 'active');
    unit('nixos-upgrade.service', 'activating');
    ['systemd', '.nixos-rebuild-', 'microvm-run', 'nix-collect-gar', 'switch-to-confi'].forEach(
      (name, n) => {
        process(100 + n, name);
      },
    );
    const facts = await stage.facts();
    expect(facts.writers.map((w) => `${w.name} ${w.kind}`)).toEqual([
      'nixos-upgrade.timer installed',
      'comin.service installed',
      'nixos-upgrade.service running',
      'nixos-rebuild running',
      'switch-to-configuration running',
    ]);
    expect(facts.collecting).toBe(true);
    await host.exec('rm -r "$FLEET_ROOT"/proc/1?? "$FLEET_ROOT"/sandbox/units/*');
    expect(await stage.facts()).toMatchObject({ writers: [], collecting: false });
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

describe('a vm that fleet deployed', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.start();
    stage.vms = { web1: {} };
    await stage.finish(await stage.deploy());
  }, 180_000);
  afterAll(() => stage.stop());

  it('is in the store, with a root, and tells when its current was made', async () => {
    const facts = await stage.facts();
    expect([...facts.deployed.keys()]).toEqual(['system.', 'web1']);
    expect([facts.gone.size, facts.unrooted.size]).toEqual([0, 0]);
    const since = facts.vms.get('web1')?.currentSince as number;
    expect(facts.now - since).toBeGreaterThanOrEqual(0);
    expect(facts.now - since).toBeLessThan(120);
  });

  it('is told by health as by facts', async () => {
    const address = stage.address('web1');
    const { bootId, currentSystem, interfaces, answers, vms } = await stage.until(
      (facts) => facts.answers.get(address) === true,
      [address],
    );
    const web1 = vms.get('web1');
    expect(web1?.unit.active).toBe('active');
    const health = await readHealth(await stage.connect(), [address]);
    expect(health).toMatchObject({ bootId, currentSystem, interfaces, answers });
    const { current, booted, unit } = health.vms.get('web1') ?? {};
    expect([current, booted, unit?.invocation]).toEqual([
      web1?.current,
      web1?.booted,
      web1?.unit.invocation,
    ]);
  });

  it('that somebody built another runner for keeps the time of that', async () => {
    const link = join(stage.host.root, 'var/lib/microvms/web1/current');
    const current = readlinkSync(link);
    await stage.host.exec(`ln -sfn "$FLEET_ROOT/nix/store" '${link}'`);
    lutimesSync(link, 1_750_000_000, 1_750_000_000);
    const seen = (await stage.facts()).vms.get('web1');
    expect(seen).toMatchObject({ booted: current, currentSince: 1_750_000_000 });
    expect(seen?.current).not.toBe(current);
    await stage.host.exec(`ln -sfn '${current}' '${link}'`);
  });

  it('is seen to have lost its root, and then its generation', async () => {
    await stage.host.exec('rm "$FLEET_ROOT/nix/var/nix/gcroots/fleet/deployed-web1"');
    const loose = await stage.facts();
    expect([[...loose.unrooted], [...loose.gone]]).toEqual([['web1'], []]);
    rmSync(loose.deployed.get('web1')?.path as string, { recursive: true });
    expect([...(await stage.facts()).gone]).toEqual(['web1']);
  });
});
