import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseFacts } from '../../src/host/answers/facts.ts';
import { script } from '../../src/host/scripts.ts';
import { isRoot, KvmWorld, kvm, runner } from './kvm-world.ts';

const id = '20260101-000000-aaaa';

/** Setting aside and bringing back, where group kvm may put anything beside the vms. */
describe.skipIf(!isRoot)('state that is set aside beside what group kvm puts there', () => {
  let world: KvmWorld;
  let elsewhere: string;
  beforeEach(() => {
    world = new KvmWorld();
    elsewhere = world.path('lib/elsewhere');
    mkdirSync(join(elsewhere, 'web'), { recursive: true });
    writeFileSync(join(elsewhere, 'web/db'), "root's");
    chmodSync(elsewhere, 0o700);
  });
  afterEach(() => {
    // Whatever was tried, what is root's elsewhere is where it was, and as it was.
    expect(readdirSync(elsewhere)).toEqual(['web']);
    expect(readdirSync(join(elsewhere, 'web'))).toEqual(['db']);
    expect(statSync(elsewhere).mode & 0o777).toBe(0o700);
    expect(lstatSync(join(elsewhere, 'web'))).toMatchObject({ uid: 0, gid: 0 });
    world.remove();
  });
  const mode = (path: string) => statSync(world.vms(path)).mode & 0o777;
  const aside = () => world.run('vm-aside', id, 'web');
  const bringBack = () => world.run('vm-return', 'web');
  const facts = () => {
    const { stdout } = world.run('facts', '/var/lib/fleet/repo', 'brief');
    return parseFacts(stdout).aside.get('web');
  };
  const refused = (code: string) => ({ code: 70, stderr: expect.stringContaining(`\t${code}\t`) });

  it('comes back as it was, and nobody but root gets at it meanwhile', () => {
    world.vm('web');
    world.evil('echo mine >web/data.img');
    expect(aside()).toMatchObject({ code: 0, stderr: '' });
    expect(mode('.aside')).toBe(0o700);
    expect(() => world.evil(`ls .aside/${id}`)).toThrow();
    expect(facts()).toEqual([`/var/lib/microvms/.aside/${id}/web`]);
    expect(bringBack()).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(world.vms('web/data.img'), 'utf8')).toBe('mine\n');
    expect(mode('web')).toBe(0o775);
    expect([facts(), existsSync(world.path(`lib/fleet/aside/${id}`))]).toEqual([undefined, false]);
  });

  it.each([
    ['a link', 'ln -s ../elsewhere .aside', 'vm.link'],
    ['a folder', 'mkdir .aside', 'aside.not-own'],
    [
      'a folder with a link',
      `mkdir -p .aside/${id}; ln -s ../../../elsewhere .aside/${id}/web`,
      '',
    ],
    ['a folder with a folder', `mkdir -p .aside/${id}/web`, 'aside.not-own'],
    ["a vm's folder, which is root's", 'mv other .aside', 'aside.not-own'],
  ])('is not set aside into %s of theirs', (_, text, code) => {
    world.vm('web');
    world.vm('other');
    world.evil(text);
    expect(aside()).toMatchObject(refused(code || 'aside.not-own'));
    expect(lstatSync(world.vms('web')).isDirectory()).toBe(true);
  });

  it.each([
    ['a link', 'ln -s ../elsewhere web'],
    ['a file', 'echo x >web'],
  ])('is none where %s has the name of the vm', (_, text) => {
    world.evil(text);
    expect(aside()).toMatchObject(refused('vm.no-folder'));
    expect(readdirSync(world.vms('.aside', id))).toEqual([]);
    expect(lstatSync(world.vms('web')).isDirectory()).toBe(false);
  });

  it('is not moved into what the same deployment set aside already', () => {
    world.vm('web');
    aside();
    world.vm('web');
    expect(aside()).toMatchObject(refused('aside.exists'));
    expect(readdirSync(world.vms('.aside', id, 'web'))).toEqual([]);
  });

  it.each([
    ['a link to a folder of root', 'mkdir .aside; ln -s ../../elsewhere .aside/9'],
    ['a folder', 'mkdir -p .aside/9/web'],
    ["a folder in one of root's", 'mkdir -p other/9/web; mv other .aside'],
  ])('is not believed to be %s that somebody made', (_, text) => {
    world.vm('other');
    world.evil(text);
    expect(facts()).toBeUndefined();
    expect(bringBack()).toMatchObject(refused('vm.nothing-aside'));
    // Also of a deployment that did set it aside, and whose folder was exchanged.
    world.write('lib/fleet/aside/9/web.aside', '');
    expect(facts()).toBeUndefined();
    expect(bringBack().code).toBe(70);
    expect(existsSync(world.vms('web'))).toBe(false);
  });

  it('does not come back over what is there, nor into it', () => {
    world.vm('web');
    aside();
    for (const text of ['mkdir web', 'ln -s ../elsewhere web', 'ln -s nowhere web']) {
      world.evil(text);
      expect(bringBack()).toMatchObject(refused('vm.exists'));
      world.evil('rm -rf web');
    }
    expect(facts()).toHaveLength(1);
  });

  it.each([
    ['the link', `mkdir .aside; ln -s ../../elsewhere .aside/${id}`],
    ['the folder', `mkdir -p .aside/${id}/web`],
  ])('is not by a way back %s of somebody else', (_, text) => {
    const folder = `lib/fleet/deployments/${id}`;
    const before = ['vm', 'web', runner, '-', 'inactive', runner].join('\t');
    world.write(`${folder}/before`, `system\t-\t-\t1\n${before}\ntarget\tweb\n`);
    world.write(`${folder}/meta`, 'confirm\t60\nstop\t1\n');
    for (const mark of ['begun', 'changing']) world.write(`${folder}/${mark}`, '');
    world.evil(text);
    world.sh(`{ id=${id}\n${script('way-back')}\n}`, 'now');
    expect(readFileSync(world.path(folder, 'not-back'), 'utf8')).toBe('web is still set aside\n');
    expect(existsSync(world.vms('web'))).toBe(false);
  });

  it('is not said to be back where they have hidden it', () => {
    world.vm('web');
    aside();
    const folder = `lib/fleet/deployments/${id}`;
    const before = ['vm', 'web', '-', '-', 'inactive', '-'].join('\t');
    world.write(`${folder}/before`, `system\t-\t-\t1\n${before}\ntarget\tweb\n`);
    world.write(`${folder}/meta`, 'confirm\t60\nstop\t1\n');
    for (const mark of ['begun', 'changing']) world.write(`${folder}/${mark}`, '');
    world.evil('mv .aside hidden; mkdir .aside');
    world.sh(`{ id=${id}\n${script('way-back')}\n}`, 'now');
    expect(readFileSync(world.path(folder, 'not-back'), 'utf8')).toBe('web is still set aside\n');
    expect(existsSync(world.vms('hidden', id, 'web'))).toBe(true);
  });

  it('is found where it was before it had records of its own', () => {
    for (const name of ['web', 'new']) mkdirSync(world.vms('.aside/1', name), { recursive: true });
    expect(facts()).toBeUndefined();
    world.write('lib/fleet/aside/1/web.deployed', '');
    expect(facts()).toEqual(['/var/lib/microvms/.aside/1/web']);
    expect(bringBack()).toMatchObject({ code: 0, stderr: '' });
    world.write('lib/fleet/deployments/1/before', 'target\tnew\n');
    expect(world.run('vm-return', 'new')).toMatchObject({ code: 0, stderr: '' });
    expect(mode('.aside')).toBe(0o700);
  });

  it('is not opened to them by its folder in the place of a vm', () => {
    world.vm('other');
    world.run('vm-aside', id, 'other');
    renameSync(world.vms('.aside'), world.vms('web'));
    expect(world.run('vm-set', 'web', runner, '1', 'stay')).toMatchObject(refused('vm.no-folder'));
    expect(mode('web')).toBe(0o700);
    expect(statSync(world.vms('web')).gid).not.toBe(kvm);
  });

  it('is no way for a link of a vm to be followed', () => {
    symlinkSync('../elsewhere', world.vms('web'));
    expect(world.run('vm-set', 'web', runner, '1', 'stay')).toMatchObject(refused('vm.link'));
  });
});
