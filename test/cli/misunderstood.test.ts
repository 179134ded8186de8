import { describe, expect, test } from 'vitest';
import { moment } from '../../src/cli/moment.ts';
import { Desk, valid } from './fleet.ts';

describe('an option that is taken for the value of another', () => {
  test.each([
    [['plan', '--out', '--json'], '--out ./--json'],
    [['plan', '--json', '-C', '--config'], '--directory ./--config'],
    [['--config', '--offline', 'plan'], '--config ./--offline'],
    [['apply', '--on', '-y'], '--on SELECTOR'],
    [['rollback', 'web1', '--to', '1', '--to', '--yes'], '--to GENERATION'],
    [['exec', 'web1', '--user', '--', 'id'], '--user NAME'],
  ])('%j is refused, and nothing is written', async (args, hint) => {
    const desk = new Desk(valid);
    const before = desk.files();
    const { code, stdout, stderr } = await desk.fleet(...args);
    expect(code).toBe(args[0] === 'exec' ? 255 : 64);
    const text = args.includes('--json') ? JSON.parse(stdout).error.hint : stderr;
    expect(text).toContain(hint);
    expect(desk.files()).toEqual(before);
  });

  test('behind -- anything may begin with a dash', async () => {
    const { stderr } = await new Desk(valid).fleet('exec', 'hv1', '--', 'ls', '--user', '-l');
    expect(stderr).not.toContain('needs a value');
  });
});

test.each(['--ssh-config', 'FLEET_SSH_CONFIG'])('the file of %s has to be there', async (by) => {
  const desk = new Desk(valid);
  if (by.startsWith('F')) desk.env[by] = '/nonexist';
  const args = by.startsWith('F') ? [] : [by, '/nonexist'];
  const { code, stderr } = await desk.fleet(...args, 'status');
  expect([code, stderr.split('\n')[0]]).toEqual([
    64,
    'error there is no file /nonexist [options.ssh-config]',
  ]);
});

test('a name that apply takes for a plan is one for --on', async () => {
  const desk = new Desk(valid);
  const { code, stderr } = await desk.fleet('apply', 'web1');
  expect([code, stderr]).toEqual([64, expect.stringContaining('did you mean --on web1?')]);
  expect((await desk.fleet('apply', 'web*')).stderr).toContain("did you mean --on 'web*'?");
  expect((await desk.fleet('apply', 'x.plan')).stderr).toContain('cannot read x.plan (ENOENT)');
});

test('the moments that fleet gives as examples are some', async () => {
  const now = Date.UTC(2026, 10, 30);
  expect(moment('3d ago', now)).toBe(Date.UTC(2026, 10, 27) / 1000);
  expect(moment('15m ago', now)).toBe(moment('15m', now));
  expect(moment('ago', now)).toBeUndefined();
  const { stderr } = await new Desk(valid).fleet('logs', 'web1', '--since', 'soon');
  const examples = [
    ...(/For instance (.*), UTC\./.exec(stderr)?.[1] ?? '').matchAll(/"([^"]+)"|[^\s,;]+/g),
  ]
    .map(([all, quoted]) => quoted ?? all)
    .filter((word) => word !== 'or');
  expect(examples).toHaveLength(5);
  for (const example of examples) expect(moment(example, now), example).toBeDefined();
});

test('why a hypervisor could not be asked is a code for programs', async () => {
  const desk = new Desk(valid).commit();
  const json = async (...args: string[]) =>
    JSON.parse((await desk.fleet(...args, '--json')).stdout);
  const failures = [
    { hypervisor: 'hv1', failure: expect.objectContaining({ code: 'ssh.refused' }) },
  ];
  const told = { unreachable: ['hv1'], failures };
  expect(await json('logs', 'web1')).toMatchObject(told);
  expect(await json('history')).toMatchObject(told);
  expect(await json('rollback', '--list')).toMatchObject(told);
});
