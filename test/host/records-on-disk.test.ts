import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { script } from '../../src/host/scripts.ts';

test('what a deployment wrote down is on disk before its result is', () => {
  const root = mkdtempSync(join(tmpdir(), 'fleet-disk-'));
  try {
    const deployment = join(root, 'var/lib/fleet/deployments/d1');
    for (const folder of [
      'bin',
      'var/lib/microvms/web1',
      'var/lib/fleet/deployed',
      'var/lib/fleet/deployments/d1',
      'nix/var/nix/profiles',
      'nix/var/nix/gcroots/fleet',
    ])
      mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(join(root, 'var/lib/fleet/deployed/web1'), 'x\n');
    writeFileSync(join(deployment, 'after'), 'fleet\texample\nhealthy\tweb1\t/nix/store/r\nend\n');
    symlinkSync('confirmed', join(deployment, 'decided'));
    // sync says what it was given, and whether the result was there already; systemctl is not at hand. The event that
    // tells of the end comes behind it.
    const log = join(root, 'log');
    const tool = (name: string, text: string) =>
      writeFileSync(join(root, 'bin', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    tool(
      'sync',
      `case $1 in */fleet/events*) exit ;; esac\n[ ! -e ${deployment}/result ] || echo late >>${log}\nprintf '%s\\n' "$@" >>${log}`,
    );
    tool('systemctl', 'exit 0');
    execFileSync('sh', ['-s', 'd1', 'done'], {
      input: script('end'),
      env: { PATH: `${join(root, 'bin')}:${process.env.PATH}`, FLEET_ROOT: root },
    });
    const synced = readFileSync(log, 'utf8').split('\n');
    for (const path of [
      'fleet/deployed/web1',
      'fleet/fleet',
      'fleet/healthy/web1',
      'microvms/web1/',
    ])
      expect(synced).toContain(join(root, 'var/lib', path));
    // The result's own text, too, before anybody can take it for one.
    expect(synced).toContain(join(deployment, 'result.new'));
    expect(synced).not.toContain('late');
    expect(readFileSync(join(deployment, 'result'), 'utf8')).toBe('done\n');
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
