import { describe, expect, test, vi } from 'vitest';
import type { Outcome } from '../../src/repo/repo.ts';
import { failure, openRepo, settings, useSandbox } from './sandbox.ts';

describe.each(['sha1', 'sha256'] as const)('%s', (format) => {
  const box = useSandbox(format);

  test('a roll-back is told in one push, and any clone can read it', async () => {
    const { desk, remote } = box;
    const good = desk.git('rev-parse', 'HEAD');
    desk.write('fleet.yaml', 'version: 2\n');
    const bad = desk.commitAll('bad');
    const tree = desk.git('rev-parse', 'HEAD^{tree}');
    desk.git('push', '-q', 'origin', 'main');
    const repo = await openRepo(desk.dir);
    await repo.publishOutcome({ settings, deployed: new Map([['hv1', bad]]) });

    const revert = await repo.revertTo(good, 'back');
    const deployed = new Map(['hv1', 'hv2'].map((name) => [name, good]));
    const { refs, unknown } = await repo.publishOutcome({
      ...{ settings, branch: revert, bad, deployed },
    });
    expect([...refs].sort()).toEqual([
      `refs/fleet/bad/${tree}`,
      'refs/fleet/deployed/hv1',
      'refs/fleet/deployed/hv2',
      'refs/heads/main',
    ]);
    expect(unknown).toEqual([]);
    expect(remote.git('rev-parse', 'main')).toBe(revert);
    expect(desk.git('rev-parse', 'origin/main')).toBe(revert);
    expect(desk.git('rev-parse', 'main')).toBe(bad);

    const other = await openRepo(box.clone('other').dir);
    const state = await other.remoteState(settings);
    expect(state).toEqual({
      head: revert,
      bad: new Map([[tree, bad]]),
      deployed,
      reverts: new Map(),
    });
  });

  test('the same content in another commit is known to be bad; told once more; then forgotten', async () => {
    const { desk } = box;
    const repo = await openRepo(desk.dir);
    desk.write('fleet.yaml', 'version: 2\n');
    const bad = desk.commitAll('bad');
    await repo.publishOutcome({ settings, bad, deployed: new Map() });
    desk.git('commit', '-q', '--amend', '-m', 'better');
    const tree = await repo.treeWith(new Map());
    expect((await repo.remoteState(settings)).bad.get(tree)).toBe(bad);

    const again = desk.git('rev-parse', 'HEAD');
    await repo.publishOutcome({ settings, bad: again, deployed: new Map() });
    expect((await repo.remoteState(settings)).bad.get(tree)).toBe(again);

    const worked = { settings, deployed: new Map([['hv1', again]]), forget: [tree] };
    await repo.publishOutcome(worked);
    expect((await repo.remoteState(settings)).bad).toEqual(new Map());
    // Somebody else forgot it at the same time.
    await repo.publishOutcome(worked);
  });
});

describe('publishing', () => {
  const box = useSandbox();

  /** A bad commit that is pushed, and its revert that is not. */
  async function failed(): Promise<{
    outcome: Outcome;
    revert: string;
    bad: string;
    tree: string;
  }> {
    const { desk } = box;
    const good = desk.git('rev-parse', 'HEAD');
    desk.write('fleet.yaml', 'version: 2\n');
    const bad = desk.commitAll('bad');
    desk.git('push', '-q', 'origin', 'main');
    const revert = await (await openRepo(desk.dir)).revertTo(good, 'back');
    const tree = desk.git('rev-parse', 'HEAD^{tree}');
    const outcome = { settings, branch: revert, bad, deployed: new Map([['hv1', good]]) };
    return { outcome, revert, bad, tree };
  }
  const publish = async (outcome: Outcome) =>
    (await openRepo(box.desk.dir)).publishOutcome(outcome);
  const told = async () => (await openRepo(box.desk.dir)).remoteState(settings);

  test('what the remote knows already is not named; nothing to tell is no push', async () => {
    const head = box.desk.git('rev-parse', 'HEAD');
    const one = { settings, deployed: new Map([['hv1', head]]) };
    await publish(one);
    const two = await publish({ ...one, deployed: new Map([...one.deployed, ['hv2', head]]) });
    expect(two.refs).toEqual(['refs/fleet/deployed/hv2']);
    box.desk.git('remote', 'set-url', 'origin', `${box.dir}/gone.git`);
    const none = await publish({ settings, deployed: new Map() });
    expect(none).toEqual({ refs: [], unknown: [] });
  });

  test('a commit that is not in this clone is left out and named', async () => {
    const head = box.desk.git('rev-parse', 'HEAD');
    const deployed = new Map([
      ['hv1', '1'.repeat(40)],
      ['hv2', head],
    ]);
    const { refs, unknown } = await publish({ settings, deployed });
    expect(refs).toEqual(['refs/fleet/deployed/hv2']);
    expect(unknown).toEqual(['hv1']);
  });

  test('goes to the branch that is named, whatever is checked out by then', async () => {
    const { outcome, revert } = await failed();
    box.desk.git('switch', '-qc', 'topic');
    await publish({ ...outcome, settings: { ...settings, branch: 'main' } });
    expect(box.remote.git('rev-parse', 'main')).toBe(revert);
    expect(box.remote.git('branch', '--list', 'topic')).toBe('');
  });

  test('the branch moved on: the rest is told, the branch is not forced', async () => {
    const { outcome, bad, tree, revert } = await failed();
    const other = box.clone('other');
    other.write('b.nix', '1\n');
    const theirs = other.commitAll('meanwhile');
    other.git('push', '-q', 'origin', 'main');
    const error = await failure(publish(outcome));
    expect(error.code).toBe('git.moved-on');
    expect(error.message).toContain(`Only the revert ${revert.slice(0, 12)} was not pushed`);
    expect(error.detail).toMatch(/Ada, .*: meanwhile/);
    expect(await told()).toEqual({
      head: theirs,
      bad: new Map([[tree, bad]]),
      deployed: outcome.deployed,
      reverts: new Map(),
    });

    // What the hint says holds.
    const [, pull, pick] = /(git pull .* main), then (git cherry-pick \S+),/.exec(error.hint!)!;
    for (const command of [pull!, pick!]) box.desk.git(...command.split(' ').slice(1));
    expect(box.desk.read('fleet.yaml')).toBe('version: 1\n');
    expect(box.desk.read('b.nix')).toBe('1\n');
  });

  test('a protected branch: the rest is told, and how to propose the revert', async () => {
    const { outcome, bad, tree } = await failed();
    box.remote.hook('update', '[ "$1" != refs/heads/main ] || { echo "protected"; exit 1; }');
    const error = await failure(publish(outcome));
    expect(error.code).toBe('git.no-permission');
    expect(error.message).toContain('Only the revert');
    expect(error.detail).toContain('protected');
    expect(await told()).toEqual({
      head: bad,
      bad: new Map([[tree, bad]]),
      deployed: outcome.deployed,
      reverts: new Map(),
    });
    const [, propose] = /(git push \S+ \S+)/.exec(error.hint!)!;
    box.desk.git(...propose!.split(' ').slice(1));
    expect(box.remote.git('branch', '--list', 'fleet-revert-*')).not.toBe('');
  });

  test('no permission at all: said, nothing is there', async () => {
    const { outcome, bad } = await failed();
    box.remote.hook('pre-receive', 'echo "read only"; exit 1');
    const error = await failure(publish(outcome));
    expect(error.code).toBe('git.no-permission');
    expect(error.hint).toContain('the hypervisors are unaffected');
    expect(error.hint).toContain(`git push origin ${outcome.branch?.slice(0, 12)}:refs/heads/main`);
    expect(error.detail).toContain('read only');
    expect(await told()).toEqual({
      head: bad,
      bad: new Map(),
      deployed: new Map(),
      reverts: new Map(),
    });
  });

  test('only our refs are refused: nothing is half there', async () => {
    const { outcome, bad } = await failed();
    box.remote.hook('update', 'case $1 in refs/fleet/*) echo "not here"; exit 1; esac');
    const error = await failure(publish(outcome));
    expect(error.code).toBe('git.no-permission');
    expect(await told()).toEqual({
      head: bad,
      bad: new Map(),
      deployed: new Map(),
      reverts: new Map(),
    });
  });

  test('the pre-push hook is asked about the branch, and only then', async () => {
    const { outcome, bad, tree } = await failed();
    box.desk.hook('pre-push', 'cat >/dev/null; echo "tests fail" >&2; exit 1');
    await publish({ settings, deployed: new Map([['hv2', bad]]) });
    const error = await failure(publish(outcome));
    expect(error.code).toBe('git.hook-failed');
    expect(error.message).toContain('pre-push');
    expect(error.message).toContain('Only the revert');
    expect(error.detail).toContain('tests fail');
    const state = await told();
    expect(state.head).toBe(bad);
    expect([...state.bad.keys()]).toEqual([tree]);
    expect([...state.deployed.keys()]).toEqual(['hv1', 'hv2']);
  });

  test('a remote without atomic pushes gets nothing, and it is said', async () => {
    const { outcome, bad } = await failed();
    box.remote.git('config', 'receive.advertiseAtomic', 'false');
    for (const each of [outcome, { settings, deployed: outcome.deployed }]) {
      const error = await failure(publish(each));
      expect(error.code).toBe('git.no-atomic');
      expect(error.hint).toContain('receive.advertiseAtomic');
    }
    expect(await told()).toEqual({
      head: bad,
      bad: new Map(),
      deployed: new Map(),
      reverts: new Map(),
    });
  });

  test('a deploy key that may only read', async () => {
    const { outcome } = await failed();
    box.desk.git('remote', 'set-url', '--push', 'origin', 'ssh://git@127.0.0.1/infra.git');
    // A stand-in for ssh with a forge's answer; it connects nowhere.
    const answer = 'ERROR: The key you are authenticating with has been marked as read only.';
    vi.stubEnv('GIT_SSH_COMMAND', `echo '${answer}' >&2; exit 1; :`);
    const error = await failure(publish(outcome));
    expect(error.code).toBe('git.no-permission');
    expect(error.detail).toContain('marked as read only');
  });

  test('a remote that is gone, without the credentials of its url', async () => {
    const { outcome } = await failed();
    vi.stubEnv('http_proxy', undefined);
    box.desk.git('remote', 'set-url', 'origin', 'http://ada:s3cret-token@127.0.0.1:1/infra.git');
    const error = await failure(publish(outcome));
    expect(error.code).toBe('git.remote-unreachable');
    expect(JSON.stringify([error.message, error.hint, error.detail])).not.toContain('s3cret');
  });
});
