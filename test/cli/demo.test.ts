import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { coverage } from '../coverage.ts';
import { playDemo, processesOf } from './play-demo.ts';

const top = fileURLToPath(new URL('../../', import.meta.url));
const entry = join(top, 'dist/main.js');
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

test.runIf(process.platform === 'linux')(
  'npm start builds what a new checkout lacks, and runs the demo',
  async () => {
    const checkout = join(folder, 'checkout');
    const left = new Set(['.git', 'action', 'dist', 'node_modules']);
    for (const name of readdirSync(top))
      if (!left.has(name)) cpSync(join(top, name), join(checkout, name), { recursive: true });
    symlinkSync(join(top, 'node_modules'), join(checkout, 'node_modules'));
    const { said } = await playDemo(['npm'], ['$ fleet plan'], {
      cwd: checkout,
      env: { PATH: process.env.PATH, HOME: folder, NODE_DISABLE_COMPILE_CACHE: '1' },
      typed: ['start'],
    });
    expect(said).toContain('Interrupted: the demo ends, and its folder is removed.');
    expect(existsSync(join(checkout, 'dist/main.js'))).toBe(true);
    expect(processesOf(checkout)).toEqual([]);
  },
  360_000,
);

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
