import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type Deployed, gitFollows } from '../../src/app/git/git-follows.ts';
import { quarantined } from '../../src/app/survey/bad.ts';
import { FleetError } from '../../src/model/errors.ts';
import type { Deployed as Deployment, Facts } from '../../src/model/facts.ts';
import type { HypervisorResult } from '../../src/model/result.ts';
import { deployedFacts, index } from '../plan/situation.ts';
import { openRepo, settings, useSandbox } from '../repo/sandbox.ts';

const box = useSandbox();
const seen = deployedFacts(index(), 'hv1');
/** A hypervisor whose checkout is at a commit, and that says what was recorded there last. */
const facts = (of: { checkout?: string; recorded?: string }): Facts => ({
  ...seen,
  checkout:
    of.checkout === undefined ? undefined : { commit: of.checkout, branch: 'fleet', dirty: 0 },
  deployed: new Map(
    of.recorded === undefined
      ? []
      : [...seen.deployed].map(([name, record]) => [
          name,
          { ...record, commit: of.recorded as string },
        ]),
  ),
});
/** The remote knows which hypervisor has which commit. */
function deployed(of: Record<string, string>): void {
  for (const [name, commit] of Object.entries(of))
    box.desk.git('push', '-q', 'origin', `+${commit}:refs/fleet/deployed/${name}`);
}
const short = (commit: string | undefined) => commit?.slice(0, 8);
const sick = new FleetError('verify.not-healthy', 'web1 is not healthy after 120 s', {
  blames: 'commit',
});

const done = (hypervisor: string): HypervisorResult => ({ hypervisor, outcome: 'done', lines: [] });
const back = (hypervisor: string, failure?: FleetError): HypervisorResult => ({
  hypervisor,
  outcome: 'rolled-back',
  lines: [],
  ...(failure ? { failure } : { because: 'hv1 failed' }),
});

/** A good commit that hypervisors are on, and one on top of it that was pushed. */
function twoCommits(): { good: string; commit: string; tree: string } {
  const { desk } = box;
  const good = desk.git('rev-parse', 'HEAD');
  desk.write('fleet.yaml', 'version: 2\n');
  const commit = desk.commitAll('web1 gets more memory');
  desk.git('push', '-q', 'origin', 'main');
  return { good, commit, tree: desk.git('rev-parse', 'HEAD^{tree}') };
}

async function follow(of: Partial<Deployed> & Pick<Deployed, 'commit' | 'results'>) {
  const repo = await openRepo(box.desk.dir);
  const said: string[] = [];
  const input: Deployed = {
    settings: { ...settings, branch: 'main' },
    onFailure: 'revert-fleet',
    forced: undefined,
    hypervisors: ['hv1', 'hv2', 'hv3'],
    rendered: new Set(['hosts/web1/default.nix']),
    before: new Map(),
    ...of,
  };
  const followed = await gitFollows(repo, input, (text) => said.push(text));
  const state = await repo.remoteState(settings).catch(() => undefined);
  return { followed, said, bad: state?.bad, deployed: state?.deployed, head: state?.head };
}

describe('git follows a deployment', () => {
  test('that is done: which commit each hypervisor has', async () => {
    const { commit } = twoCommits();
    const { followed, said, ...now } = await follow({
      commit,
      results: [done('hv1'), done('hv2')],
    });
    expect(followed).toEqual({});
    expect(now).toEqual({
      bad: new Map(),
      deployed: new Map([
        ['hv1', commit],
        ['hv2', commit],
      ]),
      head: commit,
    });
    expect(said).toEqual([]);
  });

  test('that was rolled back for a commit: quarantined, and reverted, here and at the remote', async () => {
    const { commit, good, tree } = twoCommits();
    deployed({ hv1: good, hv2: good });
    const results = [back('hv1', sick), back('hv2')];
    const { said, bad, head } = await follow({ commit, results });
    const { desk } = box;
    expect(bad).toEqual(new Map([[tree, commit]]));
    expect(desk.git('rev-parse', 'HEAD')).toBe(head);
    expect(desk.git('rev-parse', `${head}^{tree}`)).toBe(desk.git('rev-parse', `${good}^{tree}`));
    expect(desk.git('rev-parse', `${head}^`)).toBe(commit);
    expect(desk.status()).toEqual([]);
    expect(desk.git('log', '-1', '--format=%B', head as string)).toBe(
      [
        `Revert to ${short(good)}: ${short(commit)} was rolled back`,
        '',
        'hv1: web1 is not healthy after 120 s',
        '',
        'Takes back:',
        `  ${desk.git('rev-parse', '--short', commit)} web1 gets more memory`,
      ].join('\n'),
    );
    expect(said).toEqual([
      `Commit ${short(commit)} is quarantined: apply refuses this tree without --force.`,
      `Pushed revert ${short(head)} to main. Your change is still in commit ${short(commit)}.`,
      `To edit it again: git restore --source ${short(commit)} -- fleet.yaml`,
    ]);
    // And that is the way: rendered files are rendered again.
    desk.git('restore', '--source', commit, '--', 'fleet.yaml');
    expect(desk.read('fleet.yaml')).toBe('version: 2\n');
  });

  test('a change to many files comes back as a whole', async () => {
    const { good } = twoCommits();
    const { desk } = box;
    deployed({ hv1: good });
    for (const name of ['a', 'b', 'c', 'd']) desk.write(name, '1\n');
    desk.remove('fleet.yaml');
    const commit = desk.commitAll('many');
    desk.git('push', '-q', 'origin', 'main');
    const { said, head } = await follow({ commit, results: [back('hv1', sick)] });
    expect(said.at(-1)).toBe(`To edit it again: git revert --no-commit ${short(head)}`);
    desk.git('revert', '--no-commit', head as string);
    expect(desk.git('write-tree')).toBe(desk.git('rev-parse', `${commit}^{tree}`));
  });

  test('git.revert: false: it is quarantined, and nothing is reverted', async () => {
    const { commit, good, tree } = twoCommits();
    deployed({ hv1: good });
    const { bad, head, said } = await follow({
      commit,
      settings: { ...settings, branch: 'main', revert: false },
      results: [back('hv1', sick)],
    });
    expect(bad?.get(tree)).toBe(commit);
    expect(head).toBe(commit);
    expect(said).toHaveLength(1);
  });

  test.each([
    [
      'of other files',
      (good: string, commit: string) => ['-p', commit, '-m', 'x', `${good}~1^{tree}`],
    ],
    [
      'of the bad files',
      (_: string, commit: string) => ['-p', commit, '-m', 'x', `${commit}^{tree}`],
    ],
    ['on another commit', (good: string) => ['-p', good, '-m', 'x', `${good}^{tree}`]],
  ])('a branch that somebody named as the revert is none: %s', async (_, forged) => {
    box.desk.write('old', '1\n');
    box.desk.commitAll('old');
    const { commit, good } = twoCommits();
    const { desk } = box;
    deployed({ hv1: good });
    const name = `fleet/revert-${short(commit)}`;
    const evil = desk.git('commit-tree', ...forged(good, commit));
    desk.git('push', '-q', 'origin', `${evil}:refs/heads/${name}`);
    const proposing = { ...settings, branch: 'main', revert: 'pull-request' } as const;
    const again = { commit, settings: proposing, results: [back('hv1', sick)] };
    const first = await follow(again);
    const second = await follow(again);
    expect(first.said[0]).toBe(
      `Branch ${name} at origin is not fleet's: it is no revert of ${short(commit)}.`,
    );
    const [revert, branch] = desk.git('ls-remote', 'origin', `${name}-2`).split(/\s+refs\/heads\//);
    expect(branch).toBe(`${name}-2`);
    expect(desk.git('rev-parse', `${revert}^`, `${revert}^{tree}`)).toBe(
      `${commit}\n${desk.git('rev-parse', `${good}^{tree}`)}`,
    );
    expect(first.followed).toEqual({
      revertedBy: revert,
      revertBranch: `${name}-2`,
      revertBase: 'main',
    });
    expect(second.followed).toEqual(first.followed);
    // A plan names the genuine one, too.
    const repo = await openRepo(desk.dir);
    const state = await repo.remoteState(settings);
    expect(
      await quarantined(repo, settings, { contents: new Map(), head: undefined }, state),
    ).toMatchObject({
      commit,
      revertBranch: `${name}-2`,
    });
  });
});

describe('a revert', () => {
  const failing = [back('hv1', sick)];

  test('goes to nothing where nothing was confirmed, though checkouts stand somewhere', async () => {
    const { commit, good, tree } = twoCommits();
    const before = new Map([['hv1', facts({ checkout: good })]]);
    const { bad, head, said } = await follow({ commit, before, results: failing });
    expect(bad?.get(tree)).toBe(commit);
    expect(head).toBe(commit);
    expect(said[0]).toBe('Nothing is reverted: no commit was deployed and confirmed before.');
  });

  test('of several first tries in a row goes to nothing, and least of all to the one before', async () => {
    const { desk } = box;
    const first = twoCommits();
    await follow({ commit: first.commit, results: failing });
    desk.write('fleet.yaml', 'version: mended\n');
    const commit = desk.commitAll('mended, with another mistake');
    desk.git('push', '-q', 'origin', 'main');
    const before = new Map([['hv1', facts({ checkout: first.commit })]]);
    const { bad, head } = await follow({ commit, before, results: failing });
    expect(head).toBe(commit);
    expect(bad?.size).toBe(2);
    expect(desk.read('fleet.yaml')).toBe('version: mended\n');
  });

  test('goes past a commit that failed before, where a power cut left the checkout on it', async () => {
    const { desk } = box;
    const { commit: bad, good } = twoCommits();
    deployed({ hv1: good, hv2: good });
    await follow({ commit: bad, results: failing });
    desk.write('fleet.yaml', 'version: another mistake\n');
    const commit = desk.commitAll('another');
    desk.git('push', '-q', 'origin', 'main');
    const before = new Map([['hv1', facts({ checkout: bad, recorded: good })]]);
    const { head } = await follow({ commit, before, results: failing });
    expect(desk.git('rev-parse', `${head}^{tree}`)).toBe(desk.git('rev-parse', `${good}^{tree}`));
  });

  test('goes to what the remote knows, wherever a hypervisor says that its checkout stands', async () => {
    const { desk } = box;
    const { good: ancient, commit: good } = twoCommits();
    deployed({ hv1: good, hv2: good });
    desk.write('fleet.yaml', 'version: 3\n');
    const commit = desk.commitAll('three');
    desk.git('push', '-q', 'origin', 'main');
    const before = new Map([['hv1', facts({ checkout: ancient, recorded: ancient })]]);
    const { head } = await follow({ commit, before, results: failing });
    expect(desk.git('rev-parse', `${head}^{tree}`)).toBe(desk.git('rev-parse', `${good}^{tree}`));
  });

  test('never goes behind what other hypervisors have', async () => {
    const { desk } = box;
    const { good: old, commit: newer } = twoCommits();
    deployed({ hv1: old, hv2: newer, gone: old });
    desk.write('fleet.yaml', 'version: 3\n');
    const commit = desk.commitAll('three');
    desk.git('push', '-q', 'origin', 'main');
    const { head, said } = await follow({ commit, results: failing });
    expect(desk.git('rev-parse', `${head}^{tree}`)).toBe(desk.git('rev-parse', `${newer}^{tree}`));
    expect(said[0]).toBe(`${short(newer)} is deployed on hv2; hv1 has ${short(old)}.`);
  });

  test('is not made of what runs elsewhere: nor is that quarantined', async () => {
    const { commit, good } = twoCommits();
    deployed({ hv1: good, hv2: commit });
    const { bad, head, said } = await follow({ commit, results: failing });
    expect([bad?.size, head]).toEqual([0, commit]);
    expect(said[0]).toBe(
      `${short(commit)} is neither quarantined nor reverted: it is deployed on hv2.`,
    );
  });

  test('is not made where a hypervisor has what is on another branch', async () => {
    const { desk } = box;
    const { commit, good, tree } = twoCommits();
    desk.git('switch', '-qc', 'side', good);
    desk.write('side', '1\n');
    const side = desk.commitAll('side');
    deployed({ hv1: good, hv2: side });
    desk.git('switch', '-q', 'main');
    const { bad, head, said } = await follow({ commit, results: failing });
    expect([bad?.get(tree), head]).toEqual([commit, commit]);
    expect(said[0]).toContain(`hv2 has ${short(side)}, which is not in the history`);
  });

  test('is made also where a vm was rolled back since, which records no commit', async () => {
    const { commit, good } = twoCommits();
    deployed({ hv1: good });
    const told = facts({ recorded: good });
    const records = new Map(told.deployed);
    const [name, record] = [...records].at(-1) as [string, Deployment];
    records.set(name, { ...record, commit: '-', since: record.since + 60 });
    const before = new Map([['hv1', { ...told, deployed: records }]]);
    const { head, said } = await follow({ commit, before, results: failing });
    expect(head, said.join('\n')).not.toBe(commit);
    expect(said).toContain(
      `Pushed revert ${short(head)} to main. Your change is still in commit ${short(commit)}.`,
    );
  });

  test.each([
    ['knows of none', undefined],
    ['has an older one', 'good'],
  ])('is not made where a hypervisor recorded a commit, and the remote %s', async (_, theirs) => {
    const { desk } = box;
    const { good, commit: newer } = twoCommits();
    if (theirs) deployed({ hv1: good });
    desk.write('fleet.yaml', 'version: 3\n');
    const commit = desk.commitAll('three');
    desk.git('push', '-q', 'origin', 'main');
    const before = new Map([['hv1', facts({ recorded: newer })]]);
    const { bad, head, said } = await follow({ commit, before, results: failing });
    expect([bad?.size, head]).toEqual([1, commit]);
    expect(said[0]).toContain(`hv1 reports ${short(newer)} as deployed, the remote has`);
  });

  test('never goes to a tree that is quarantined', async () => {
    const { desk } = box;
    const { good, commit } = twoCommits();
    deployed({ hv1: good });
    desk.git(
      'push',
      '-q',
      'origin',
      `${good}:refs/fleet/bad/${desk.git('rev-parse', `${good}^{tree}`)}`,
    );
    const { head, said } = await follow({ commit, results: failing });
    expect(head).toBe(commit);
    expect(said[0]).toBe(`Nothing is reverted: ${short(good)}, deployed on hv1, is quarantined.`);
  });

  test('is not made of what the hypervisors had already, nor of another commit with its content', async () => {
    const { commit, good } = twoCommits();
    deployed({ hv1: commit });
    const same = await follow({ commit, results: failing });
    expect([same.bad?.size, same.head]).toEqual([0, commit]);
    deployed({ hv1: good });
    box.desk.git('revert', '--no-edit', 'HEAD');
    const content = box.desk.git('rev-parse', 'HEAD');
    expect((await follow({ commit: content, results: failing })).bad?.size).toBe(0);
  });
});

describe('whom a failure blames', () => {
  const codes = [...new Set(allCodes())].sort();

  test('is known for every code there is', () => {
    expect(codes.length).toBeGreaterThan(80);
    expect(codes).toEqual(expect.arrayContaining(['step.ended', 'confirm.no-space', 'ssh.lost']));
  });

  test('by its code alone is the world, or the user: nothing is quarantined', () => {
    const blamed = codes.filter((code) => new FleetError(code, 'x').blames === 'commit');
    expect(blamed).toEqual([]);
  });

  test('is the commit where a check, a switch, a build or a guest of its own fails', () => {
    const found = sources().flatMap(([path, text]) =>
      [...text.matchAll(/blames: 'commit'|blaming\('commit'\)/g)].map(() => path),
    );
    expect(new Set(found)).toEqual(
      new Set(['app/build.ts', 'deploy/blame.ts', 'deploy/switch.ts', 'model/not-healthy.ts']),
    );
  });

  test('a failure that blames the commit reverts it, one that does not leaves it', async () => {
    const { commit, good } = twoCommits();
    deployed({ hv1: good });
    for (const failure of [
      new FleetError('verify.not-healthy', 'x', { blames: 'world' }),
      new FleetError('confirm.no-space', 'x'),
      new FleetError('step.ended', 'x'),
    ]) {
      const { bad, head, said } = await follow({ commit, results: [back('hv1', failure)] });
      expect([bad?.size, head]).toEqual([0, commit]);
      expect(said).toEqual([
        `The failure does not look like the fault of ${short(commit)}: nothing is reverted.`,
      ]);
    }
    const { bad, head } = await follow({ commit, results: [back('hv1', sick)] });
    expect(bad?.size).toBe(1);
    expect(head).not.toBe(commit);
  });

  test('a hypervisor that nobody has seen again after its switch blames nobody', async () => {
    const { commit, good } = twoCommits();
    deployed({ hv1: good });
    const failure = new FleetError('switch.unreachable', 'x', { blames: 'commit' });
    const lost: HypervisorResult = { ...back('hv1', failure), outcome: 'rollback-failed' };
    expect((await follow({ commit, results: [lost] })).bad?.size).toBe(0);
    expect((await follow({ commit, results: [back('hv1', failure)] })).bad?.size).toBe(1);
  });

  test('a build that failed changed nothing: the commit stays on the branch', async () => {
    const { commit, good } = twoCommits();
    deployed({ hv1: good });
    const failure = new FleetError('remote.failed', 'build failed', { blames: 'commit' });
    const results: HypervisorResult[] = [{ ...back('hv1', failure), outcome: 'untouched' }];
    const { bad, said } = await follow({ commit, results });
    expect(bad).toEqual(new Map());
    expect(said).toEqual([]);
  });

  test.each(['halt', 'revert-hypervisor'] as const)(
    'with onFailure: %s a commit at fault stays, and that is the reason given',
    async (onFailure) => {
      const { commit } = twoCommits();
      const failed = { ...back('worker', sick) };
      const some = await follow({
        commit,
        onFailure,
        results: [done('hv1'), done('hv2'), failed],
      });
      expect(some.said).toEqual([
        `onFailure is ${onFailure}: hv1, hv2 keep ${short(commit)}, and nothing is reverted. Fix worker and apply again.`,
      ]);
      const alone = await follow({ commit, onFailure, results: [failed] });
      expect(alone.said).toEqual([
        `onFailure is ${onFailure}: nothing is reverted. Fix worker and apply again.`,
      ]);
    },
  );

  test('a deployment that a person stopped leaves the commit, and says how to take it back', async () => {
    const { commit, good } = twoCommits();
    const results: HypervisorResult[] = [
      back('hv1', new FleetError('interrupted', 'interrupted')),
      { hypervisor: 'hv2', outcome: 'untouched', lines: [], because: 'interrupted' },
    ];
    const before = new Map([['hv1', facts({ recorded: good })]]);
    const { said, head, bad } = await follow({ commit, results, before });
    expect([head, bad?.size]).toEqual([commit, 0]);
    expect(said).toEqual([
      `Commit ${short(commit)} stays on main, neither reverted nor quarantined: the next apply deploys it.\nTo keep it from being deployed: git revert --no-edit ${short(good)}..${short(commit)} && git push`,
    ]);
    // The command does what it says.
    box.desk.git('revert', '--no-edit', `${short(good)}..${short(commit)}`);
    const tree = (of: string) => box.desk.git('rev-parse', `${of}^{tree}`);
    expect(tree('HEAD')).toBe(tree(good));
  });

  test.each(['halt', 'revert-hypervisor'] as const)(
    '%s: those that are done keep it, so it is not reverted',
    async (onFailure) => {
      const { commit, good } = twoCommits();
      deployed({ hv2: good });
      const results = [done('hv1'), back('hv2', sick)];
      const now = await follow({ commit, onFailure, results });
      expect(now.bad).toEqual(new Map());
      expect(now.deployed?.get('hv1')).toBe(commit);
      expect(now.head).toBe(commit);
    },
  );
});

describe('what is recorded', () => {
  const results = [back('hv1', sick)];

  test('a commit that was forced and is done is not bad any more', async () => {
    const { commit, good, tree } = twoCommits();
    deployed({ hv1: good });
    const failed = { commit, settings: { ...settings, branch: 'main', revert: false }, results };
    expect((await follow(failed)).bad?.has(tree)).toBe(true);
    expect((await follow({ ...failed, forced: tree })).bad?.has(tree)).toBe(true);
    const { bad } = await follow({ commit, forced: tree, results: [done('hv1')] });
    expect(bad).toEqual(new Map());
  });

  test('somebody committed here meanwhile: the revert goes to the remote, the work tree stays', async () => {
    const { commit, good } = twoCommits();
    const { desk } = box;
    deployed({ hv1: good });
    desk.write('notes', 'mine\n');
    const mine = desk.commitAll('mine');
    const { head } = await follow({ commit, results });
    expect(desk.git('rev-parse', `${head}^`)).toBe(commit);
    expect(desk.git('rev-parse', 'HEAD')).toBe(mine);
  });

  test('somebody pushed meanwhile: the revert is refused, what is known is told all the same', async () => {
    const { commit, good, tree } = twoCommits();
    deployed({ hv1: good });
    const other = box.clone('other');
    other.write('notes', 'theirs\n');
    const theirs = other.commitAll('theirs');
    other.git('push', '-q', 'origin', 'main');
    const { bad, head, said } = await follow({ commit, results });
    expect(head).toBe(theirs);
    expect(bad?.get(tree)).toBe(commit);
    expect(said[0]).toContain('Could not record all of it on origin: origin/main moved on');
    expect(said.at(-1)).toBe('The hypervisors are unaffected.');
  });

  test('a remote that is gone changes nothing about what is said of hypervisors', async () => {
    const { commit } = twoCommits();
    box.desk.git('remote', 'set-url', 'origin', `file://${box.dir}/nowhere.git`);
    const { said } = await follow({ commit, results: [done('hv1')] });
    expect(said[0]).toContain('Could not record all of it on origin');
    expect(said.at(-1)).toBe('The hypervisors are unaffected.');
  });
});

/** Every source file of fleet with its text. */
function sources(): [string, string][] {
  const top = fileURLToPath(new URL('../../src', import.meta.url));
  return readdirSync(top, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(ts|sh)$/.test(path))
    .map((path) => [path, readFileSync(join(top, path), 'utf8')]);
}

/** Codes that errors are made with, in TypeScript and in scripts. */
function allCodes(): string[] {
  return sources().flatMap(([path, text]) =>
    [
      ...text.matchAll(
        path.endsWith('.sh')
          ? /\bdie ([a-z-]+\.[a-z-]+)/g
          : /(?:FleetError|gitError|refuse|super|sshError)\(\s*['`]([a-z-]+(?:\.[a-z-]+)?)['`]/g,
      ),
    ].map(([, code = '']) => code),
  );
}
