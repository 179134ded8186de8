import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { interruptible } from '../../src/cli/interrupt.ts';
import { usual } from '../../src/cli/options.ts';
import { Desk, valid } from './fleet.ts';

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

test('fleet update that is stopped while Nix works has written nothing', async () => {
  const desk = new Desk(valid).commit();
  const [bin, asked] = [join(desk.home, 'bin'), join(desk.home, 'asked')];
  mkdirSync(bin);
  writeFileSync(join(bin, 'nix'), `#!/bin/sh\n: >'${asked}'\nexec sleep 5\n`, { mode: 0o755 });
  desk.env.PATH = `${bin}:${desk.env.PATH}`;
  const files = desk.files();
  const moment = vi.waitFor(() => expect(existsSync(asked)).toBe(true), { timeout: 10_000 });
  const run = await desk.signalled('SIGINT', moment, 'update');
  expect(run.code).toBe(130);
  expect(run.stderr).toContain('interrupted; nothing was changed');
  expect(desk.files()).toEqual(files);
});

describe('while a hypervisor says nothing', () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.on('error', () => {})));
  let desk: Desk;

  beforeEach(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    desk = new Desk(valid.replace('127.0.0.1:9', `127.0.0.1:${port}`)).commit();
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await new Promise((done) => server.close(done));
  });

  test.each([
    ['verify', 'SIGINT', 130],
    ['plan', 'SIGINT', 130],
    ['rollback --list', 'SIGINT', 130],
    ['history', 'SIGTERM', 143],
    ['plan --json', 'SIGHUP', 129],
  ] as const)('fleet %s ends at once by %s, and says what is true', async (words, signal, code) => {
    const asked = once(server, 'connection');
    const run = await desk.signalled(signal, asked, ...words.split(' '));
    expect(run.code).toBe(code);
    expect(run.ms).toBeLessThan(3000);
    const said = 'interrupted; nothing was changed';
    if (words.endsWith('--json')) {
      expect(JSON.parse(run.stdout)).toMatchObject({
        error: { code: 'interrupted', message: said },
      });
    } else {
      expect(run.stdout).toBe('');
      expect(run.stderr.trim().split('\n').at(-1)).toBe(`error ${said} [interrupted]`);
    }
  });
});
