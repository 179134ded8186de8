import { describe, expect, test } from 'vitest';
import { parseAccess } from '../../src/host/answers/access.ts';
import { parseBuilt } from '../../src/host/answers/built.ts';
import { parseClosureDiff } from '../../src/host/answers/closure-diff.ts';
import { parseGuestRun } from '../../src/host/answers/guest-run.ts';
import { parseHolder } from '../../src/host/answers/holder.ts';
import { parseHostKeys } from '../../src/host/answers/host-keys.ts';
import { parseInspection } from '../../src/host/answers/inspection.ts';
import { parseStateBefore } from '../../src/host/answers/state-before.ts';
import { parseWayBack } from '../../src/host/answers/way-back.ts';
import type { Host, RunResult } from '../../src/host/host.ts';
import { unlock } from '../../src/host/hypervisor/deployment.ts';
import { readHistory } from '../../src/host/hypervisor/look.ts';
import { runStep } from '../../src/host/hypervisor/run-step.ts';
import { build } from '../../src/host/hypervisor/steps.ts';
import { greeting } from '../../src/host/scripts.ts';
import { failure } from './desk.ts';

const long = 'x'.repeat(100_000);
const codeOf = (read: () => unknown): string | undefined => {
  try {
    read();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return undefined;
};

describe('the answer of a build', () => {
  const wanted = ['web1', 'hv1'];

  test('has a path for each target, and how it differs', () => {
    const { paths, closures } = parseBuilt(
      'built\tweb1\t/nix/store/a\nclosure\tweb1\tcurl: 8.0 → 8.1\nbuilt\thv1\t/nix/store/b\n',
      wanted,
    );
    expect([...paths]).toEqual([
      ['web1', '/nix/store/a'],
      ['hv1', '/nix/store/b'],
    ]);
    expect(closures).toEqual([{ target: 'web1', line: 'curl: 8.0 → 8.1' }]);
  });

  test.each([
    ['a target that nobody asked for', 'built\tdb1\t/nix/store/a\n'],
    ['no path', 'built\tweb1\n'],
    ['a path that is none', 'built\tweb1\tstore/a\n'],
    ['a path that has no end', `built\tweb1\t/nix/store/${long}\n`],
  ])('is not taken with %s', (_, answer) => {
    expect(codeOf(() => parseBuilt(answer, wanted))).toBe('build.unreadable');
  });
});

describe('who has a lock', () => {
  test('is somebody whatever is said', () => {
    expect(parseHolder('')).toEqual({ id: '', owner: 'somebody', operation: '', since: 0 });
    expect(parseHolder(`${long}\t${long}\tapply\tnever`)).toMatchObject({ since: 0 });
    expect(parseHolder(`${long}\t${long}\tapply\tnever`).owner.length).toBeLessThan(200);
  });
});

describe('what a hypervisor remembers of before', () => {
  const rows = [
    ['last', '003'],
    ['former', 'c'.repeat(40)],
    ['system', '/nix/store/s', '/nix/store/p', '42'],
    ['vm', 'web1', '/nix/store/a', '-', 'active', '/nix/store/a'],
    ['vm', 'not a name', '/nix/store/a', '-', 'active'],
    ['target', 'web1'],
  ];
  const text = (changed: readonly string[][]) =>
    changed.map((row) => `${row.join('\t')}\n`).join('');

  test('is read, but for what is not fleet’s', () => {
    const former = parseStateBefore(text(rows));
    expect(former).toMatchObject({ lastStep: 3, system: '/nix/store/s', targets: ['web1'] });
    expect([...former.vms]).toEqual([
      ['web1', { current: '/nix/store/a', booted: undefined, isActive: true }],
    ]);
  });

  test('says for how long guests were up, unless an older fleet wrote down none', () => {
    const up = (...more: string[][]) => parseStateBefore(text([...rows, ...more])).vms.get('web1');
    expect(up(['up', 'web1', '40'])).toMatchObject({ activeFor: 40 });
    expect(up(['up', 'web2', '40'])).toMatchObject({ activeFor: 0 });
    expect(up()).not.toHaveProperty('activeFor');
    expect([...parseStateBefore(text([...rows, ['port', 'vm-web1', 'br-a']])).ports]).toEqual([
      ['vm-web1', 'br-a'],
    ]);
  });

  test.each([
    ['that is cut off before its first row', rows.slice(1)],
    ['with a step that is no number', [['last', '1e3'], ...rows.slice(1)]],
    ['with a system that is no path', [...rows.slice(0, 2), ['system', 'evil']]],
    ['with a time that is no number', [...rows, ['up', 'web1', 'long']]],
    ['with a target that is no name', [...rows, ['target', '$(reboot)']]],
  ])('is not taken %s', (_, changed) => {
    expect(codeOf(() => parseStateBefore(text(changed)))).toBe('resume.unreadable');
  });
});

describe('how a way back went', () => {
  test('is untouched where nothing is said', () => {
    expect(parseWayBack('')).toMatchObject({ isChanged: false, isAlone: false, started: [] });
  });

  test('is told with the runner of each guest', () => {
    const back = parseWayBack(
      'boot\tb1\nalone\nvm\tweb1\t/nix/store/a\t-\tactive\t/nix/store/b\nvm\tnew1\t-\t-\tinactive\t-\n' +
        'vm\told1\t/nix/store/a\t-\tactive\nchanged\nput-back\tsystem.\nput-back\tweb1\n',
    );
    expect(back).toMatchObject({
      bootId: 'b1',
      isAlone: true,
      hasSwitched: true,
      started: ['web1'],
    });
    expect([...back.runners]).toEqual([
      ['web1', '/nix/store/b'],
      ['new1', undefined],
    ]);
  });

  test('is not taken with a runner that is no path', () => {
    expect(codeOf(() => parseWayBack('vm\tweb1\t-\t-\tactive\tevil\n'))).toBe('back.unreadable');
  });

  test('is cut to what a person reads', () => {
    expect(parseWayBack(`not-back\t${long}\n`).wrong[0]?.length).toBeLessThan(3000);
  });
});

test('a command in a guest says no more than its last lines, and a status that is one', () => {
  const { code, lines } = parseGuestRun(`1\na\nb\nc\n${long}\n`);
  expect(code).toBe(1);
  expect(lines).toHaveLength(3);
  expect(lines.at(-1)?.length).toBe(200);
  for (const answer of ['', 'exit 0\n', '0x0\n', '-1\n'])
    expect(codeOf(() => parseGuestRun(answer))).toBe('guest.unreadable');
});

test('an inspection that is cut off is none', () => {
  expect(parseInspection('name\thv1.example\nport\t22\n== hardware\n{ }\n')).toMatchObject({
    name: 'hv1',
    port: 22,
    hardware: '{ }\n',
  });
  expect(codeOf(() => parseInspection('name\thv1\nport\t2'))).toBe('inspect.unreadable');
});

test.each([
  ['nothing', ''],
  ['half of it', 'access\t{"sshd": true, "por'],
  ['a list', 'access\t[]'],
  ['less than is asked', 'access\t{"sshd": true}'],
  ['it twice', 'access\t{}\naccess\t{}'],
])('a new system that says %s of who may log in lets nobody switch', (_, answer) => {
  expect(codeOf(() => parseAccess(answer))).toBe('adoption.unreadable');
});

/** A host on which every script answers this. */
const answering = (result: Partial<RunResult>): Host =>
  ({
    name: 'hv1',
    run: async () => ({ code: 0, stdout: '', stderr: '', ...result }),
  }) as unknown as Host;

describe('whoever answers what cannot be', () => {
  test('is named, and it is not the commit that is blamed', async () => {
    const error = await failure(readHistory(answering({ stdout: 'deployment\t$(reboot)\n' })));
    expect(error).toMatchObject({ code: 'history.unreadable', blames: 'world' });
    expect(error.message).toContain('the answer of hv1 cannot be read');
  });

  test('is not listened to beyond what a script has to say', async () => {
    const error = await failure(unlock(answering({ stdout: `result\t${long}\n` }), 'd1'));
    expect(error).toMatchObject({ code: 'remote.too-much', blames: 'world' });
  });
});

describe('a step', () => {
  const wanted = [{ kind: 'vm', name: 'web1' }] as const;
  const how = {
    ...{ id: 'd1', number: '001', seconds: 60, timeoutMs: 1000 },
    onLine: () => {},
    onKilled: () => {},
  };
  const run = (result: Partial<RunResult>) =>
    runStep(answering(result), build('d1', '/repo', 'auto', wanted), how);

  test('is not answered by what a build prints', async () => {
    const begins = `${greeting('build')}\n`;
    const forged = 'trace: x\nbuilt\tweb1\t/nix/store/evil\n';
    const { paths } = await run({
      stdout: forged,
      stderr: `${begins}built\tweb1\t/nix/store/good\n`,
    });
    expect([...paths]).toEqual([['web1', '/nix/store/good']]);
    expect((await run({ stdout: forged, stderr: begins })).paths.size).toBe(0);
  });

  test('is not said by a build to have failed for another reason', async () => {
    const error = await failure(
      run({ code: 1, stdout: 'fleet-error\tstep.ended\tnobody did it\n' }),
    );
    expect(error).toMatchObject({ code: 'remote.failed', message: 'build failed on hv1 (exit 1)' });
  });

  test('tells of guests that were killed also when it fails', async () => {
    const killed: string[] = [];
    const stderr = 'killed\tweb1\nfleet-error\tvm.not-stopped\tit does not stop\n';
    const told = { ...how, onKilled: (guest: string) => killed.push(guest) };
    const error = await failure(
      runStep(answering({ code: 70, stderr }), build('d1', '/repo', 'auto', wanted), told),
    );
    expect(error).toMatchObject({ code: 'vm.not-stopped', detail: undefined });
    expect(killed).toEqual(['web1']);
  });
});

describe('host keys of guests', () => {
  const key = `AAAA${'b'.repeat(60)}`;

  test('are read by names', () => {
    const rows = `host-key\tweb1\tecdsa-sha2-nistp521\t${key}\nhost-key\tweb1\tssh-ed25519\t${key}==\n`;
    expect([...parseHostKeys(rows)]).toEqual([
      [
        'web1',
        [
          { type: 'ecdsa-sha2-nistp521', base64: key },
          { type: 'ssh-ed25519', base64: `${key}==` },
        ],
      ],
    ]);
    expect(parseHostKeys('').size).toBe(0);
  });

  // It becomes a line of known_hosts.
  test.each([
    ['a type that there is not', `host-key\tweb1\t*\t${key}\n`],
    ['a key with blanks in it', `host-key\tweb1\tssh-ed25519\tAAAA b\n`],
    ['a key that has no end', `host-key\tweb1\tssh-ed25519\tAAAA${long}\n`],
    ['a name that is none', `host-key\t@cert-authority *\tssh-ed25519\t${key}\n`],
    ['nothing', 'host-key\n'],
  ])('are not taken with %s', (_, answer) => {
    expect(codeOf(() => parseHostKeys(answer))).toBe('host-keys.unreadable');
  });
});

describe('how two closures differ', () => {
  test('has both sizes, and lines that are bounded', () => {
    const rows = `size\t/nix/store/a\t100\nsize\t/nix/store/b\t0\nclosure\tgit: 1 → 2\nclosure\t${long}\n`;
    const { sizes, lines } = parseClosureDiff(rows);
    expect(sizes).toEqual([100, 0]);
    expect(lines[0]).toBe('git: 1 → 2');
    expect(lines[1]?.length).toBeLessThan(400);
  });

  test.each(['', 'size\t/nix/store/a\t1\n', 'size\ta\tx\nsize\tb\t1\n'])(
    'is not taken of %j',
    (answer) => {
      expect(codeOf(() => parseClosureDiff(answer))).toBe('closure-diff.unreadable');
    },
  );
});
