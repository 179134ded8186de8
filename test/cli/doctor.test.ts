import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Examined } from '../../src/model/examined.ts';
import { complete, Desk } from './fleet.ts';

/** What is wrong, as `where: check`, with the rest of it. */
async function wrong(
  desk: Desk,
): Promise<{ names: string[]; found: Examined[]; notes: Examined[] }> {
  const { code, stdout, stderr } = await desk.fleet('doctor', '--json');
  expect([code, stderr]).toEqual([1, '']);
  const { examined } = JSON.parse(stdout) as { examined: Examined[] };
  const found = examined.filter(({ state }) => state === 'wrong');
  const notes = examined.filter(({ state }) => state === 'note');
  return { found, notes, names: found.map(({ where, check }) => `${where}: ${check}`) };
}

/** A fleet.yaml that nothing is wrong with. */
function wellMeant(): Desk {
  const desk = new Desk(complete);
  desk.write('hv1/default.nix', '{ }\n');
  return desk;
}

/** No hypervisor can be reached here. */
const dead = 'hv1: reachable';

describe('fleet doctor, where next to nothing is there', () => {
  test('of an empty folder says what is missing', async () => {
    const { names, found, notes } = await wrong(new Desk());
    expect(names).toEqual(['fleet.yaml: readable', 'git: repository']);
    expect(found.map(({ code, fix }) => [code, fix])).toEqual([
      ['workspace.no-config', expect.stringContaining('fleet init')],
      ['git.not-a-repository', expect.stringContaining('git init')],
    ]);
    expect(notes).toMatchObject([{ where: 'fleet.yaml', check: 'hypervisors' }]);
  });

  test('of a folder that is not there, too', async () => {
    const desk = new Desk();
    const { code, stdout } = await desk.fleet('-C', 'nowhere', 'doctor');
    expect(code).toBe(1);
    expect(stdout).toContain('there is no folder nowhere');
  });

  test('without git looks at the rest', async () => {
    const desk = wellMeant();
    expect((await wrong(desk)).names).toEqual(['git: repository', dead]);
    const few = join(desk.home, 'bin');
    desk.write('../home/bin/x', '');
    desk.env.PATH = few;
    const { names, found } = await wrong(desk);
    expect(names).toEqual(['this machine: ssh', 'git: repository']);
    expect(found[1]).toMatchObject({
      code: 'git.not-installed',
      fix: expect.stringContaining('Install git'),
    });
  });

  test('of a fleet.yaml that is no YAML goes by the last one in git', async () => {
    const desk = wellMeant().commit();
    desk.write('fleet.yaml', 'vms: [\n');
    desk.git('remote', 'add', 'origin', '/nowhere.git');
    const { names, notes } = await wrong(desk);
    expect(names).toEqual(['fleet.yaml: valid', 'git: identity', 'git: remote', dead]);
    expect(notes.map(({ check }) => check)).toContain('last valid');
  });

  test('of more mistakes than anybody reads names the first and how many there are', async () => {
    const vms = Array.from({ length: 9 }, (_, n) => `  x${n}: { on: nowhere }\n`).join('');
    const { found } = await wrong(new Desk(`${complete}${vms}`));
    const own = found.filter(({ where }) => where === 'fleet.yaml');
    expect(own.length).toBe(6);
    expect(own.at(-1)).toMatchObject({
      seen: expect.stringMatching(/^\d+ more mistakes$/),
      fix: 'To see them all: fleet validate',
    });
  });

  test('as text is lines of 80 columns, a fix under each finding', async () => {
    const desk = wellMeant().commit();
    writeFileSync(join(desk.folder, 'flake.nix'), '{ }\n');
    const { code, stdout, stderr } = await desk.fleet('doctor');
    expect([code, stderr]).toEqual([1, '']);
    expect(stdout).toContain(
      '  FAIL  remote: this repository has no remote named origin\n        Hypervisors pull from it: git remote add origin URL\n',
    );
    expect(stdout).toMatch(/FAIL {2}rendered: fleet would overwrite/);
    expect(stdout).toMatch(/\n\d findings in \d+ checks\. 1 note, which does not count\.\n$/);
  });
});
