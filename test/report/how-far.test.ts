import { expect, test } from 'vitest';
import { HowFar } from '../../src/report/how-far.ts';

test('says what becomes of a rollout that is to stop, by how far it is', () => {
  const far = new HowFar();
  const hypervisor = 'hv1';
  expect(far.becomes()).toContain('before any hypervisor was changed');
  far.heed({ type: 'hypervisor', hypervisor, state: 'begin' });
  expect(far.becomes()).toContain('finishing the current step, then rolling back');
  expect(far.becomes()).not.toContain('Confirmed');
  far.heed({ type: 'hypervisor', hypervisor, state: 'confirming' });
  expect(far.becomes()).toContain('confirming hv1; nothing is rolled back');
  far.heed({ type: 'hypervisor', hypervisor: 'hv2', state: 'begin' });
  for (const state of ['confirming', 'end'] as const) {
    far.heed({
      type: 'hypervisor',
      hypervisor,
      ...(state === 'end' ? { state, outcome: 'done' } : { state }),
    });
    expect(far.becomes()).toContain(
      'then rolling back.\nConfirmed already, and not rolled back: hv1.',
    );
  }
  far.heed({ type: 'hypervisor', hypervisor: 'hv2', state: 'end', outcome: 'rolled-back' });
  // A roll-back tells git nothing.
  expect(far.becomes()).toBe('Every hypervisor is done: releasing their locks.');
  far.heed({ type: 'phase', phase: 'record' });
  expect(far.becomes()).toContain('recording it in git');
  far.heed({ type: 'git', remote: 'origin', step: 'record', state: 'done' });
  expect(far.becomes()).toContain('releasing their locks');
});

test('a commit that was pushed is not what is recorded', () => {
  const far = new HowFar();
  far.heed({ type: 'git', remote: 'origin', step: 'push', state: 'begin' });
  far.heed({ type: 'hypervisor', hypervisor: 'hv1', state: 'end', outcome: 'done' });
  expect(far.becomes()).toContain('releasing their locks');
});

test('a deployment that begins after other work has changed nothing yet', () => {
  const far = new HowFar();
  far.heed({ type: 'hypervisor', hypervisor: 'hv1', state: 'end', outcome: 'done' });
  far.heed({
    type: 'deployment',
    operation: 'restart',
    id: '20250101-000000-1',
    operator: 'me',
    hypervisors: ['hv1'],
    confirm: 300_000,
  });
  expect(far.becomes()).toContain('before any hypervisor was changed');
});

test('a deployment that is taken up again may have changed hypervisors before, and keeps its locks', () => {
  const far = new HowFar();
  far.heed({
    type: 'deployment',
    operation: 'resume',
    id: '20250101-000000-1',
    operator: 'me',
    hypervisors: ['hv1', 'hv2'],
    confirm: 300_000,
  });
  expect(far.becomes()).toContain('roll back by themselves unless it is resumed again');
  expect(far.becomes()).not.toMatch(/locks|before any hypervisor was changed/);
  // To whoever leaves at once it is told by what to take it up.
  expect(far.open).toEqual(['hv1', 'hv2']);
  far.heed({ type: 'hypervisor', hypervisor: 'hv1', state: 'begin' });
  expect(far.open).toEqual(['hv1']);
  expect(far.becomes()).toContain('then rolling back');
});
