import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { badRef, deployedRef } from '../../src/repo/fleet-refs.ts';
import { failure, openRepo, settings, useSandbox } from './sandbox.ts';

describe.each(['sha1', 'sha256'] as const)('%s', (format) => {
  const box = useSandbox(format);
  const state = async (more = {}) =>
    (await openRepo(box.desk.dir)).remoteState({ ...settings, ...more });

  test('a remote without any of our refs', async () => {
    const head = box.desk.git('rev-parse', 'HEAD');
    expect(await state()).toEqual({
      head,
      bad: new Map(),
      deployed: new Map(),
      reverts: new Map(),
    });
    expect(await state({ branch: 'prod' })).toMatchObject({ head: undefined });
  });

  test('bad trees and what is deployed, and nothing that only looks like it', async () => {
    const head = box.desk.git('rev-parse', 'HEAD');
    const tree = box.desk.git('rev-parse', 'HEAD^{tree}');
    for (const ref of [
      badRef(tree),
      badRef('cafe'),
      deployedRef('hv-1'),
      deployedRef('hv2/below'),
      deployedRef('\u009b31m'),
      'refs/fleet/of-a-later-version',
      `refs/else/${badRef(tree)}`,
      `refs/else/${deployedRef('hv3')}`,
      'refs/a/refs/heads/prod',
    ])
      box.remote.git('update-ref', ref, head);
    box.desk.git('tag', '-am', 'annotated', 'v1');
    box.desk.git('push', '-q', 'origin', `v1:${deployedRef('tagged')}`);
    const { bad, deployed, head: branch } = await state({ branch: 'prod' });
    expect(branch).toBeUndefined();
    expect([...bad]).toEqual([[tree, head]]);
    expect([...deployed.keys()]).toEqual(['hv-1', 'tagged']);
  });
});

describe('ready', () => {
  const box = useSandbox();

  test('has the state from the one round trip it makes', async () => {
    const head = box.desk.git('rev-parse', 'HEAD');
    box.remote.git('update-ref', deployedRef('hv1'), head);
    const repo = await openRepo(box.desk.dir);
    const trace = join(box.dir, 'trace');
    vi.stubEnv('GIT_TRACE2_EVENT', trace);
    const { state } = await (await openRepo(box.desk.dir)).ready(settings);
    expect(state).toEqual({
      head,
      bad: new Map(),
      reverts: new Map(),
      deployed: new Map([['hv1', head]]),
    });
    expect(state).toEqual(await repo.remoteState(settings));
    const asked = readFileSync(trace, 'utf8')
      .split('\n')
      .filter((line) => /"event":"cmd_name"/.test(line) && !/"sid":"[^"]*\//.test(line))
      .map((line) => JSON.parse(line).name as string)
      .filter((name) => ['ls-remote', 'fetch', 'push'].includes(name));
    expect(asked).toEqual(['ls-remote']);
  });

  test('a clone fetches none of it', async () => {
    box.remote.git('update-ref', deployedRef('hv1'), 'main');
    expect(box.clone('other').git('for-each-ref')).not.toContain('refs/fleet');
  });

  test('a detached HEAD can be asked with a branch that is named', async () => {
    const head = box.desk.git('rev-parse', 'HEAD');
    box.desk.git('switch', '-q', '--detach');
    const repo = await openRepo(box.desk.dir);
    expect((await repo.remoteState({ ...settings, branch: 'main' })).head).toBe(head);
    expect((await failure(repo.remoteState(settings))).code).toBe('git.detached-head');
  });

  test('no such remote, and one that is not there', async () => {
    const repo = await openRepo(box.desk.dir);
    const none = await failure(repo.remoteState({ ...settings, remote: '--upload-pack=x' }));
    expect(none.code).toBe('git.no-remote');
    box.desk.git('remote', 'set-url', 'origin', join(box.dir, 'gone.git'));
    expect((await failure(repo.remoteState(settings))).code).toBe('git.remote-unreachable');
  });
});

test.each(['a', '0', 'hv-1', 'lock', 'a--b', 'head', `a${'-'.repeat(61)}z`])(
  'a hypervisor may be called %s: git takes the ref',
  (name) => {
    // Everything that the schema lets through: lowercase letters, digits, inner hyphens.
    const schema = JSON.parse(readFileSync('schemas/fleet.schema.json', 'utf8'));
    expect(name).toMatch(new RegExp(schema.definitions.name.pattern));
    expect(() => execFileSync('git', ['check-ref-format', deployedRef(name)])).not.toThrow();
  },
);
