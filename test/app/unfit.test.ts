import { expect, test } from 'vitest';
import { unfit } from '../../src/app/apply.ts';
import type { Survey } from '../../src/app/survey/survey.ts';
import { FleetError } from '../../src/model/errors.ts';

const lost = (name: string, hint: string) => ({
  hypervisor: { name },
  facts: new FleetError('ssh.lost', `${name}: no answer`, { hint }),
});
const hintOf = (...contacts: readonly object[]) =>
  unfit({ plan: { problems: [], hypervisors: [] }, contacts } as unknown as Survey, {
    allowUnreachable: false,
    force: false,
    drop: [],
  })?.hint;

test('of several that cannot be reached each hint says whose it is', () => {
  const last = 'Leave them out with --allow-unreachable, or choose with --on.';
  expect(hintOf(lost('hv1', 'Do this.'), lost('hv2', 'Do that.'), lost('hv3', 'Do this.'))).toBe(
    `hv1, hv3:\nDo this.\nhv2:\nDo that.\n${last}`,
  );
  expect(hintOf(lost('hv1', 'Do this.'))).toBe(`Do this.\n${last}`);
});
