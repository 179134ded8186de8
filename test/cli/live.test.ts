import { expect, test } from 'vitest';
import { liveReporter } from '../../src/cli/live.ts';

test('says what becomes of a rollout that is to stop, by how far it is', async () => {
  const { becomes, emit } = await liveReporter([]);
  const hypervisor = 'hv1';
  expect(becomes()).toContain('before any hypervisor was changed');
  emit({ type: 'hypervisor', hypervisor, state: 'begin' });
  expect(becomes()).toContain('finishing the current step, then rolling back');
  emit({ type: 'hypervisor', hypervisor, state: 'end', result: 'done' });
  // A roll-back tells git nothing.
  expect(becomes()).toBe('Every hypervisor is done: letting go of their locks.');
  emit({ type: 'git', remote: 'origin', step: 'record', state: 'begin' });
  expect(becomes()).toContain('git is told of it');
});
