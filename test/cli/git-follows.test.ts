import { describe, expect, test } from 'vitest';
import { type Deployed, gitFollows } from '../../src/cli/git-follows.ts';
import type { HypervisorResult } from '../../src/deploy/put-back.ts';
import type { Facts } from '../../src/host/facts.ts';
import { FleetError } from '../../src/model/errors.ts';
import { openRepo } from '../../src/repo/open.ts';
import { deployedFacts, index } from '../plan/situation.ts';
import { settings, useSandbox } from '../repo/sandbox.ts';

const box = useSandbox();
const seen = deployedFacts(index(), 'hv1');
const at = (commit: string | undefined): Facts => ({
  ...seen,
  checkout: commit === undefined ? undefined : { commit, branch: 'fleet', dirty: 0 },
});
const sick = new FleetError('verify.not-healthy', 'web1 is not healthy after 120 s');

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
  const deployed: Deployed = {
    settings: { ...settings, branch: 'main' },
    onFailure: 'revert-fleet',
    forced: undefined,
    before: new Map(),
    ...of,
  };
  await gitFollows(repo, deployed, (text) => said.push(text));
  const state = await repo.remoteState(settings).catch(() => undefined);
  return { said, bad: state?.bad, deployed: state?.deployed, head: state?.head };
}

describe('git follows a deployment', () => {
  test('that is done: which commit each hypervisor has', async () => {
    const { commit, good } = twoCommits();
    const before = new Map([['hv1', at(good)]]);
    const { said, ...now } = await follow({ commit, before, results: [done('hv1'), done('hv2')] });
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

  test('that a commit was put back for: bad, and taken back, here and at the remote', async () => {
    const { commit, good, tree } = twoCommits();
    const before = new Map([
      ['hv1', at(good)],
      ['hv2', at(good)],
    ]);
    const results = [back('hv1', sick), back('hv2')];
    const { said, bad, deployed, head } = await follow({ commit, before, results });
    const { desk } = box;
    expect(bad).toEqual(new Map([[tree, commit]]));
    expect(deployed).toEqual(new Map());
    expect(desk.git('rev-parse', 'HEAD')).toBe(head);
    expect(desk.git('rev-parse', `${head}^{tree}`)).toBe(desk.git('rev-parse', `${good}^{tree}`));
    expect(desk.git('rev-parse', `${head}^`)).toBe(commit);
    expect(desk.status()).toEqual([]);
    expect(desk.git('log', '-1', '--format=%B', head as string)).toBe(
      [
        `Return to ${good.slice(0, 8)}: ${commit.slice(0, 8)} was put back`,
        '',
        'hv1: web1 is not healthy after 120 s',
        '',
        'Takes back:',
        `  ${desk.git('rev-parse', '--short', commit)} web1 gets more memory`,
      ].join('\n'),
    );
    expect(said).toEqual([
      `${commit.slice(0, 8)} is remembered as bad: fleet apply refuses it unless told --force.`,
      `${head?.slice(0, 8)} takes it back on main; your change is in ${commit.slice(0, 8)}.`,
    ]);
  });

  test('git.revert: false: it is bad, and no commit takes it back', async () => {
    const { commit, good, tree } = twoCommits();
    const { bad, head, said } = await follow({
      commit,
      settings: { ...settings, branch: 'main', revert: false },
      before: new Map([['hv1', at(good)]]),
      results: [back('hv1', sick)],
    });
    expect(bad?.get(tree)).toBe(commit);
    expect(head).toBe(commit);
    expect(said).toHaveLength(1);
  });

  test.each([
    ['of the first commit there is nothing to return to', [undefined], 'Nothing had been deployed'],
    ['hypervisors had different ones before', ['good', undefined], 'different commits before'],
  ])('%s: it is bad, and no commit takes it back', async (_, commits, words) => {
    const { commit, good, tree } = twoCommits();
    const before = new Map(
      commits.map((name, i) => [`hv${i + 1}`, at(name === 'good' ? good : undefined)]),
    );
    const { bad, head, said } = await follow({ commit, before, results: [back('hv1', sick)] });
    expect(bad?.get(tree)).toBe(commit);
    expect(head).toBe(commit);
    expect(said[0]).toContain(words);
  });

  test('what the hypervisors had already is not bad, whatever failed', async () => {
    const { commit } = twoCommits();
    const before = new Map([['hv1', at(commit)]]);
    const { bad, head } = await follow({ commit, before, results: [back('hv1', sick)] });
    expect(bad).toEqual(new Map());
    expect(head).toBe(commit);
  });

  test('neither is another commit with the same content', async () => {
    const { good } = twoCommits();
    const { desk } = box;
    desk.git('revert', '--no-edit', 'HEAD');
    const commit = desk.git('rev-parse', 'HEAD');
    const before = new Map([['hv1', at(good)]]);
    const { bad } = await follow({ commit, before, results: [back('hv1', sick)] });
    expect(bad).toEqual(new Map());
  });

  test.each(['ssh.lost', 'back.taken', 'interrupted', 'lock.held', 'internal'])(
    'a failure with %s does not speak against the commit',
    async (code) => {
      const { commit, good } = twoCommits();
      const { bad, head, said } = await follow({
        commit,
        before: new Map([['hv1', at(good)]]),
        results: [back('hv1', new FleetError(code, 'x'))],
      });
      expect(bad).toEqual(new Map());
      expect(head).toBe(commit);
      expect(said).toEqual([
        `${commit.slice(0, 8)} is not at fault as far as fleet can tell: it stays on the branch.`,
      ]);
    },
  );

  test('nor does a build that failed: nothing was changed by it', async () => {
    const { commit, good } = twoCommits();
    const results: HypervisorResult[] = [
      { ...back('hv1', new FleetError('remote.failed', 'build failed')), outcome: 'untouched' },
    ];
    const { bad, said } = await follow({ commit, before: new Map([['hv1', at(good)]]), results });
    expect(bad).toEqual(new Map());
    expect(said).toEqual([]);
  });

  test.each(['halt', 'revert-hypervisor'] as const)(
    '%s: those that are done keep it, so it is not taken back',
    async (onFailure) => {
      const { commit, good } = twoCommits();
      const { bad, deployed, head } = await follow({
        commit,
        onFailure,
        before: new Map([['hv1', at(good)]]),
        results: [done('hv1'), back('hv2', sick)],
      });
      expect(bad).toEqual(new Map());
      expect(deployed).toEqual(new Map([['hv1', commit]]));
      expect(head).toBe(commit);
    },
  );

  test('that was forced and is done: it is not bad any more', async () => {
    const { commit, good, tree } = twoCommits();
    const before = new Map([['hv1', at(good)]]);
    const noRevert = { ...settings, branch: 'main', revert: false };
    const failed = { commit, before, settings: noRevert, results: [back('hv1', sick)] };
    expect((await follow(failed)).bad?.has(tree)).toBe(true);
    expect((await follow({ ...failed, forced: tree })).bad?.has(tree)).toBe(true);
    const { bad } = await follow({ commit, before, forced: tree, results: [done('hv1')] });
    expect(bad).toEqual(new Map());
  });

  test('somebody committed here meanwhile: the revert goes to the remote, the work tree stays', async () => {
    const { commit, good } = twoCommits();
    const { desk } = box;
    desk.write('notes', 'mine\n');
    const mine = desk.commitAll('mine');
    const { head } = await follow({
      commit,
      before: new Map([['hv1', at(good)]]),
      results: [back('hv1', sick)],
    });
    expect(desk.git('rev-parse', `${head}^`)).toBe(commit);
    expect(desk.git('rev-parse', 'HEAD')).toBe(mine);
  });

  test('somebody pushed meanwhile: the revert is refused, what is known is told all the same', async () => {
    const { commit, good, tree } = twoCommits();
    const other = box.clone('other');
    other.write('notes', 'theirs\n');
    const theirs = other.commitAll('theirs');
    other.git('push', '-q', 'origin', 'main');
    const { bad, head, said } = await follow({
      commit,
      before: new Map([['hv1', at(good)]]),
      results: [back('hv1', sick)],
    });
    expect(head).toBe(theirs);
    expect(bad?.get(tree)).toBe(commit);
    expect(said[0]).toContain('Not all of it is told to origin: origin/main moved on');
    expect(said.at(-1)).toBe('The hypervisors are as said above, whatever git says.');
  });

  test('a remote that is gone changes nothing about what is said of hypervisors', async () => {
    const { commit, good } = twoCommits();
    box.desk.git('remote', 'set-url', 'origin', `file://${box.dir}/nowhere.git`);
    const before = new Map([['hv1', at(good)]]);
    const { said } = await follow({ commit, before, results: [done('hv1')] });
    expect(said[0]).toContain('Not all of it is told to origin');
    expect(said.at(-1)).toBe('The hypervisors are as said above, whatever git says.');
  });
});
