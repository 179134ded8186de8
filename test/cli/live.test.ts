import { afterEach, expect, test, vi } from 'vitest';
import { liveReporter } from '../../src/cli/live.ts';

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
