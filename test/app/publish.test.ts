import { existsSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import { publish } from '../../src/app/git/publish.ts';
import { planFileOf } from '../../src/app/saved-plan.ts';
import { type Survey, survey } from '../../src/app/survey/survey.ts';
import { openWorkspace } from '../../src/app/workspace/workspace.ts';
import { systemClock } from '../../src/deploy/ports.ts';
import { staleness } from '../../src/plan/staleness.ts';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { valid } from '../cli/fleet.ts';
import { failure, useSandbox } from '../repo/sandbox.ts';
import { here } from '../surroundings.ts';

const box = useSandbox();
const never = new AbortController().signal;
const ports = { clock: systemClock, cwd: '/', surroundings: here };
const publishing = { ...ports, force: false, emit: () => undefined, signal: never };

beforeEach(() => {
  const { desk } = box;
  desk.write('fleet.yaml', valid);
  desk.write('flake.lock', sandboxLock);
  desk.commitAll('a fleet');
  desk.git('push', '-q', 'origin', 'main');
});

const workspaceHere = () => openWorkspace(ports, { directory: box.desk.dir, config: 'fleet.yaml' });

/** What `fleet apply` knows when it asks. */
const planned = (): Promise<Survey> => survey(workspaceHere(), ports, { upstream: 'required' });
const remote = () => box.remote.git('rev-parse', 'main');

describe('what is planned is what is committed, though somebody', () => {
  test('edits fleet.yaml, flake.lock and a rendered file meanwhile: the edits stay', async () => {
    const { desk } = box;
    const seen = await planned();
    const tree = await seen.repo.treeWith(seen.commit.contents);
    const later = valid.replaceAll('web1', 'web2');
    desk.write('fleet.yaml', later);
    desk.write('flake.lock', '{ "nodes": { "evil": {} } }\n');
    const { source } = await publish(seen, publishing);
    expect(desk.git('rev-parse', `${source.commit}^{tree}`)).toBe(tree);
    expect(remote()).toBe(source.commit);
    expect(desk.git('show', 'HEAD:fleet.yaml')).toBe(valid.trimEnd());
    expect(desk.read('fleet.yaml')).toBe(later);
    expect(desk.status()).toEqual([' M flake.lock', ' M fleet.yaml']);
  });

  test('edits between the look at a saved plan and the commit', async () => {
    const first = await planned();
    const saved = planFileOf(first);
    const seen = await planned();
    box.desk.write('flake.lock', '{ "nodes": { "evil": {} } }\n');
    // No hypervisor is, here; of files nothing has moved.
    const moved = staleness(saved, planFileOf(seen));
    expect(moved).toEqual(['hv1 was not looked at']);
    const { source } = await publish(seen, publishing);
    expect(box.desk.git('show', `${source.commit}:flake.lock`)).toBe(sandboxLock.trim());
  });

  test('stages something else, or changes a module: HEAD has what was fingerprinted', async () => {
    const { desk } = box;
    desk.write('base.nix', '{ }\n');
    desk.commitAll('a module');
    const seen = await planned();
    desk.write('base.nix', '{ evil = true; }\n');
    desk.git('add', 'base.nix');
    const { source } = await publish(seen, publishing);
    expect(desk.git('show', `${source.commit}:base.nix`)).toBe('{ }');
    expect(desk.status()).toEqual(['M  base.nix']);
  });
});

test('refuses when somebody commits meanwhile: nothing is written or pushed', async () => {
  const { desk } = box;
  const seen = await planned();
  const before = remote();
  desk.git('commit', '-q', '--allow-empty', '-m', 'mine');
  const error = await failure(publish(seen, publishing));
  expect(error.code).toBe('plan.stale');
  expect([remote(), existsSync(`${desk.dir}/flake.nix`)]).toEqual([before, false]);
});

test('an interrupt before it: nothing is written, committed or pushed', async () => {
  const { desk } = box;
  const seen = await planned();
  const before = [remote(), desk.git('rev-parse', 'HEAD'), desk.status()];
  const error = await failure(publish(seen, { ...publishing, signal: AbortSignal.abort() }));
  expect(error.code).toBe('interrupted');
  expect([remote(), desk.git('rev-parse', 'HEAD'), desk.status()]).toEqual(before);
});

test('an interrupt while a commit hook runs: nothing is pushed', async () => {
  const interrupt = new AbortController();
  const seen = await planned();
  const before = remote();
  const commit = seen.repo.commit.bind(seen.repo);
  const repo = {
    ...seen.repo,
    commit: async (...args: Parameters<typeof commit>) => {
      interrupt.abort();
      return commit(...args);
    },
  };
  const error = await failure(
    publish({ ...seen, repo }, { ...publishing, signal: interrupt.signal }),
  );
  expect(error.code).toBe('interrupted');
  expect(remote()).toBe(before);
});

test('a branch that was deleted at the remote is told of, and pushed again', async () => {
  const { desk } = box;
  desk.git('push', '-q', 'origin', 'HEAD:refs/fleet/deployed/hv1');
  box.remote.git('update-ref', '-d', 'refs/heads/main');
  const warning = 'the branch is gone from origin: apply pushes it again';
  const looked = await survey(workspaceHere(), ports, { upstream: 'wanted' });
  expect(looked.plan.warnings).toEqual([warning]);
  const seen = await planned();
  expect(seen.plan.warnings).toEqual([warning]);
  const { source } = await publish(seen, publishing);
  expect(remote()).toBe(source.commit);
  expect((await planned()).plan.warnings).toEqual([]);
});

test('a branch that was never at the remote is told of, and that the fleet follows it then', async () => {
  const { desk } = box;
  desk.git('push', '-q', 'origin', 'HEAD:refs/fleet/deployed/hv1');
  desk.git('switch', '-qc', 'feature');
  const warning =
    'origin has no branch feature yet: apply pushes it, and the fleet follows it from then on';
  expect((await planned()).plan.warnings).toEqual([warning]);
});

describe('a branch that is at the remote without what is deployed is told of', () => {
  beforeEach(() => {
    const { desk } = box;
    desk.git('push', '-q', 'origin', 'HEAD:refs/heads/feature');
    desk.git('commit', '-q', '--allow-empty', '-m', 'deployed');
    desk.git('push', '-q', 'origin', 'HEAD:main', 'HEAD:refs/fleet/deployed/hv1');
    desk.git('switch', '-qc', 'feature');
  });

  test('and that the fleet follows it once it is applied; not afterwards', async () => {
    const seen = await planned();
    expect(seen.plan.warnings).toEqual([
      'origin already has a branch feature that lacks what is deployed: apply pushes to it, and the fleet follows it from then on',
    ]);
    await publish(seen, publishing);
    expect((await planned()).plan.warnings).toEqual([]);
  });

  test('when it has commits of somebody else’s, with the question whose it is', async () => {
    const { desk } = box;
    desk.git('switch', '-q', '--detach', 'main~1');
    desk.git('commit', '-q', '--allow-empty', '-m', 'hers');
    desk.git('push', '-q', 'origin', 'HEAD:refs/heads/feature');
    desk.git('switch', '-q', 'feature');
    const { plan } = await survey(workspaceHere(), ports, { upstream: 'wanted' });
    expect(plan.warnings).toEqual([
      "origin's branch of this name lacks what is deployed: is it somebody else's?",
    ]);
    expect(plan.problems[0]).toContain('origin/feature has commits that are not here');
  });
});

describe('a fingerprint', () => {
  const prints = async () => Object.fromEntries((await planned()).commit.fingerprints ?? []);

  test.each(['100755', '120000'])('tells a plain file from mode %s', async (mode) => {
    const id = box.desk.git('rev-parse', 'HEAD:flake.lock');
    commitEntry('100644', id);
    const before = await prints();
    commitEntry(mode, id);
    expect(await prints()).not.toEqual(before);
  });

  test('sees a submodule, and its commit', async () => {
    const before = [await prints()];
    for (const commit of ['HEAD', 'HEAD']) {
      commitEntry('160000', box.desk.git('rev-parse', commit));
      before.push(await prints());
    }
    expect(new Set(before.map((p) => p.web1)).size).toBe(3);
  });
});

describe('a module in a submodule', () => {
  test.each(['x', 'x/base.nix'])('is refused before anything is pushed: %s', async (path) => {
    const { desk } = box;
    commitEntry('160000', desk.git('rev-parse', 'HEAD'));
    desk.write('fleet.yaml', valid.replace('hv1: {', `hv1: { modules: [./${path}],`));
    await expect(planned()).rejects.toMatchObject({
      code: 'workspace.submodule',
      message: `${path} is in the submodule x, which Nix does not fetch here`,
    });
  });

  test('is one only below it', async () => {
    const { desk } = box;
    desk.write('xy/base.nix', '{ }\n');
    desk.commitAll('a module');
    commitEntry('160000', desk.git('rev-parse', 'HEAD'));
    desk.write('fleet.yaml', valid.replace('hv1: {', 'hv1: { modules: [./xy/base.nix],'));
    expect((await planned()).plan.warnings).toEqual([]);
  });
});

/** Commits a path `x` of this mode and content. */
function commitEntry(mode: string, id: string): void {
  box.desk.git('update-index', '--add', '--cacheinfo', `${mode},${id},x`);
  box.desk.git('commit', '-qm', mode);
}
