import { describe, expect, test } from 'vitest';
import type { Facts } from '../../src/model/facts.ts';
import type { VmFacts } from '../../src/model/guest-facts.ts';
import type { Ends, Figures, Known } from '../../src/model/status.ts';
import type { PlanCheck } from '../../src/plan/checks.ts';
import { byStanding, silent, statusOf } from '../../src/plan/status.ts';
import { deployedFacts, index, openDeployment, unit, withEntry } from './situation.ts';

const fleet = index();
const hv1 = fleet.hypervisors.get('hv1');
if (!hv1) throw new Error('no hv1');
const good: Facts = {
  ...deployedFacts(fleet, 'hv1'),
  answers: new Map([
    ['10.1.0.2', true],
    ['10.2.0.2', true],
  ]),
};
const figures: Figures = {
  ...{ uptime: 4711, load: [0.4, 0.2, 0.1], release: '25.11', endsCut: false },
  ...{ guests: new Map(), ends: new Map(), past: [], phases: new Map() },
};
interface Seen {
  readonly facts?: Partial<Facts>;
  readonly figures?: Partial<Figures>;
  readonly probed?: readonly PlanCheck[];
  readonly at?: number;
  readonly atHead?: ReadonlyMap<string, boolean>;
}
function look({ facts = {}, figures: more = {}, probed = [], at = good.now, atHead }: Seen = {}) {
  const seen = {
    ...{ facts: { ...good, ...facts }, figures: { ...figures, ...more }, probed, at },
    ...(atHead && { atHead }),
  };
  const { hypervisor, vms } = statusOf(fleet, hv1 as NonNullable<typeof hv1>, seen);
  return { hypervisor, web1: vms.find((vm) => vm.name === 'web1') };
}
const withWeb1 = (vm: Partial<VmFacts>) => ({ vms: withEntry(good.vms, 'web1', vm) });
const ends = (restarts: number, last?: Ends['last']) => ({
  ends: new Map([['web1', { restarts, ...(last && { last }) }]]),
});
const mute = {
  answers: new Map([
    ['10.1.0.2', false],
    ['10.2.0.2', true],
  ]),
};

describe('a vm', () => {
  test('that is as it should be is Ready and well', () => {
    expect(look().web1).toMatchObject({ state: 'Ready', health: 'ok', standing: 'well' });
  });

  test('that its hypervisor gave up is Failed since then, with the reason and the way out', () => {
    const known = {
      state: 'Failed',
      since: good.now - 90,
      why: 'it ended 5 times in 10m',
      restarts: 5,
    } as const;
    const gone = withWeb1({ unit: unit('inactive') });
    const { web1 } = look({ facts: gone, figures: { known: new Map([['web1', known]]) } });
    expect(web1).toMatchObject({ state: 'Failed', standing: 'wrong', since: good.now - 90, known });
    expect(web1?.findings[0]).toEqual({
      code: 'given-up',
      wrong: true,
      message: 'its hypervisor gave it up, after it was restarted 5 times: it ended 5 times in 10m',
      hint: 'fleet logs web1 shows its last lines; fleet start web1 tries again',
    });
    // Somebody started it since.
    const well = look({ figures: { known: new Map([['web1', known]]) } }).web1;
    expect(well).toMatchObject({ state: 'Ready', standing: 'well', findings: [] });
  });

  test('that looks well, and that its hypervisor knows not to be, is not; of another life that says nothing', () => {
    const known: Known = {
      ...({ state: 'Failed', health: 'failing' } as const),
      ...{ since: good.now - 90, restarts: 5 },
      ...{ why: 'virtiofsd: 1 of its 2 virtiofsd died', invocation: 'life2' },
    };
    const runs = (invocation: string, more: Partial<Known> = {}) =>
      look({
        facts: withWeb1({ unit: unit('active', { invocation }) }),
        figures: { known: new Map<string, Known>([['web1', { ...known, ...more }]]) },
      }).web1;
    expect(runs('life2')).toMatchObject({
      ...{ state: 'Failed', health: 'failing', standing: 'wrong', since: good.now - 90 },
      findings: [{ code: 'given-up', hint: expect.stringContaining('fleet restart web1') }],
    });
    expect(runs('life2', { state: 'Ready' })).toMatchObject({
      ...{ state: 'Ready', health: 'failing', standing: 'wrong' },
      findings: [{ code: 'unhealthy', message: expect.stringContaining('virtiofsd died') }],
    });
    expect(runs('life3')).toMatchObject({ state: 'Ready', health: 'ok', standing: 'well' });
  });

  test.each([
    ['is stopped', unit('inactive'), 'Terminated'],
    ['gave up', unit('failed', { sub: 'failed' }), 'Failed'],
    ['crashed, and waits for its next try', unit('activating', { sub: 'auto-restart' }), 'Failed'],
  ])('that %s is wrong, with its unit as the reason', (_, of, state) => {
    const { web1 } = look({ facts: withWeb1({ unit: of }) });
    expect(web1).toMatchObject({ state, standing: 'wrong', health: 'failing' });
    expect(web1?.findings.map((f) => f.message)).toEqual([
      expect.stringMatching(/^microvm@web1 is .*: fleet (start|logs) web1$/),
    ]);
  });

  test.each([
    ['activating', unit('activating', { sub: 'start' }), 'Starting'],
    ['deactivating', unit('deactivating', { sub: 'stop' }), 'Draining'],
  ])('that is %s is moving', (_, of, state) => {
    const { web1 } = look({ facts: withWeb1({ unit: of }) });
    expect(web1).toMatchObject({ state, standing: 'moving', health: 'unknown' });
  });

  test('between two tries of a crash loop has failed, and nobody need start it', () => {
    const waits = { unit: unit('inactive', { queued: true }), virtiofsd: unit('activating') };
    const facts = withWeb1(waits);
    expect(look({ facts }).web1?.state).toBe('Starting');
    const last = { at: good.now - 3, code: 1 };
    const { web1 } = look({ facts, figures: ends(7, last) });
    expect(web1).toMatchObject({ state: 'Failed', since: good.now - 3 });
    expect(web1?.ends).toEqual({ restarts: 7, last, cut: false });
    expect(web1?.findings.map((f) => f.message)).toEqual([
      'microvm@web1 is started again and again, and ends: fleet logs web1',
    ]);
    const loop = { ends: new Map([['web1', { restarts: 7, lately: 7, last }]]) };
    const { findings } = look({ facts, figures: loop }).web1 ?? {};
    expect(findings?.map((f) => f.code)).toContain('restart-loop');
  });

  test('that does not answer is starting until its deadline, and has failed after it', () => {
    const young = { ...withWeb1({ unit: unit('active', { activeFor: 3 }) }), ...mute };
    expect(look({ facts: young }).web1).toMatchObject({ state: 'Starting', standing: 'moving' });
    const old = { ...withWeb1({ unit: unit('active', { activeFor: 9999 }) }), ...mute };
    const { web1 } = look({ facts: old });
    expect(web1).toMatchObject({ state: 'Failed', standing: 'wrong', health: 'failing' });
    expect(web1?.findings).toEqual([
      {
        code: 'no-answer',
        message: 'does not answer (ping 10.1.0.2): fleet restart web1',
        wrong: true,
      },
    ]);
    expect(web1).not.toHaveProperty('since');
  });

  test('that somebody stopped says who; it is wrong, unless that is held', () => {
    const stop = { operator: 'eve@desk', since: good.now - 60 };
    const down = (isHeld: boolean) => ({
      ...withWeb1({ unit: unit('inactive'), virtiofsd: unit('inactive'), booted: undefined }),
      stopped: new Map([['web1', { ...stop, isHeld }]]),
    });
    const { web1 } = look({ facts: down(false) });
    expect(web1).toMatchObject({ state: 'Terminated', standing: 'wrong', since: good.now - 60 });
    expect(web1?.findings[0]?.message).toMatch(/^stopped by eve@desk .*: fleet start web1$/);
    expect(look({ facts: down(true) }).web1).toMatchObject({
      ...{ state: 'Terminated', wanted: 'stopped', standing: 'noted', stopped: { isHeld: true } },
    });
  });

  test('that fails a check of fleet.yaml is wrong', () => {
    const says = 'tcp 80: expected connects, seen refused';
    const probe = { target: 'web1', check: 'tcp 80', ok: false, expected: 'connects' };
    const fault = { code: 'check', says } as const;
    const { web1 } = look({ probed: [{ ...probe, seen: 'refused', fault }] });
    expect(web1).toMatchObject({ standing: 'wrong', health: 'failing' });
    expect(web1?.findings.map((f) => f.message)).toEqual([`${says}: fleet restart web1`]);
  });

  test('that fails a command inside of it names the way in', () => {
    const seen = 'exit 1: /data is full';
    const fault = { code: 'check', says: `run df: expected exit 0, seen ${seen}` } as const;
    const probe = { target: 'web1', check: 'run df', ok: false, expected: 'exit 0', seen, fault };
    const { web1 } = look({ probed: [probe] });
    expect(web1?.findings[0]?.message).toMatch(/: fleet ssh web1; or fleet restart web1$/);
  });

  const returned = { at: good.now - 60, signal: 'KILL', broughtBack: true as const };

  test('that ended by itself and came back is noted', () => {
    const { web1 } = look({ figures: ends(1, returned) });
    expect(web1).toMatchObject({ state: 'Ready', standing: 'noted', health: 'ok' });
    expect(web1?.findings).toMatchObject([{ code: 'came-back' }]);
  });

  test('that its hypervisor restarted by itself is noted for a day, with the reason', () => {
    const at = good.now - 4000;
    const lastEnd = { at, who: 'fleet', why: 'answers: no answer' };
    const known = { state: 'Ready', restarts: 3, lastEnd } as const;
    const seen = (more: Partial<Known> = {}, facts = {}) =>
      look({ facts, figures: { known: new Map([['web1', { ...known, ...more }]]) } }).web1;
    expect(seen()).toMatchObject({ standing: 'noted', health: 'ok' });
    expect(seen()?.findings).toEqual([
      {
        ...{ code: 'came-back', wrong: false },
        message:
          'it ended (answers: no answer), and its hypervisor started it again: fleet logs web1',
      },
    ]);
    // One that did not keep when: how many there were.
    expect(seen()?.ends).toEqual({ restarts: 3, cut: false });
    const deployed = withEntry(good.deployed, 'web1', { since: at + 1 });
    for (const well of [
      seen({ restarts: 0 }),
      seen({ lastEnd: { ...lastEnd, at: good.now - 90_000 } }),
      seen({ lastEnd: { ...lastEnd, who: 'shutdown' } }),
      seen({}, { deployed }),
    ])
      expect(well?.standing).toBe('well');
  });

  test('that hung and was restarted by its hypervisor counts as restarted, in the last day', () => {
    const [ago, hung] = [(n: number) => good.now - n, { who: 'fleet', why: 'tcp 80: refused' }];
    const seen = (restarts: number, returned: readonly number[], bySystemd = {}) => {
      const lastEnd = { at: returned[0] ?? 0, ...hung };
      const known = { state: 'Ready', restarts, returned, lastEnd } as const;
      return look({ figures: { known: new Map([['web1', known]]), ...bySystemd } }).web1;
    };
    const web1 = seen(4, [ago(4000), ago(8000), ago(12_000), ago(90_000)]);
    expect(web1?.ends).toEqual({ restarts: 3, lately: 1, cut: false });
    expect(web1?.findings).toMatchObject([
      {
        code: 'came-back',
        message:
          'it ended (tcp 80: refused), and its hypervisor started it again, 3 times in 24 h: fleet logs web1',
      },
    ]);
    const one = seen(1, [ago(10)], ends(2, { ...returned, at: ago(5000), broughtBack: true }));
    expect(one?.ends?.restarts).toBe(2);
    const often = seen(99, Array(40).fill(ago(700)));
    expect(often).toMatchObject({ standing: 'noted', ends: { restarts: 40, cut: true } });
    const loop = [ago(10), ago(200), ago(400)];
    expect(seen(3, loop)).toMatchObject({
      ...{ state: 'Ready', standing: 'wrong', findings: [{ code: 'restart-loop' }] },
    });
    // A person has started it since.
    expect(seen(1, loop)?.findings).toMatchObject([{ code: 'came-back' }]);
  });

  test('that does so again and again is wrong, whatever it looks like just now, until it is a while ago', () => {
    const often = (at: number) => ({
      ends: new Map([['web1', { restarts: 9, lately: 3, last: { ...returned, at } }]]),
    });
    expect(look({ figures: often(good.now - 60) }).web1).toMatchObject({
      ...{ state: 'Ready', standing: 'wrong', findings: [{ code: 'restart-loop' }] },
    });
    expect(look({ figures: often(good.now - 700) }).web1?.standing).toBe('noted');
    const deployed = withEntry(good.deployed, 'web1', { since: good.now - 59 });
    const { web1 } = look({ facts: { deployed }, figures: often(good.now - 60) });
    expect(web1?.standing).toBe('well');
  });

  test('that was never deployed is noted, not wrong', () => {
    const without = <T>(map: ReadonlyMap<string, T>) =>
      new Map([...map].filter(([name]) => name !== 'web1'));
    const facts = { vms: without(good.vms), deployed: without(good.deployed) };
    expect(look({ facts }).web1).toMatchObject({ state: 'Terminated', standing: 'noted' });
  });

  test('whose folder is gone though it was deployed is wrong', () => {
    const vms = new Map([...good.vms].filter(([name]) => name !== 'web1'));
    expect(look({ facts: { vms } }).web1).toMatchObject({ state: 'Terminated', standing: 'wrong' });
  });

  test('has the commit it was deployed of, and who deployed that last', () => {
    const commit = good.deployed.get('web1')?.commit ?? '';
    const past = [
      { id: '0', operator: 'ada@desk', commit: 'first', started: 0, result: 'done' },
      { id: '1', operator: 'ada@desk', commit: 'bad', started: 1, result: 'rolled-back' },
      { id: '1', operator: 'ada@desk', commit, started: 1, result: 'done' },
      { id: '2', operator: 'grace@desk', commit, started: 2 },
      { id: '3', operator: 'eve@desk', commit: 'other', started: 3 },
    ];
    expect(look({ figures: { past } }).web1?.origin).toMatchObject({
      commit,
      operator: 'grace@desk',
      follows: 'first',
    });
  });
});

test('of a vm that a journal too long to be read says nothing of, nobody knows how often it ended', () => {
  expect(look({ figures: { endsCut: true } }).web1?.ends).toEqual({ restarts: 0, cut: true });
});

describe('a hypervisor', () => {
  test('says what it found that nobody owns, and that its watch does not look', () => {
    const orphans = [
      { what: 'process', name: '4711 qemu-system-x86 (vm-left)' },
      { what: 'folder', name: 'left' },
    ];
    const said = look({ figures: { orphans, watched: 4700 } }).hypervisor;
    expect(said).toMatchObject({ standing: 'noted', findings: [{ code: 'unowned' }] });
    const blind = look({ figures: { watched: 4000 } }).hypervisor;
    expect(blind.standing).toBe('wrong');
    expect(blind.findings.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^its watch has not looked at its guests for 11 min/),
    ]);
    const never = look({ figures: { watched: 0 } }).hypervisor.findings;
    expect(never[0]?.message).toContain('since it booted');
  });

  test('as it should be is well', () => {
    expect(look().hypervisor).toMatchObject({ standing: 'well', reachable: true, uptime: 4711 });
  });

  test('on which somebody deploys is moving, with the step in hand', () => {
    const open = openDeployment('d1', { since: good.now - 20 });
    const phases = new Map([['d1', { name: 'switch', since: good.now - 4, runs: true }]]);
    const { hypervisor } = look({ facts: { open: [open], lock: open }, figures: { phases } });
    expect(hypervisor.standing).toBe('moving');
    expect(hypervisor.underWay).toMatchObject({ id: 'd1', phase: 'switch' });
    expect(hypervisor.findings).toEqual([]);
  });

  test('with a deployment that died is wrong', () => {
    const open = openDeployment('d1', { atWork: false });
    const { hypervisor } = look({ facts: { open: [open], lock: open } });
    expect(hypervisor).toMatchObject({ standing: 'wrong' });
    expect(hypervisor).not.toHaveProperty('underWay');
  });

  test('with a deployment whose fleet is silent for long is wrong, and says what becomes of it', () => {
    const left = Math.floor(fleet.fleet.rollout.confirm / 4000);
    const open = openDeployment('d1', { left });
    const facts = { open: [open], lock: open };
    const phases = new Map([['d1', { name: 'build', since: good.now - 400, runs: true }]]);
    expect(look({ facts, figures: { phases } }).hypervisor.findings).toEqual([]);
    const { hypervisor } = look({ facts });
    expect(hypervisor).toMatchObject({ standing: 'wrong', underWay: { id: 'd1' } });
    expect(hypervisor.findings[0]?.message).toMatch(
      /^nothing was heard of its fleet for \d+ s; .*\(fleet apply --resume d1\)/,
    );
  });

  const at = good.checkout?.commit ?? '';
  const done = { id: '1', operator: 'ada@desk', commit: at, started: 1, result: 'done' };
  const failure = { failure: 'build failed on hv1', result: 'untouched', isOfCommit: true };
  const failed = { id: '2', operator: 'ada@desk', commit: 'b'.repeat(40), started: 2, ...failure };

  test('whose checkout somebody moved is wrong', () => {
    const checkout = { commit: 'e'.repeat(40), branch: 'fleet', dirty: 0 };
    const figures = { past: [done] };
    expect(look({ figures }).hypervisor.standing).toBe('well');
    expect(look({ figures, facts: { checkout } }).hypervisor.findings).toMatchObject([
      { code: 'checkout', wrong: true },
    ]);
    const left = { ...checkout, commit: failed.commit };
    const { findings } = look({
      figures: { past: [done, failed] },
      facts: { checkout: left },
    }).hypervisor;
    expect(findings.map((f) => f.code)).toEqual(['last-failed']);
  });

  test('says why the last deployment changed nothing, and how its commit is taken back', () => {
    const { hypervisor } = look({ figures: { past: [done, failed] } });
    expect(hypervisor).toMatchObject({ standing: 'noted' });
    expect(hypervisor.findings).toEqual([
      {
        code: 'last-failed',
        message: 'the last deployment changed nothing: build failed on hv1 (fleet history 2)',
        hint: `To take its commit back: git revert --no-edit ${at.slice(0, 8)}..bbbbbbbb && git push\nThen: fleet apply`,
        wrong: false,
      },
    ]);
    const worldly = { ...failed, isOfCommit: false };
    expect(look({ figures: { past: [done, worldly] } }).hypervisor.findings[0]?.hint).toBe(
      undefined,
    );
    expect(
      look({ figures: { past: [done, failed, { ...done, id: '3' }] } }).hypervisor.findings,
    ).toEqual([]);
  });

  test.each<[string, Record<string, boolean>, readonly (string | undefined)[]]>([
    ['the branch has it', { [at]: false, [failed.commit]: true }, ['take its commit back']],
    ['the branch has something else', { [at]: false, [failed.commit]: false }, [undefined]],
    ['the branch is back at what runs', { [at]: true, [failed.commit]: false }, []],
    ['this clone has not fetched it', { [at]: true }, ['take its commit back']],
  ])('tells how to take a commit back that failed, while %s', (_, atHead, hints) => {
    const seen = { figures: { past: [done, failed] }, atHead: new Map(Object.entries(atHead)) };
    expect(look(seen).hypervisor.findings.map((f) => f.hint)).toEqual(
      hints.map((hint) => hint && expect.stringContaining(hint)),
    );
  });

  test.each([
    ['a disk that is full', { facts: { freeKiB: new Map([['/nix/store', 1000]]) } }, 'disk'],
    ['a clock that is an hour off', { at: good.now - 3600 }, 'clock'],
    [
      'a checkout changed by hand',
      { facts: { checkout: { commit: 'x', branch: 'fleet', dirty: 1 } } },
      'dirty',
    ],
    ['another system than deployed', { facts: { currentSystem: '/nix/store/x' } }, 'system'],
  ])('with %s is wrong', (_, seen: Seen, code) => {
    const { hypervisor } = look(seen);
    expect(hypervisor.standing).toBe('wrong');
    expect(hypervisor.findings.filter((f) => f.wrong).map((f) => f.code)).toContain(code);
  });

  test('that waits for a reboot is noted', () => {
    const { hypervisor } = look({ facts: { rebootFor: ['kernel'] } });
    expect(hypervisor).toMatchObject({ standing: 'noted', rebootFor: ['kernel'] });
  });

  test('that is silent is wrong, and of its vms nothing is known', () => {
    const error = { code: 'ssh.timed-out', message: 'no answer', hint: 'ping it' };
    const { hypervisor, vms } = silent(fleet, hv1, error);
    expect(hypervisor).toMatchObject({ standing: 'wrong', reachable: false });
    expect(hypervisor.findings).toEqual([{ ...error, wrong: true }]);
    expect(vms.map(({ state, standing }) => [state, standing])).toEqual([
      ['Unknown', 'unknown'],
      ['Unknown', 'unknown'],
    ]);
  });
});

test('the worst comes first, and among equals the name decides', () => {
  const rows = [
    { name: 'd', standing: 'well' },
    { name: 'b', standing: 'wrong' },
    { name: 'c', standing: 'moving' },
    { name: 'a', standing: 'wrong' },
  ] as const;
  expect(byStanding(rows).map((r) => r.name)).toEqual(['a', 'b', 'c', 'd']);
});
