import { expect, test, vi } from 'vitest';
import { interruptible } from '../../src/cli/interrupt.ts';
import { usual } from '../../src/cli/options.ts';

const never = () => new Promise<never>(() => {});

test('a command that only looks ends at once when asked to', async () => {
  const stop = new AbortController();
  const ended = interruptible(usual, stop.signal, never);
  stop.abort();
  await expect(ended).rejects.toMatchObject({
    code: 'interrupted',
    message: 'interrupted; nothing was changed',
  });
});

test('what changes something comes to its own end, and says what becomes of it', async () => {
  const stop = new AbortController();
  const said: string[] = [];
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said.push(String(text));
    return true;
  });
  let finish = () => {};
  const work = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const ended = interruptible(usual, stop.signal, async ({ changing }) => {
    await changing(
      () => 'rolling back',
      () => work,
    );
    return 3;
  });
  await new Promise((done) => setImmediate(done));
  stop.abort();
  finish();
  expect(await ended).toBe(3);
  write.mockRestore();
  expect(said).toEqual(['\nrolling back\n']);
});

test('a command that has changed what it would ends as usual', async () => {
  const stop = new AbortController();
  const code = await interruptible(usual, stop.signal, async ({ changing }) =>
    changing(
      () => '',
      async () => 0,
    ),
  );
  expect(code).toBe(0);
});
