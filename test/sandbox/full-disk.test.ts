import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stepScript } from '../../src/host/scripts.ts';
import { Stage } from './stage.ts';

const sh = (text: string): string => execFileSync('sh', ['-euc', text], { encoding: 'utf8' });
/** Loop devices and ext4 are root's, and Linux's. */
const canMount = (): boolean => {
  try {
    sh('[ "$(id -u)" = 0 ] && command -v mkfs.ext4 >/dev/null && [ -e /dev/loop-control ]');
    return true;
  } catch {
    return false;
  }
};

describe.skipIf(!canMount())('a hypervisor on ext4, whose last blocks are root’s', () => {
  let stage: Stage;
  let lib: string;
  const free = () => Number(sh(`df -Pk ${lib} | awk 'NR == 2 { print $4 }'`));
  /** Not a block is left, not even for root. */
  const fill = () =>
    sh(`dd if=/dev/zero of=${lib}/ballast bs=4k 2>/dev/null || true
      dd if=/dev/zero of=${lib}/ballast2 bs=1 count=4k 2>/dev/null || true; sync`);
  const makeRoom = () => sh(`rm -f ${lib}/ballast ${lib}/ballast2; sync`);
  const rollback = () => {
    const machine = stage.host.system.split('-')[0] as string;
    const who = [stage.id, 'me@desk', 'rollback', 'example', machine, '1024', '600', '2'];
    const args = [...who, '/var/lib/fleet/repo', 'web'];
    return stage.callWith(stepScript('way-back'), 'begin', ...args);
  };

  beforeAll(async () => {
    stage = await Stage.start();
    lib = join(stage.host.root, 'var/lib');
    const image = join(stage.world.dir, 'disk');
    sh(`dd if=/dev/zero of=${image} bs=1M count=0 seek=160 2>/dev/null; mkfs.ext4 -q -m 5 -N 4096 ${image}
      mkdir ${lib}.was && cp -a ${lib}/. ${lib}.was; mount -o loop ${image} ${lib}; cp -a ${lib}.was/. ${lib}`);
    stage.vms = { web: {} };
    await stage.finish(await stage.deploy());
  }, 360_000);
  afterAll(async () => {
    if (lib) sh(`umount -l ${lib}`);
    await stage?.stop();
  });

  it('that gets full in mid-deployment is as it was before, and says why', async () => {
    const runner = (await stage.facts()).vms.get('web')?.current;
    stage.vms = { web: { packages: ['htop'] } };
    expect((await stage.begin()).code).toBe(0);
    await stage.build('hv1', 'web');
    fill();
    expect(free()).toBe(0);
    const { stderr } = await stage.update('web');
    expect(stderr).toMatch(
      /fleet-error\tstep.no-space\tthe disk of \S+ is full, step vm-update \w.*nix-collect-garbage/,
    );
    const answer = await stage.back();
    expect(answer).not.toContain('not-back');
    const facts = await stage.until((f) => f.vms.get('web')?.unit.active === 'active');
    expect(facts.vms.get('web')).toMatchObject({ current: runner, booted: runner });
    await stage.call('end', stage.id, 'rolled-back');
    expect(await stage.result()).toBe('rolled-back');
    expect((await stage.facts()).lock).toBeUndefined();
  }, 180_000);

  it('can be rolled back all the same: there is room that is kept for that', async () => {
    stage.next();
    const apply = await stage.begin();
    expect(apply.code).toBe(70);
    expect(apply.stderr).toMatch(/fleet-error\tpreflight.no-space\tthe disk of \S+ is full/);
    const begun = await rollback();
    expect(begun, begun.stderr).toMatchObject({ code: 0 });
    const runner = (await stage.facts()).vms.get('web')?.current as string;
    const set = await stage.tryStep('vm-set', 'web', runner, '2', 'run');
    expect(set, set.stderr).toMatchObject({ code: 0 });
    await stage.call('end', stage.id, 'done');
    expect(await stage.result()).toBe('done');
  }, 180_000);

  it('says in words what to do when not even that is left, and keeps nothing of what it began', async () => {
    stage.next();
    fill();
    const { code, stdout, stderr } = await rollback();
    expect(code).toBe(70);
    expect(stdout + stderr).toMatch(
      /^fleet-error\tpreflight.no-space\tthe disk of (\S+) is full, and 2 MiB are needed in \/var\/lib\/fleet: make room on it with nix-collect-garbage or [^\n]*, or see what fills it: du -xh \1 [^\n]*\n$/,
    );
    expect(sh(`ls ${lib}/fleet/deployments`)).not.toContain(stage.id);
    makeRoom();
    expect((await rollback()).code).toBe(0);
    await stage.call('end', stage.id, 'done');
    // With room again it is kept again.
    expect(sh(`stat -c %s ${lib}/fleet/reserve`)).toBe(`${4096 * 1024}\n`);
  }, 180_000);

  it('that can take no other file says so, at whichever file it is', async () => {
    stage.next();
    const begun = await stage.begin();
    expect(begun, begun.stderr).toMatchObject({ code: 0 });
    const folder = `${lib}/fleet/deployments/${stage.id}`;
    const many = `${lib}/many`;
    sh(`mkdir ${many}; cd ${many}; seq 5000 | xargs touch 2>/dev/null || true`);
    let failed = 0;
    for (let room = 0; room < 20; room++) {
      // Room for so many more files.
      sh(`rm -f ${folder}/changing ${folder}/steps/*; sync
        cd ${many}; seq ${room}000 ${room}060 | sed s/^/more/ | xargs touch 2>/dev/null || true
        ls -U | head -n ${room} | xargs -r rm`);
      const step = await stage.tryStep('vm-start', 'web');
      const { code, stderr } = step.code === 0 ? await stage.confirm(new Map()) : step;
      if (code === 0) break;
      failed += 1;
      expect(stderr, `room for ${room} files`).toMatch(
        /fleet-error\t[a-z.-]+\tthe disk of (\S+) is full.*: it has no inode left \(df -i \1\)/,
      );
      expect(code).toBe(70);
    }
    expect(failed).toBeGreaterThan(4);
    expect(failed).toBeLessThan(20);
    sh(`rm -rf ${many}`);
  }, 360_000);
});
