import { afterEach, expect, test, vi } from 'vitest';
import { shownLive } from '../../src/cli/live.ts';
import { usual } from '../../src/cli/options.ts';
import { teller } from '../../src/cli/tell.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  for (const key of ['isTTY', 'columns']) Reflect.deleteProperty(process.stderr, key);
});

const invocation = { common: usual, tell: teller(usual) };

const deployment = {
  type: 'deployment',
  operation: 'apply',
  id: '20251009-085320-abcd',
  operator: 'ada@desk',
  hypervisors: ['hv1'],
  confirm: 60_000,
} as const;

/** What is written to standard error from here on. */
function heard(): string[] {
  const said: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said.push(String(text));
    return true;
  });
  return said;
}

test('shows plain lines on a terminal that does not say how wide it is', async () => {
  vi.stubEnv('CI', '');
  for (const [key, value] of Object.entries({ isTTY: true, columns: 0 }))
    Object.defineProperty(process.stderr, key, { value, configurable: true });
  const said = heard();
  await shownLive(async (emit) => {
    emit(deployment);
    emit({ type: 'note', hypervisor: 'hv1', text: 'web1: new runner, restarting' });
  }, invocation);
  expect(said).toEqual(['hv1: web1: new runner, restarting\n']);
});

test('whoever leaves before the end is told the deployment, its time, and what takes it up', async () => {
  const before = process.listeners('exit');
  await shownLive(async (emit) => {
    const [leave] = process.listeners('exit').filter((one) => !before.includes(one));
    const said = heard();
    leave?.(130);
    // Nothing has begun.
    expect(said).toEqual([]);
    emit(deployment);
    emit({ type: 'hypervisor', hypervisor: 'hv1', state: 'begin' });
    said.length = 0;
    leave?.(130);
    expect(said.join('')).toBe(
      '\nDeployment 20251009-085320-abcd is not ended. hv1: rolled back without fleet within 60 s, once the current step has ended.\n' +
        'Until then: finish it (fleet apply --resume 20251009-085320-abcd) or roll it back (fleet apply --resume 20251009-085320-abcd --undo).\n',
    );
  }, invocation);
  expect(process.listeners('exit')).toEqual(before);
});
