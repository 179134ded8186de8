import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { coverage } from '../coverage.ts';
import { playDemo, processesOf } from './play-demo.ts';

const entry = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
let folder = '';

const demo = (cues: readonly string[]) =>
  playDemo([process.execPath, entry], cues, {
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      TMPDIR: folder,
      NODE_DISABLE_COMPILE_CACHE: '1',
      ...coverage(),
    },
  });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fleet-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe.runIf(process.platform === 'linux')(
  'fleet demo that is interrupted leaves no folder and no process',
  () => {
    const ends = 'Interrupted: the demo ends, and its folder is removed.';

    test('while a command runs: it waits for that', async () => {
      const { code, said } = await demo(['$ fleet plan']);
      expect(code).toBe(130);
      expect(said).toContain(ends);
      expect(said).not.toContain('# Do it');
      expect(readdirSync(folder)).toEqual([]);
      expect(processesOf(folder)).toEqual([]);
    });

    test('twice: it waits for nothing', async () => {
      const { code } = await demo(['hv1: build', ends]);
      expect(code).toBe(130);
      expect(readdirSync(folder)).toEqual([]);
      expect(processesOf(folder)).toEqual([]);
    }, 180_000);
  },
);
