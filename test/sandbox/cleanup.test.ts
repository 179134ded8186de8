import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { Desk } from '../scenario/desk.ts';
import { smallFleet } from './small-fleet.ts';
import { type SandboxWorld, sandboxWorld } from './world.ts';

describe('fleet cleanup', { timeout: 480_000 }, () => {
  let world: SandboxWorld;
  let desk: Desk;
  const children: ChildProcess[] = [];
  const sh = async (command: string, n = 0) =>
    ((await world.hosts[n]?.exec(`cd "$FLEET_ROOT" && ${command}`))?.stdout ?? '').trim();
  const there = async (path: string) => (await sh(`[ -e ${path} ] && echo yes`)) === 'yes';
  const file = (path: string) => world.hosts[0]!.file(path);
  const cleanup = (...args: string[]) => desk.fleet(['cleanup', ...args]);
  const rows = async (...args: string[]) => {
    const run = await cleanup('--yes', '--json', ...args);
    const [hv1] = JSON.parse(run.stdout).hypervisors.filter(
      ({ hypervisor }: { hypervisor: string }) => hypervisor === 'hv1',
    );
    const ids = (all: { kind: string; id: string }[] = []): string[] =>
      all.map(({ kind, id }) => `${kind} ${id}`).sort((a, b) => (a < b ? -1 : 1));
    return { run, gone: ids(hv1.gone), kept: ids(hv1.kept), left: ids(hv1.notFleets), hv1 };
  };
  /** A process that has this TAP open, outside of every unit. */
  function holder(tap: string): ChildProcess {
    const child = spawn('sleep', ['600'], { stdio: 'ignore' });
    children.push(child);
    const folder = file(`proc/${child.pid}`);
    for (const part of ['fd', 'fdinfo']) mkdirSync(join(folder, part), { recursive: true });
    symlinkSync('/dev/net/tun', join(folder, 'fd/7'));
    writeFileSync(join(folder, 'fdinfo/7'), `pos:\t0\nflags:\t0100002\niff:\t${tap}\n`);
    writeFileSync(join(folder, 'cgroup'), '0::/user.slice/session-3.scope\n');
    writeFileSync(join(folder, 'comm'), 'qemu-system-x86\n');
    writeFileSync(join(folder, 'stat'), `${child.pid} (a) b) S ${'0 '.repeat(18)}4711 0 0\n`);
    return child;
  }
  const anHourAgo = (path: string) => sh(`touch -h -d '2 hours ago' ${path}`);

  beforeAll(async () => {
    world = await sandboxWorld(2);
    const data = smallFleet(world, { deadline: '60s', confirm: '60s' });
    data.networks.old = { subnet: '10.3.0.0/24' };
    data.vms.web9 = {
      on: 'hv1',
      network: 'old',
      address: '10.3.0.2',
      volumes: [{ mount: '/data', size: '1GiB' }],
    };
    data.vms.web8 = { on: 'hv1', network: 'front', address: '10.1.0.8' };
    desk = new Desk(world, 'cleanup', data);
    await desk.open(sandboxLock);
    await desk.apply(0);
    await sh('echo data >var/lib/microvms/web9/data.img');
    desk.edit((d) => {
      delete d.vms.web9;
      delete d.vms.web8;
      delete d.networks.old;
    });
    await desk.apply(0);
  }, 480_000);
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    desk.close();
    await world.stop();
  });

  it('tells of what left with its data, and deletes no data that nobody named', async () => {
    const asked = await desk.atTerminal(['cleanup'], { 'volumes? [y/N]': () => 'n' });
    expect(asked.code).toBe(1);
    expect(asked.stdout).toMatch(/set aside +\S+\/web8 +state of web8, without volumes/);
    expect(asked.stdout).toMatch(/volumes +\S+\/web9 +state of web9[\s\S]*--volumes web9/);
    expect(asked.stdout).toContain('hv2\n  nothing to clean up\n');
    expect(asked.stderr).toContain('Nothing was deleted.');
    expect(await there('var/lib/microvms/.aside/*/web8')).toBe(true);
    expect(await cleanup()).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('[ask.nobody]'),
    });
    expect(await cleanup('--volumes', 'web*', '--yes')).toMatchObject({ code: 64 });
    const none = await cleanup('--volumes', 'web1', '--yes');
    expect(none).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('[cleanup.no-volumes]'),
    });
    expect(none.stderr).toContain('There are some of web9.');
  });

  it('deletes by exact name what nobody owns, and leaves alone what is not fleet’s', async () => {
    const stray = holder('vm-web9');
    const others = holder('vm-alien');
    const ended = new Promise((resolve) => stray.once('exit', (_, signal) => resolve(signal)));
    await sh(
      'ip link add br-old type bridge; ip link add br-alien type bridge; ip link add vm-web8 type tun',
    );
    await sh('ip link add vm-alien type tun; ip link add vm-web9 type tun');
    await sh('mkdir -p nix/var/nix/gcroots/fleet/20990101-x nix/var/nix/gcroots/fleet/20990101-y');
    await anHourAgo('nix/var/nix/gcroots/fleet/20990101-x');
    await sh('mkdir -p var/lib/microvms/alien var/lib/microvms/.aside/20990101-x/alien');
    await sh('mkdir -p var/lib/microvms/.aside/.new-half var/lib/fleet/deployments/20990101-never');
    await anHourAgo('var/lib/microvms/.aside/.new-half var/lib/fleet/deployments/20990101-never');
    const { run, gone, kept, left } = await rows();
    expect(run.code, run.stderr).toBe(0);
    const web8 = gone.find((row) => row.startsWith('aside '));
    expect(gone).toEqual(
      [
        `process ${stray.pid}-4711`,
        ...['bridge br-old', 'tap vm-web8', 'roots 20990101-x', 'unfinished .new-half'],
        ...['deployment 20990101-never', web8],
      ].sort(),
    );
    expect(web8).toMatch(/^aside [\w-]+\/web8$/);
    expect(kept).toEqual([]);
    expect(left).toEqual(['aside 20990101-x/alien', 'vm alien']);
    expect(await ended).toBe('SIGTERM');
    expect(others.signalCode).toBeNull();
    await sh(`rm -r proc/${stray.pid}`);
    for (const path of ['br-alien', 'br-front', 'vm-web1', 'vm-alien'])
      expect(await there(`sys/class/net/${path}`), path).toBe(true);
    for (const path of ['br-old', 'vm-web8'])
      expect(await there(`sys/class/net/${path}`)).toBe(false);
    expect(await there('nix/var/nix/gcroots/fleet/20990101-y')).toBe(true);
    expect(await sh('cat var/lib/microvms/.aside/*/web9/data.img')).toBe('data');
    expect((await desk.fleet(['verify'])).code).toBe(0);
    others.kill('SIGKILL');
    await sh(
      'rm -r var/lib/microvms/alien var/lib/microvms/.aside/20990101-x nix/var/nix/gcroots/fleet/20990101-y',
    );
    await sh('ip link delete br-alien; ip link delete vm-alien; ip link delete vm-web9');
    expect((await rows()).gone).toEqual([]);
  });

  it('takes names of strangers for nothing but names', async () => {
    const hostile = ['vm-$(id)', 'vm-`id`', 'vm-a;b', "vm-'x"];
    for (const name of hostile) mkdirSync(file(`sys/class/net/${name}`));
    mkdirSync(file('var/lib/microvms/.aside/20990101-x'));
    mkdirSync(file('var/lib/microvms/.aside/20990101-x/..x'));
    mkdirSync(file('var/lib/microvms/..x'));
    symlinkSync('/etc', file('var/lib/microvms/.aside/20990101-x/web1'));
    symlinkSync('/etc', file('var/lib/microvms/.aside/.new-link'));
    symlinkSync('/etc', file('nix/var/nix/gcroots/fleet/20990101-link'));
    await anHourAgo('var/lib/microvms/.aside/.new-link nix/var/nix/gcroots/fleet/20990101-link');
    // Nobody reads what is not in the store: it might never end.
    await sh('mkdir -p tmp/x/share/microvm && mkfifo tmp/x/share/microvm/tap-interfaces');
    mkdirSync(file('var/lib/microvms/evil'));
    symlinkSync(file('tmp/x'), file('var/lib/microvms/evil/current'));
    const { run, gone, left } = await rows();
    await sh('rm -r var/lib/microvms/evil');
    expect(run.code, run.stderr).toBe(0);
    expect(gone).toEqual([]);
    expect(left).toEqual(expect.arrayContaining(hostile.map((name) => `tap ${name}`)));
    for (const name of hostile) await sh(`rmdir 'sys/class/net/${name.replaceAll("'", "'\\''")}'`);
    await sh(
      'rm -r var/lib/microvms/.aside/20990101-x var/lib/microvms/..x var/lib/microvms/.aside/.new-link',
    );
    await sh('rm nix/var/nix/gcroots/fleet/20990101-link');
  });

  it('stops where a deployment has begun between list and answer, and goes on elsewhere', async () => {
    await sh('mkdir -p var/lib/fleet/deployments/20990101-never');
    await anHourAgo('var/lib/fleet/deployments/20990101-never');
    const open = 'var/lib/fleet/deployments/20990102-x';
    const { code, stdout } = await desk.atTerminal(['cleanup'], {
      'volumes? [y/N]': () => {
        mkdirSync(file(open));
        writeFileSync(file(`${open}/meta`), 'operator\tgrace@laptop\n');
        writeFileSync(file(`${open}/begun`), '');
        return 'y';
      },
    });
    expect(code).toBe(1);
    expect(stdout.replace(/\s+/g, ' ')).toContain('20990102-x of grace@laptop has not ended');
    expect(await there('var/lib/fleet/deployments/20990101-never')).toBe(true);
    const { run, hv1 } = await rows();
    expect(run.code).toBe(1);
    expect(hv1.error).toMatchObject({ code: 'cleanup.locked' });
    await sh(`rm -r ${open}`);
    // One that is somebody's by the time of the answer stays.
    const taken = await desk.atTerminal(['cleanup'], {
      'volumes? [y/N]': () => {
        writeFileSync(file('var/lib/fleet/deployments/20990101-never/result'), 'done\n');
        return 'y';
      },
    });
    expect(taken.code).toBe(1);
    expect(taken.stdout.replace(/\s+/g, ' ')).toContain('20990101-never stays: by now');
    await sh('rm -r var/lib/fleet/deployments/20990101-never');
  });

  it('refuses what a newer fleet wrote, and so does gc', async () => {
    await sh('cp var/lib/fleet/version old-version && echo 99 >var/lib/fleet/version');
    const { run, hv1 } = await rows();
    expect(run.code).toBe(1);
    expect(hv1.error).toMatchObject({ code: 'preflight.state-newer' });
    const gc = await desk.fleet(['gc', 'hv1', '--yes']);
    expect(gc.code).toBe(1);
    expect(gc.stdout.replace(/\s+/g, ' ')).toContain('update fleet');
    await sh('mv old-version var/lib/fleet/version');
    expect(await sh('cat var/lib/microvms/.aside/*/web9/data.img')).toBe('data');
  });

  it('does not tell of state that the next apply restores', async () => {
    const before = desk.read('fleet.yaml');
    desk.edit((d) => {
      d.vms.web9 = { on: 'hv1', network: 'front', address: '10.1.0.9' };
    });
    const { run, hv1 } = await rows();
    desk.write('fleet.yaml', before);
    expect([run.code, hv1.leftovers]).toEqual([0, []]);
  });

  it('deletes volumes whose name was typed, and what was interrupted with the next', async () => {
    const wrong = await desk.atTerminal(['cleanup', '--volumes', 'web9'], {
      'type its name: ': () => 'web',
    });
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain('The volumes of web9 stay.');
    expect(await sh('cat var/lib/microvms/.aside/*/web9/data.img')).toBe('data');
    // It is interrupted after it was renamed: the second time that this is to be deleted.
    const dies =
      '#!/bin/sh\nfor last; do :; done\ncase "$*" in *.gone-*) [ ! -e "$last" ] || { kill -9 "$PPID"; exit; } ;; esac\nexec /bin/rm "$@"\n';
    const tools = 'sandbox/tools/bin';
    await sh(`printf '%s' '${dies}' >${tools}/rm && chmod +x ${tools}/rm`);
    const cut = await desk.atTerminal(['cleanup', '--volumes', 'web9'], {
      'type its name: ': () => 'web9',
    });
    await sh(`/bin/rm ${tools}/rm`);
    expect(cut.code, cut.stdout + cut.stderr).toBe(1);
    expect(cut.stdout).toMatch(/volumes \S+\/web9 stays/);
    expect(await there('var/lib/microvms/.aside/*/web9')).toBe(false);
    expect(await there('var/lib/fleet/aside/*/web9.aside')).toBe(false);
    expect(await there('var/lib/fleet/profiles/web9')).toBe(false);
    expect(await sh('cat var/lib/microvms/.aside/.gone-*/data.img')).toBe('data');
    // What is half deleted is no vm's any more, and goes with the next.
    const { gone } = await rows();
    expect(gone).toEqual([expect.stringMatching(/^unfinished \.gone-[\w-]+-web9$/)]);
    expect(await sh('ls -A var/lib/microvms/.aside')).toBe('.fleet');
    const { code, stdout } = await desk.fleet(['history']);
    expect([code, stdout.includes('apply')]).toEqual([0, true]);
    expect((await desk.fleet(['verify'])).code).toBe(0);
  });
});
