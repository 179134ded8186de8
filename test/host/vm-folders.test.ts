import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseFacts } from '../../src/host/answers/facts.ts';
import { script } from '../../src/host/scripts.ts';
import { quietSystemd } from './quiet-systemd.ts';

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
    const facts = (wanted: string) => {
      const text = execFileSync('sh', ['-c', script('facts'), 'fleet', '/none', wanted], {
        encoding: 'utf8',
        env: { PATH: quietSystemd(root), FLEET_ROOT: root },
      });
      return parseFacts(text);
    };
    const taken = facts('brief').takenKiB.get('web1');
    expect(taken).toBeGreaterThanOrEqual(2048);
    expect(taken).toBeLessThan(4096);
    const { images, takenKiB, vms } = facts('vms');
    expect([images.size, takenKiB.size, [...vms.keys()]]).toEqual([0, 0, ['web1']]);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

test('folders that take too long to count are unknown, and the facts come all the same', () => {
  const root = mkdtempSync(join(tmpdir(), 'fleet-taken-'));
  try {
    for (const folder of ['web1', 'web2'])
      mkdirSync(join(root, 'var/lib/microvms', folder), { recursive: true });
    mkdirSync(join(root, 'nix/store'), { recursive: true });
    mkdirSync(join(root, 'proc/sys/kernel/random'), { recursive: true });
    writeFileSync(join(root, 'proc/sys/kernel/random/boot_id'), 'boot\n');
    mkdirSync(join(root, 'bin'));
    // The second has a million files; the limit is what is under test, not its length.
    writeFileSync(join(root, 'bin/du'), '#!/bin/sh\nprintf "12\\t%s\\n" "$2"\nsleep 60\n', {
      mode: 0o755,
    });
    writeFileSync(join(root, 'bin/timeout'), '#!/bin/sh\nshift 3\nexec $real -k 1 1 "$@"\n', {
      mode: 0o755,
    });
    const real = execFileSync('sh', ['-c', 'command -v timeout'], { encoding: 'utf8' }).trim();
    const text = execFileSync('sh', ['-c', script('facts'), 'fleet', '/none', 'brief'], {
      encoding: 'utf8',
      env: { real, PATH: quietSystemd(root), FLEET_ROOT: root },
    });
    const facts = parseFacts(text);
    expect([...facts.takenKiB]).toEqual([['web1', 12]]);
    expect(facts.takenCut).toBe(true);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

test('folders with names that fleet cannot have are told beside the vms, and nothing else', () => {
  const root = mkdtempSync(join(tmpdir(), 'fleet-taken-'));
  try {
    const seen = (...folders: readonly string[]) => {
      for (const folder of folders)
        mkdirSync(join(root, 'var/lib/microvms', folder), { recursive: true });
      const text = execFileSync('sh', ['-c', script('facts'), 'fleet', '/none', 'brief'], {
        encoding: 'utf8',
        env: { PATH: quietSystemd(root), FLEET_ROOT: root },
      });
      return parseFacts(text);
    };
    mkdirSync(join(root, 'nix/store'), { recursive: true });
    mkdirSync(join(root, 'proc/sys/kernel/random'), { recursive: true });
    writeFileSync(join(root, 'proc/sys/kernel/random/boot_id'), 'boot\n');
    expect(seen('web1')).not.toHaveProperty('otherVms');
    const facts = seen('Web_1', 'a b', '-x', '.aside');
    expect([...facts.vms.keys()]).toEqual(['web1']);
    expect(facts.otherVms).toEqual(['Web_1']);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
