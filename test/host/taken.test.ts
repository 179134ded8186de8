import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseFacts } from '../../src/host/parse-facts.ts';
import { script } from '../../src/host/scripts.ts';

test('a sparse image takes what was written to it, not what it may become', () => {
  const root = mkdtempSync(join(tmpdir(), 'fleet-taken-'));
  try {
    const folder = join(root, 'var/lib/microvms/web1');
    mkdirSync(folder, { recursive: true });
    mkdirSync(join(root, 'nix/store'), { recursive: true });
    mkdirSync(join(root, 'proc/sys/kernel/random'), { recursive: true });
    writeFileSync(join(root, 'proc/sys/kernel/random/boot_id'), 'boot\n');
    writeFileSync(join(folder, 'var.img'), Buffer.alloc(2 << 20, 1));
    truncateSync(join(folder, 'var.img'), 2 ** 30);
    const text = execFileSync('sh', ['-c', script('facts'), 'fleet', '/none', 'brief'], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, FLEET_ROOT: root },
    });
    const taken = parseFacts(text).takenKiB.get('web1');
    expect(taken).toBeGreaterThanOrEqual(2048);
    expect(taken).toBeLessThan(4096);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
