import { describe, expect, test } from 'vitest';
import { Desk, valid } from './fleet.ts';

const broken = valid.replace('vms:', 'vmz:');
/** Commands that look at what runs, or roll it back. */
const commands = [
  ['verify', '--json'],
  ['history'],
  ['rollback', '--list'],
  ['rollback', 'web1', '--yes'],
  ['unlock', 'hv1', '--yes'],
];

describe('a fleet.yaml in the midst of an edit', () => {
  test.each(commands)('does not keep anybody from %s %s', async (...args) => {
    const desk = new Desk(valid).commit();
    const head = desk.git('rev-parse', '--short=8', 'HEAD').trim();
    for (const text of [broken, 'vms: [\n']) {
      desk.write('fleet.yaml', text);
      const { code, stdout, stderr } = await desk.fleet(...args.filter((a) => a !== undefined));
      expect(stderr).toMatch(
        new RegExp(
          `^\\d+ errors? in fleet\\.yaml \\(fleet validate\\); using fleet.yaml of commit ${head}, 20.* UTC$`,
          'm',
        ),
      );
      // As far as the hypervisor, which nobody can reach here.
      expect(code, stderr).not.toBe(65);
      expect(stdout + stderr).toContain('hv1');
      expect(desk.files()['fleet.yaml']).toBe(text);
    }
  });

  test('may be committed, or deleted: the last one that was right is used', async () => {
    const desk = new Desk(valid).commit();
    const good = desk.git('rev-parse', '--short=8', 'HEAD').trim();
    desk.write('fleet.yaml', broken);
    desk.commit();
    expect((await desk.fleet('history')).stderr).toContain(`of commit ${good}`);
    desk.git('rm', '-q', 'fleet.yaml');
    const { stderr } = await desk.fleet('history');
    expect(stderr).toContain(`there is no fleet.yaml here; using fleet.yaml of commit ${good}`);
  });

  test('is what is wrong where git has no other', async () => {
    for (const desk of [new Desk(broken), new Desk(broken).commit()]) {
      const { code, stderr } = await desk.fleet('rollback', 'web1', '--yes');
      expect(code).toBe(65);
      expect(stderr).toContain('vmz');
    }
  });

  test('is still what plan, apply and render go by', async () => {
    const desk = new Desk(valid).commit();
    desk.write('fleet.yaml', broken);
    for (const command of ['plan', 'apply', 'render', 'validate'])
      expect((await desk.fleet(command)).code).toBe(65);
  });
});
