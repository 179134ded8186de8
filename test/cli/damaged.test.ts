import { spawnSync } from 'node:child_process';
import { cpSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Desk, valid } from './fleet.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

test.each(['plan', 'verify', 'unlock hv1'])(
  'a file that fleet lacks is its own fault and not a hypervisor’s, before any is asked: %s',
  (command) => {
    const { folder, env } = new Desk(valid).commit();
    for (const part of ['dist', 'package.json'])
      cpSync(join(root, part), join(folder, part), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    const lacks = join(folder, 'dist/host/scripts/way-back.sh');
    rmSync(lacks);
    const args = [join(folder, 'dist/main.js'), '-C', folder, ...command.split(' ')];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
    expect(status, stderr).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain(`${lacks}, a file of fleet's own, cannot be read (ENOENT)`);
    expect(stderr).toContain('install it again');
    expect(stderr).not.toContain('unreachable');
  },
);
