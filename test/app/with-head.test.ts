import { expect, test } from 'vitest';
import { withHead } from '../../src/app/status.ts';
import type { Answer } from '../../src/deploy/connect-all.ts';
import type { FleetIndex } from '../../src/model/index.ts';
import type { Look } from '../../src/plan/finding.ts';
import { openRepo, settings, useSandbox } from '../repo/sandbox.ts';
import { here } from '../surroundings.ts';

const box = useSandbox();
const index = { fleet: { git: settings } } as FleetIndex;

/** What git tells of a hypervisor where `good` was deployed, and then `bad` failed in its build. */
async function told(good: string, bad: string) {
  const one = { id: '1', operator: 'ada@desk', started: 1 };
  const failed = { ...one, result: 'untouched', failure: 'build failed', isOfCommit: true };
  const past = [
    { ...one, commit: good, result: 'done' },
    { ...failed, commit: bad },
  ];
  const answer = { hypervisor: { name: 'hv1' }, answer: { figures: { past } } };
  const ports = { surroundings: here } as Parameters<typeof withHead>[0];
  const [seen] = await withHead(ports, { directory: box.desk.dir, index }, [
    answer as unknown as Answer<Look>,
  ]);
  return seen && (seen.answer as Look).atHead;
}

test('git tells whether the branch has what failed, or is back at what runs', async () => {
  const repo = await openRepo(box.desk.dir);
  const good = (await repo.head()) as string;
  box.desk.write('fleet.yaml', 'broken');
  const bad = box.desk.commitAll('broken');
  expect(await told(good, bad)).toEqual(
    new Map([
      [bad, true],
      [good, false],
    ]),
  );
  box.desk.git('revert', '--no-edit', 'HEAD');
  const since = await told(good, bad);
  expect([since?.get(good), since?.get(bad)]).toEqual([true, false]);
  expect((await told(good, 'f'.repeat(40)))?.has('f'.repeat(40))).toBe(false);
});
