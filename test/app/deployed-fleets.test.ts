import { expect, test } from 'vitest';
import { deployedFleets } from '../../src/app/survey/deployed-fleets.ts';
import type { Contact } from '../../src/deploy/connect-all.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { changed, deployedFacts, index, planHv1, twoHypervisors } from '../plan/situation.ts';
import { openRepo, useSandbox } from '../repo/sandbox.ts';

const box = useSandbox();
const fleet = index();
const all = ['hv1', 'db1', 'web1'];
const seen = deployedFacts(fleet, 'hv1');

/** What is known where hv1 and its guests were deployed from these commits, and the targets change. */
async function known(
  targets: readonly string[],
  ...commits: readonly string[]
): Promise<Map<string, unknown>> {
  const deployed = new Map(
    [...seen.deployed].map(([name, record], i) => [
      name,
      { ...record, commit: commits[Math.min(i, commits.length - 1)] as string },
    ]),
  );
  const contacts = [
    { hypervisor: fleet.fleet.hypervisors[0], facts: { ...seen, deployed } },
    { hypervisor: fleet.fleet.hypervisors[1], facts: new Error('unreachable') },
  ] as Contact[];
  const here = { config: 'fleet.yaml', text: twoHypervisors, index: fleet };
  const plan = { hypervisors: [planHv1({ fingerprints: changed(...targets) })] } as Partial<Plan>;
  return deployedFleets(await openRepo(box.desk.dir), here, contacts, plan as Plan);
}

/** A commit with this fleet.yaml. */
function committed(text: string): string {
  box.desk.write('fleet.yaml', text);
  return box.desk.commitAll(`commit of ${text.length}`);
}

test('what fleet.yaml said is read from the commits that are deployed', async () => {
  const old = committed(twoHypervisors.replace('10.1.0.2', '10.1.0.7'));
  const same = committed(twoHypervisors);
  const found = await known(all, old, same);
  expect([...found.keys()].sort()).toEqual([old, same].sort());
  expect(found.get(same)).toBe(fleet);
  expect(found.get(old)).toMatchObject({ fleet: { name: 'example' } });
  expect(found.get(old)).not.toBe(fleet);
});

test('nothing is read where nothing changes', async () => {
  const commit = committed(twoHypervisors);
  expect((await known([], commit)).size).toBe(0);
  expect((await known(['hv1'], commit)).size).toBe(1);
});

test('a commit that is not here, that cannot be read, or that is no commit is left out', async () => {
  const broken = committed('version: 1\nvms: nonsense\n');
  expect([...(await known(all, broken, 'f'.repeat(40), '--batch')).keys()]).toEqual([]);
});
