import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { asStep, script } from '../../src/host/scripts.ts';

test('a step that systemd does not end is given up after its limit, and the connection with it', () => {
  const root = mkdtempSync(join(tmpdir(), 'fleet-step-'));
  for (const path of ['bin', 'var/lib/fleet/deployments/d1/steps', 'var/lib/microvms', 'nix/store'])
    mkdirSync(join(root, path), { recursive: true });
  writeFileSync(join(root, 'var/lib/fleet/deployments/d1/meta'), 'confirm\t600\n');
  const tool = join(root, 'bin/systemd-run');
  writeFileSync(tool, `#!/bin/sh\necho $$ >"${root}/pid"\nexec sleep 300\n`);
  chmodSync(tool, 0o755);
  const env = { PATH: `${join(root, 'bin')}:${process.env.PATH}`, FLEET_ROOT: root };
  // systemd has 45 s more than the step.
  const args = ['-c', script('step'), 'sh', 'd1', '001', 'try', '-43', 'change'];
  let stderr = '';
  try {
    execFileSync('sh', args, { env, input: asStep('true'), timeout: 60_000 });
  } catch (error) {
    stderr = String((error as { stderr: Buffer }).stderr);
  }
  process.kill(Number(readFileSync(join(root, 'pid'), 'utf8')));
  rmSync(root, { recursive: true, force: true });
  expect(stderr).toContain(
    'fleet-error\tstep.hung\tstep try is over its limit of -43 s, and systemd does not end it',
  );
});
