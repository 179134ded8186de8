import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { Host, RunResult } from '../../src/host/host.ts';
import { begin } from '../../src/host/hypervisor/deployment.ts';
import { inspect, readFacts, readHistory } from '../../src/host/hypervisor/look.ts';
import { runStep } from '../../src/host/hypervisor/run-step.ts';
import { switchSystem } from '../../src/host/hypervisor/steps.ts';
import { answering, greeting, type ScriptName, scriptNames } from '../../src/host/scripts.ts';
import { hypervisor } from '../render/build.ts';

const host = (answer: Partial<RunResult>): Host =>
  ({
    name: 'hv1',
    run: async () => ({ code: 0, stdout: '', stderr: '', ...answer }),
  }) as unknown as Host;

const saying = (stdout: string) => host({ stdout });
const step = (answer: Partial<RunResult>) =>
  runStep(host(answer), switchSystem('d1', '/nix/store/s', false), {
    ...{ id: 'd1', number: '001', seconds: 1, timeoutMs: 1000 },
    onLine: () => {},
    onKilled: () => {},
  });

describe('an answer', () => {
  test.each(scriptNames.filter((name) => !['step', 'follow'].includes(name)))(
    'of %s begins with its name and version, whatever comes of it',
    (name: ScriptName) => {
      // Up to where the script itself begins: none of it runs.
      const end = `echo '${greeting(name)}' >&"\${FLEET_ANSWER:-1}"\n`;
      const text = answering(name);
      const prologue = text.slice(0, text.indexOf(end) + end.length);
      const sh = (...before: string[]) =>
        execFileSync('sh', ['-c', [...before, prologue].join('\n')], { encoding: 'utf8' });
      expect(sh()).toBe(`${greeting(name)}\n`);
      // As a step, where its log is none of its answer.
      expect(sh('exec 3>/dev/null', 'FLEET_ANSWER=3')).toBe('');
    },
  );

  test('is read without that line', async () => {
    const [one] = await readHistory(
      saying(`${greeting('history')}\ndeployment\td1\nmeta\toperator\tme\n`),
    );
    expect(one).toMatchObject({ id: 'd1', operator: 'me' });
    expect(await step({ stderr: `noise\n${greeting('switch')}\nswitched\t4\n` })).toBe(4);
  });

  test.each([
    ['nothing', ''],
    ['something else', 'deployment\td1\n'],
    ['a start-up file first', `Welcome!\n${greeting('history')}\n`],
    ['another script', `${greeting('facts')}\n`],
  ])('that is %s is refused, by the name of who gave it', async (_, text) => {
    await expect(readHistory(saying(text))).rejects.toMatchObject({
      code: 'history.unreadable',
      message: 'the answer of hv1 cannot be read: it does not begin as history does',
      hint: expect.stringContaining('start-up file'),
    });
  });

  test('of another version says which, and what to do', async () => {
    const told = {
      code: 'facts.unreadable',
      message:
        'the answer of hv1 cannot be read: facts is answered in version 7, and this fleet reads 1',
      hint: 'Update fleet.',
    };
    await expect(
      readFacts(saying('fleet-facts 7\n== end\n'), hypervisor('hv1'), 'brief'),
    ).rejects.toMatchObject(told);
  });

  test('is asked for of what changes something, too', async () => {
    const wanted = {
      ...{ id: 'd1', operator: 'me', operation: 'apply' as const, fleet: 'f', machine: 'x86_64' },
      ...{ storeKiB: 1, confirm: 1000, stopTimeout: 1000, checkout: '/repo', vms: [] },
    };
    await expect(begin(saying(''), wanted)).rejects.toMatchObject({ code: 'begin.unreadable' });
    await expect(begin(saying(`${greeting('begin')}\n`), wanted)).resolves.toBeUndefined();
    await expect(step({ stderr: 'switched\t0\n' })).rejects.toMatchObject({
      code: 'switch.unreadable',
    });
    await expect(inspect(saying('name\thv1\n== hardware\n'))).rejects.toMatchObject({
      code: 'inspect.unreadable',
    });
  });

  test('that tells of a failure has no such line among its last ones', async () => {
    const failed = { code: 1, stdout: `${greeting('end')}\nno such file\n` };
    await expect(readHistory(host(failed))).rejects.toMatchObject({
      code: 'remote.failed',
      detail: 'no such file',
    });
  });
});
