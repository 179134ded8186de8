import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { lockInputs } from '../../src/host/flake-lock.ts';
import type { Input } from '../../src/model/fleet.ts';
import { sandboxLock } from '../../src/sandbox/flake-lock.ts';
import { failure } from '../repo/sandbox.ts';
import { here } from '../surroundings.ts';

const inputs: readonly Input[] = [
  {
    name: 'microvm',
    url: 'github:microvm-nix/microvm.nix',
    flake: true,
    follows: { nixpkgs: 'nixpkgs' },
  },
  { name: 'nixpkgs', url: 'github:NixOS/nixpkgs/nixos-25.11', flake: true, follows: {} },
];
let folder = '';
let said: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fleet-nix-'));
  said = [];
  vi.stubEnv('PATH', `${folder}:${process.env.PATH}`);
  vi.stubEnv('TMPDIR', folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** A Nix of this machine that does this. */
function nix(body: string): void {
  writeFileSync(join(folder, 'nix'), `#!/bin/sh\n${body}\n`);
  chmodSync(join(folder, 'nix'), 0o755);
}
const hangs = () => nix(`echo $$ >'${folder}/pid'; exec sleep 120`);

const lock = (signal: AbortSignal, timeout: number) =>
  lockInputs({ flake: '{ }\n', inputs, lock: undefined, renew: [] }, undefined, {
    signal,
    timeout,
    surroundings: here,
    say: (line) => said.push(line),
  });

/** Neither what Nix started nor the folder that it worked in is there any more. */
async function nothingIsLeft(): Promise<void> {
  const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
  await vi.waitFor(() => {
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(readdirSync(folder).sort()).toEqual(['nix', 'pid']);
  });
}

describe('a Nix of this machine that hangs', () => {
  test('is told of after a second, and ended when its time is over', async () => {
    hangs();
    const error = await failure(lock(new AbortController().signal, 1500));
    expect(error.code).toBe('lock.timed-out');
    expect(error.message).toBe('nix flake lock did not finish within 1.5 s');
    expect(said).toEqual(['nix flake lock runs on this machine']);
    await nothingIsLeft();
  });

  test('ends when a person asks to stop', async () => {
    hangs();
    const stop = new AbortController();
    const ended = failure(lock(stop.signal, 60_000));
    await vi.waitFor(() => expect(existsSync(join(folder, 'pid'))).toBe(true), 10_000);
    stop.abort();
    expect((await ended).code).toBe('interrupted');
    await nothingIsLeft();
  });
});

test('a Nix that is soon done is not told of', async () => {
  writeFileSync(join(folder, 'made'), sandboxLock);
  nix(`cat '${folder}/made' >flake.lock`);
  expect(await lock(new AbortController().signal, 60_000)).toBe(sandboxLock);
  expect(said.filter((line) => !line.startsWith('flake.lock: '))).toEqual([]);
});
