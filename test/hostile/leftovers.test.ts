import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { script } from '../../src/host/scripts.ts';
import { isRoot, KvmWorld, runner } from './kvm-world.ts';

const id = '20260101-000000-aaaa';

/** What deletes, or reads as root, where group kvm and whoever may use Nix have put something in the way. */
describe.skipIf(!isRoot)('what deletes things that nobody needs', () => {
  let world: KvmWorld;
  beforeEach(() => {
    world = new KvmWorld();
  });
  afterEach(() => world.remove());
  const look = () => world.run('cleanup', 'look').stdout;
  const generation = () => readdirSync(world.path('lib/fleet/profiles')).length > 0;
  /** As at the end of a deployment; gc.sh has what prunes in front of it. */
  const prune = () => {
    const text = script('gc').split('\n# gc.sh ')[0];
    expect(world.sh(`{ ${text}\nprune\n}`)).toMatchObject({ code: 0, stderr: '' });
  };
  const store = (name: string) => {
    mkdirSync(world.path('nix/store', name, 'share/microvm'), { recursive: true });
    return world.path('nix/store', name, 'share/microvm');
  };

  describe('and a vm that is set aside', () => {
    beforeEach(() => {
      world.vm('old');
      expect(world.run('vm-aside', id, 'old')).toMatchObject({ code: 0, stderr: '' });
      mkdirSync(world.path('lib/fleet/profiles'));
      symlinkSync(runner, world.path('lib/fleet/profiles/old-1-link'));
      symlinkSync('old-1-link', world.path('lib/fleet/profiles/old'));
      const record = world.path(`lib/fleet/aside/${id}/old.aside`);
      execFileSync('touch', ['-d', '2 hours ago', record]);
    });

    it.each([
      ['nothing', 'mv .aside hidden'],
      ['a folder', 'mv .aside hidden; mkdir .aside; chmod 777 .aside'],
      ['a link', 'mv .aside hidden; ln -s ../fleet .aside'],
      ["a vm's folder that root had left to itself", 'mv .aside hidden; mv half .aside'],
    ])('forget nothing of it where %s is in the place of .aside', (_, text) => {
      mkdirSync(world.vms('half'));
      chmodSync(world.vms('half'), 0o755);
      world.evil(text);
      expect(look()).not.toMatch(/^thing\t(vm|record)\t/m);
      prune();
      expect(generation()).toBe(true);
    });

    it('forget nothing of it where fleet has made another .aside since', () => {
      world.evil('mv .aside .hidden');
      world.vm('web');
      expect(world.run('vm-aside', '20260102-000000-bbbb', 'web')).toMatchObject({ code: 0 });
      expect(look()).not.toMatch(/^thing\t(vm|record)\t/m);
      prune();
      expect(generation()).toBe(true);
    });

    it('forget it once root has deleted its state, whatever else is called so', () => {
      world.evil('mkdir decoy; : >decoy/.fleet; : >.fleet; ln -s .aside link');
      expect(look()).not.toMatch(/^thing\tvm\t/m);
      rmSync(world.vms('.aside', id), { recursive: true });
      expect(look()).toMatch(/^thing\tvm\told\t/m);
      prune();
      expect(generation()).toBe(false);
    });

    it('take its state for data where nobody can look into it', () => {
      const state = `${id}/old`;
      expect(look()).toContain(`thing\taside\t${state}\t`);
      world.tool('bin/find', 'exit 1');
      expect(look()).toContain(`thing\tvolumes\t${state}\t`);
      const before = 'mount -t tmpfs none /run && printf "aside\\t%s\\n"';
      const end = world.sh(`${before} ${state} | { ${script('cleanup')}\n}`, 'delete');
      expect(end).toMatchObject({ code: 0, stdout: '' });
      expect(existsSync(world.vms('.aside', state))).toBe(true);
    });
  });

  it('leaves what is mounted in what was interrupted', () => {
    mkdirSync(world.vms('.aside/.gone-1-web/disk'), { recursive: true });
    chmodSync(world.vms('.aside'), 0o700);
    const disk = '/var/lib/microvms/.aside/.gone-1-web/disk';
    const mounted = `mount -t tmpfs none /run && mount -t tmpfs none ${disk} && echo there >${disk}/db`;
    const { stdout, stderr } = world.sh(
      `${mounted} && printf 'unfinished\\t.gone-1-web\\n' | ( ${script('cleanup')}\n) && cat ${disk}/db`,
      'delete',
    );
    expect([stdout, stderr]).toEqual([
      'kept\tunfinished\t.gone-1-web\tsomething is mounted in it\nthere\n',
      '',
    ]);
  });

  it('takes no generation that was not shown, and none that was shown with another path', () => {
    const link = (n: number) => world.path(`lib/fleet/profiles/web-${n}-link`);
    mkdirSync(world.path('lib/fleet/profiles'));
    symlinkSync('web-4-link', world.path('lib/fleet/profiles/web'));
    for (const n of [1, 2, 3, 4]) {
      store(`${n}-runner`);
      symlinkSync(`/nix/store/${n}-runner`, link(n));
    }
    world.tool('bin/nix-collect-garbage', 'true');
    const shown = ['web\t1\t/nix/store/1-runner', 'web\t2\t/nix/store/1-runner'].join('\n');
    world.write('lib/shown', shown);
    const end = world.sh(
      `mount -t tmpfs none /run && { ${script('gc')}\n} </var/lib/shown`,
      ...['collect', '0', '0'],
    );
    expect(end).toMatchObject({ code: 0, stderr: '' });
    expect(end.stdout).toMatch(/^old\tweb\t1\t\d+\t\/nix\/store\/1-runner\nfreed\t/);
    expect(readdirSync(world.path('lib/fleet/profiles')).sort()).toEqual([
      ...['web', 'web-2-link', 'web-3-link', 'web-4-link'],
    ]);
  });

  it.each([
    ['to what has no end', '/dev/urandom'],
    ['to a pipe', '/var/lib/pipe'],
    ['to what others must not read', '/var/lib/secret'],
  ])('reads no runner that leads %s', (_, to) => {
    execFileSync('mkfifo', [world.path('lib/pipe')]);
    world.write('lib/secret', 'the secret\n');
    for (const file of ['tap-interfaces', 'hypervisor', 'vsock-cid'])
      symlinkSync(to, `${store('evil')}/${file}`);
    for (const name of ['web', 'Web_1']) {
      world.vm(name);
      world.evil(`ln -s /nix/store/evil ${name}/current; mkfifo ${name}/flake`);
    }
    mkdirSync(world.path('lib/fleet/profiles'));
    symlinkSync('/nix/store/evil', world.path('lib/fleet/profiles/web-1-link'));
    const found = world.run('runners');
    expect(found).toMatchObject({ code: 0, stdout: expect.stringMatching(/^vm\tweb$/m) });
    const generations = world.run('generations');
    const cleanup = world.run('cleanup', 'look');
    for (const { code, stdout, stderr } of [found, generations, cleanup]) {
      expect(code, stderr).toBe(0);
      expect(stdout).not.toContain('secret');
      expect(stdout.length).toBeLessThan(10_000);
    }
  });

  it('keeps no more of the store than there are generations, wherever a vm says it starts', () => {
    for (const name of ['b-runner', 'c-runner', 'd-runner']) store(name);
    const starts = [
      '/nix/store/*',
      '/nix/store/?-runner',
      '/nix/store/b-runner /nix/store/c-runner',
      '/nix/store/b-runner\n/nix/store/c-runner',
      '/nix/store/b-runner/share',
      '/nix/store/.',
      '/nix/store',
      '/nix/store/d-runner',
    ];
    mkdirSync(world.path('lib/fleet/profiles'));
    for (const [n, start] of starts.entries()) {
      world.vm(`web${n}`);
      symlinkSync(start, world.vms(`web${n}`, 'current'));
      symlinkSync(`web${n}-1-link`, world.path(`lib/fleet/profiles/web${n}`));
    }
    world.write('lib/fleet/healthy/web0', `${runner}\n`);
    const roots = '/nix/var/nix/gcroots/fleet/gc';
    world.tool('bin/nix-collect-garbage', `readlink ${roots}/* >/var/lib/roots`);
    const end = world.sh(
      `mount -t tmpfs none /run && { ${script('gc')}\n}`,
      ...['collect', '0', '0'],
    );
    expect(end).toMatchObject({ code: 0, stderr: '' });
    const kept = readFileSync(world.path('lib/roots'), 'utf8').trim().split('\n').sort();
    // A link in two lines is two: each is one that a vm may name by itself.
    expect(kept).toEqual([
      runner,
      '/nix/store/b-runner',
      '/nix/store/c-runner',
      '/nix/store/d-runner',
    ]);
  });
});
