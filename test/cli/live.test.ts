import { afterEach, expect, test, vi } from 'vitest';
import { liveReporter } from '../../src/cli/live.ts';

test('says what becomes of a rollout that is to stop, by how far it is', async () => {
  const { becomes, emit } = await liveReporter([]);
  const hypervisor = 'hv1';
  expect(becomes()).toContain('before any hypervisor was changed');
  emit({ type: 'hypervisor', hypervisor, state: 'begin' });
  expect(becomes()).toContain('finishing the current step, then rolling back');
  expect(becomes()).not.toContain('Confirmed');
  emit({ type: 'hypervisor', hypervisor, state: 'confirming' });
  expect(becomes()).toContain('confirming hv1; nothing is rolled back');
  emit({ type: 'hypervisor', hypervisor: 'hv2', state: 'begin' });
  for (const state of ['confirming', 'end'] as const) {
    emit({
      type: 'hypervisor',
      hypervisor,
      ...(state === 'end' ? { state, outcome: 'done' } : { state }),
    });
    expect(becomes()).toContain('then rolling back.\nConfirmed already, and not rolled back: hv1.');
  }
  emit({ type: 'hypervisor', hypervisor: 'hv2', state: 'end', outcome: 'rolled-back' });
  // A roll-back tells git nothing.
  expect(becomes()).toBe('Every hypervisor is done: releasing their locks.');
  emit({ type: 'git', remote: 'origin', step: 'record', state: 'begin' });
  expect(becomes()).toContain('recording it in git');
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  for (const key of ['isTTY', 'columns']) Reflect.deleteProperty(process.stderr, key);
});

test('shows plain lines on a terminal that does not say how wide it is', async () => {
  vi.stubEnv('CI', '');
  for (const [key, value] of Object.entries({ isTTY: true, columns: 0 }))
    Object.defineProperty(process.stderr, key, { value, configurable: true });
  const said: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said.push(String(text));
    return true;
  });
  const { emit, finish } = await liveReporter(['hv1']);
  emit({ type: 'note', hypervisor: 'hv1', text: 'web1: new runner, restarting' });
  await finish();
  expect(said).toEqual(['hv1: web1: new runner, restarting\n']);
});

test('whoever leaves before the end is told the deployment, its time, and what takes it up', async () => {
  const before = process.listeners('exit');
  const left = { id: '20251009-085320-abcd', operation: 'apply', confirm: 60_000 } as const;
  const { emit, finish } = await liveReporter(['hv1'], left);
  const [leave] = process.listeners('exit').filter((one) => !before.includes(one));
  emit({ type: 'hypervisor', hypervisor: 'hv1', state: 'begin' });
  const said: string[] = [];
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said.push(String(text));
    return true;
  });
  leave?.(130);
  write.mockRestore();
  expect(said.join('')).toBe(
    '\nDeployment 20251009-085320-abcd is not ended. hv1: rolled back without fleet within 60 s, once the current step has ended.\n' +
      'Until then: finish it (fleet apply --resume 20251009-085320-abcd) or roll it back (fleet apply --resume 20251009-085320-abcd --undo).\n',
  );
  await finish();
  expect(process.listeners('exit')).toEqual(before);
});
