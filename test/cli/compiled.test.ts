import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { Desk, valid } from './fleet.ts';

const dist = fileURLToPath(new URL('../../dist', import.meta.url));
const code = 'config/read-fleet.cjs';
const compiled = `${code}.${process.version}-${process.arch}`;

describe('what V8 compiled when fleet was built', () => {
  test('is taken by this Node', () => {
    const source = readFileSync(join(dist, code), 'utf8');
    const cachedData = readFileSync(join(dist, compiled));
    expect(new Script(source, { cachedData }).cachedDataRejected).toBe(false);
  });

  test.each<[string, (file: string) => void]>([
    ['is not there', (file) => rmSync(file)],
    ['is something else', (file) => writeFileSync(file, 'compiled by somebody else'.repeat(100))],
    ['is cut short', (file) => truncateSync(file, 1000)],
    ['is empty', (file) => truncateSync(file)],
  ])('is not needed: fleet.yaml is read when it %s', (_, spoil) => {
    const { folder, env } = new Desk(valid);
    const copy = join(folder, 'dist');
    cpSync(dist, copy, { recursive: true });
    cpSync(join(dist, '../package.json'), join(folder, 'package.json'));
    spoil(join(copy, compiled));
    const run = [join(copy, 'main.js'), '-C', folder, 'validate'];
    expect(execFileSync(process.execPath, run, { env, encoding: 'utf8' })).toBe(
      'fleet.yaml is valid: 1 hypervisor, 1 network, 1 vm\n',
    );
  });
});
