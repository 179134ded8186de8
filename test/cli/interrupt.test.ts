import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Desk, valid } from './fleet.ts';

test('fleet update that is stopped while Nix works has written nothing', async () => {
  const desk = new Desk(valid).commit();
  const [bin, asked] = [join(desk.home, 'bin'), join(desk.home, 'asked')];
  mkdirSync(bin);
  writeFileSync(join(bin, 'nix'), `#!/bin/sh\n: >'${asked}'\nexec sleep 5\n`, { mode: 0o755 });
  desk.env.PATH = `${bin}:${desk.env.PATH}`;
  const files = desk.files();
  const moment = vi.waitFor(() => expect(existsSync(asked)).toBe(true), { timeout: 30_000 });
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
    expect(run.ms).toBeLessThan(8000);
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
