import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseHistory, parseOperations } from '../../src/host/answers/history.ts';
import { script } from '../../src/host/scripts.ts';

const rows = (...lines: (string | number)[][]) =>
  lines.map((fields) => `${fields.join('\t')}\n`).join('');

const meta = rows(
  ['meta', 'fleet', 'example'],
  ['meta', 'operator', 'ada@desk'],
  ['meta', 'operation', 'apply'],
  ['meta', 'started', 1000],
  ['meta', 'confirm', 90],
  ['meta', 'commit', 'c0ffee'],
  ['meta', 'branch', 'main'],
);
const before = rows(
  ['before', 'system', '/nix/store/old-system', '/nix/store/old-system', 41],
  ['before', 'vm', 'web1', '/nix/store/old-web1', '/nix/store/old-web1', 'active'],
  ['before', 'vm', 'db1', '/nix/store/old-db1', '-', 'inactive'],
  ['before', 'target', 'web1'],
  ['before', 'target', 'new1'],
);
const done =
  rows(['deployment', '20260101-000000-abcd']) +
  meta +
  before +
  rows(
    ['after', 'fleet', 'example'],
    ['after', 'record', 'web1', 'print', '/nix/store/new-web1', '/nix/store/old-web1', 'c0ffee'],
    ['after', 'record', 'system.', 'print', '/nix/store/old-system', '-', 'c0ffee'],
    ['after', 'release', 'db1'],
    ['journal', 1001, '001', 'build', 'begin'],
    ['journal', 1005, '001', 'build', 'end', 0],
    ['journal', 1006, '002', 'vm-update', 'begin'],
    ['journal', 1016, '002', 'vm-update', 'end', 1],
    ['journal', 1017, '003', 'repair', 'begin', 'link br-front'],
    ['journal', 1018, '003', 'repair', 'end', 0],
    ['journal', 1020, '-', 'confirm', 'begin'],
    ['journal', 1021, '-', 'confirm', 'end', 0],
    ['journal', 1022, '-', 'end', 'end', 'done'],
    ['decided', 'confirmed'],
    ['result', 'done'],
  );

describe('history', () => {
  test('of a hypervisor that remembers nothing is empty', () => {
    expect(parseHistory('')).toEqual([]);
  });

  test('has of a deployment everything that became of it', () => {
    const [deployment] = parseHistory(done);
    expect(deployment).toEqual({
      id: '20260101-000000-abcd',
      fleet: 'example',
      operator: 'ada@desk',
      operation: 'apply',
      started: 1000,
      commit: 'c0ffee',
      branch: 'main',
      decided: 'confirmed',
      result: 'done',
      ended: 1022,
      steps: [
        { number: '001', name: 'build', began: 1001, ended: 1005, code: 0 },
        { number: '002', name: 'vm-update', began: 1006, ended: 1016, code: 1 },
        {
          number: '003',
          name: 'repair',
          about: 'link br-front',
          began: 1017,
          ended: 1018,
          code: 0,
        },
        { number: undefined, name: 'confirm', began: 1020, ended: 1021, code: 0 },
      ],
      before: new Map([
        ['system.', '/nix/store/old-system'],
        ['web1', '/nix/store/old-web1'],
        ['db1', '/nix/store/old-db1'],
      ]),
      after: new Map([
        ['web1', '/nix/store/new-web1'],
        ['system.', '/nix/store/old-system'],
      ]),
      targets: ['web1', 'new1'],
      failure: undefined,
    });
  });

  test('has a commit also where only what was built has it, and none of a roll-back', () => {
    const old = done.replace('meta\tcommit\tc0ffee\n', '');
    expect(parseHistory(old)[0]?.commit).toBe('c0ffee');
    expect(parseHistory(old.replaceAll('\tc0ffee\n', '\t-\n'))[0]?.commit).toBeUndefined();
  });

  test('keeps deployments apart, in their order', () => {
    const text =
      done + done.replaceAll('-abcd', '-ffff').replace('result\tdone', 'result\tuntouched');
    expect(parseHistory(text).map((d) => [d.id, d.result])).toEqual([
      ['20260101-000000-abcd', 'done'],
      ['20260101-000000-ffff', 'untouched'],
    ]);
  });

  test('has no end and no result of one that is going on, and its step has not ended', () => {
    const text = `${rows(['deployment', 'd1'])}${meta}${before}${rows(['journal', 1001, '001', 'build', 'begin'])}`;
    expect(parseHistory(text)[0]).toMatchObject({
      decided: undefined,
      result: undefined,
      ended: undefined,
      steps: [{ name: 'build', ended: undefined, code: undefined }],
      after: new Map(),
    });
  });

  test('of what was cut short is what there is, and nothing is guessed', () => {
    expect(parseHistory('deployment\td1\nmeta\tfleet')[0]).toMatchObject({
      id: 'd1',
      operator: 'somebody',
      operation: '',
      started: 0,
      commit: undefined,
      targets: [],
    });
    for (let end = 0; end < done.length; end += 5)
      expect(parseHistory(done.slice(0, end)).length).toBeLessThan(2);
  });

  test('of a journal whose end a power cut left as zeros is what was written before and after', () => {
    const root = mkdtempSync(join(tmpdir(), 'fleet-history-'));
    const folder = join(root, 'var/lib/fleet/deployments/d1');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'meta'), 'operator\tada@desk\nstarted\t1000\n');
    writeFileSync(join(folder, 'begun'), '');
    // Of one that was cut off before it had the lock there is nothing to tell.
    const cut = join(root, 'var/lib/fleet/deployments/d2');
    mkdirSync(cut);
    writeFileSync(join(cut, 'meta'), 'operator\tada@desk\nstarted\t1200\n');
    const [early, late] = ['1001\t001\tbuild\tbegin\n', '1090\t-\tway-back\tbegin\n'];
    writeFileSync(join(folder, 'journal'), `${early}half\0\0\0\0${late}\0\0\0${late}`);
    const env = { PATH: process.env.PATH, FLEET_ROOT: root };
    const run = spawnSync('sh', ['-c', script('history'), 'fleet', '20'], {
      env,
      encoding: 'utf8',
    });
    rmSync(root, { recursive: true });
    const [deployment, other] = parseHistory(run.stdout);
    expect(other).toBeUndefined();
    expect(deployment?.steps.map(({ name, began }) => [name, began])).toEqual([
      ['build', 1001],
      ['way-back', 1090],
    ]);
  });

  test('tells a way back that was cut off by a power cut from the one that ended', () => {
    const text = rows(
      ['deployment', 'd1'],
      ['journal', 1001, '-', 'way-back', 'begin'],
      ['journal', 1100, '-', 'way-back', 'begin'],
      ['journal', 1103, '-', 'way-back', 'end'],
    );
    expect(parseHistory(text)[0]?.steps).toEqual([
      { number: undefined, name: 'way-back', began: 1001, ended: undefined, code: undefined },
      { number: undefined, name: 'way-back', began: 1100, ended: 1103, code: undefined },
    ]);
  });

  test('has why it failed, as far as that was written down', () => {
    const text = rows(
      ['deployment', 'd1'],
      ['failure', 'code', 'verify.not-healthy'],
      ['failure', 'message', 'db1 is not healthy after 40 s'],
      ['failure', 'blames', 'commit'],
      ['failure', 'hypervisor', 'hv2'],
      ['failure', 'target', 'db1'],
      ['failure', 'check', 'db1', 'tcp 5432', 'connects', 'refused'],
      ['failure', 'line', 'microvm@db1: no such disk'],
      ['failure', 'line'],
    );
    expect(parseHistory(text)[0]?.failure).toEqual({
      code: 'verify.not-healthy',
      message: 'db1 is not healthy after 40 s',
      blames: 'commit',
      hypervisor: 'hv2',
      target: 'db1',
      checks: [{ target: 'db1', check: 'tcp 5432', expected: 'connects', seen: 'refused' }],
      lines: ['microvm@db1: no such disk', ''],
    });
    expect(parseHistory(rows(['deployment', 'd1'], ['failure']))[0]?.failure).toBeUndefined();
  });

  test('believes no decision but the two there are', () => {
    const decided = (to: string) => parseHistory(rows(['deployment', 'd1'], ['decided', to]))[0];
    expect(decided('back')?.decided).toBe('back');
    expect(decided('/etc/passwd')?.decided).toBeUndefined();
  });

  test('has operations on single vms beside deployments', () => {
    const operation = (id: string, ...more: (string | number)[][]) =>
      rows(
        ['operation', id],
        ['meta', 'operator', 'ada@desk'],
        ['meta', 'kind', 'restart'],
        ['meta', 'vm', 'web1'],
        ['meta', 'started', 2000],
        ...more,
      );
    const text =
      done +
      operation('op1', ['meta', 'ended', 2004], ['answer', 'killed', 'web1'], ['result', '0']) +
      operation('op2', ['answer', 'fleet-error', 'lock.held', 'hv1 is'], ['result', '70']) +
      operation('op3', ['result', 'ended']) +
      operation('op4') +
      rows(['operation', 'cut']);
    expect(parseHistory(text)).toEqual(parseHistory(done));
    expect(parseOperations(text)).toMatchObject([
      {
        ...{ id: 'op1', operator: 'ada@desk', kind: 'restart', vm: 'web1', started: 2000 },
        ...{ ended: 2004, result: 'done', isKilled: true, failure: undefined },
      },
      { id: 'op2', result: 'failed', failure: { code: 'lock.held', message: 'hv1 is' } },
      { id: 'op3', result: 'ended', isKilled: false },
      { id: 'op4', result: undefined, ended: undefined },
    ]);
    expect(parseOperations(done)).toEqual([]);
  });
});
