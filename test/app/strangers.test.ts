import { beforeEach, describe, expect, test } from 'vitest';
import { strangers } from '../../src/app/survey/strangers.ts';
import type { Contact } from '../../src/deploy/connect-all.ts';
import type { Facts } from '../../src/model/facts.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import { deployedFacts, index } from '../plan/situation.ts';
import { openRepo, settings, useSandbox } from '../repo/sandbox.ts';

const box = useSandbox();
const fleet = index();
const [hv1] = fleet.fleet.hypervisors;
const seen = deployedFacts(fleet, 'hv1');
let good = '';
let feature = '';

beforeEach(() => {
  const { desk } = box;
  good = desk.git('rev-parse', 'HEAD');
  const other = box.clone('other');
  other.git('switch', '-qc', 'feature');
  other.git('config', 'user.name', 'Grace');
  other.write('fleet.yaml', 'version: feature\n');
  feature = other.commitAll('try something');
  other.git('push', '-q', 'origin', 'feature', `${feature}:refs/fleet/deployed/hv1`);
});

/** What is said of hv1, which recorded this commit. */
async function said(recorded: string): Promise<string[]> {
  const repo = await openRepo(box.desk.dir);
  const facts: Facts = {
    ...seen,
    deployed: new Map(
      [...seen.deployed].map(([name, record]) => [name, { ...record, commit: recorded }]),
    ),
  };
  const contact = { hypervisor: hv1, facts } as Contact;
  const remote = await repo.remoteState(settings);
  return strangers(repo, settings, await repo.head(), [contact], remote);
}

describe('what runs and is not in the history of HEAD', () => {
  test('is told with hypervisor, author and branch, though this clone has never seen it', async () => {
    const [first, ...rest] = await said(feature);
    expect(first).toContain(`hv1 has ${feature.slice(0, 8)} "try something" (written by Grace, `);
    expect(rest).toEqual([]);
    box.desk.git('fetch', '-q');
    expect((await said(feature))[0]).toContain('on origin/feature');
  });

  test('is told when only the hypervisor says so', async () => {
    box.desk.git('push', '-q', 'origin', `+${good}:refs/fleet/deployed/hv1`);
    const [first] = await said('f'.repeat(40));
    expect(first).toContain('hv1 has ffffffff (not in this clone)');
  });

  test('is no matter once it was merged, or where it holds the same files', async () => {
    const { desk } = box;
    desk.git('fetch', '-q');
    desk.write('fleet.yaml', 'version: feature\n');
    desk.commitAll('squashed');
    expect(await said(feature)).toEqual([]);
    desk.git('reset', '-q', '--hard', good);
    desk.git('merge', '-q', 'origin/feature');
    desk.write('more', '1\n');
    desk.commitAll('more');
    expect(await said(feature)).toEqual([]);
  });
});

describe('a checkout that stands at another commit', () => {
  const plan = (more: object) =>
    makePlan({
      index: fleet,
      files: [],
      head: 'b'.repeat(40),
      fingerprints: new Map([...seen.deployed].map(([name]) => [name, `print-${name}`])),
      facts: new Map([['hv1', { ...seen, checkout: { commit: good, branch: 'fleet', dirty: 0 } }]]),
      selection: { hypervisors: new Set(['hv1']), targets: new Set() },
      release: new Set(),
      warnings: [],
      ...more,
    }).hypervisors[0];
  const moves = (more: object) => plan(more)?.actions.some(({ kind }) => kind === 'checkout');

  test('moves', () => {
    expect(moves({})).toBe(true);
  });

  test('stays after a revert: the files are the same', () => {
    expect(moves({ sameAsHead: new Set([good]) })).toBe(false);
  });
});
