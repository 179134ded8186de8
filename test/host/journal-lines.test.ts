import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type ScriptName, script } from '../../src/host/scripts.ts';

/** What a script prints of a journal that a guest's console has painted. */
function painted(name: ScriptName, ...args: string[]) {
  const bin = mkdtempSync(join(tmpdir(), 'fleet-painted-'));
  const line = '[\\033[0;32m  OK  \\033[0m] Started \\033]0;sshd\\007\\033[2Jit.\\n';
  writeFileSync(join(bin, 'journalctl'), `#!/bin/sh\nprintf '${line}'\n`);
  chmodSync(join(bin, 'journalctl'), 0o755);
  const env = { PATH: `${bin}:${process.env.PATH}`, FLEET_ROOT: bin };
  const run = spawnSync('sh', ['-c', script(name), 'fleet', ...args], { env, encoding: 'utf8' });
  rmSync(bin, { recursive: true });
  return run.stdout;
}

test('the last lines of a guest come without colours, and with nothing that a terminal obeys', () => {
  expect(painted('story', '5', 'microvm@web1.service')).toContain(
    'line\t[  OK  ] Started ]0;sshdit.\n',
  );
  expect(painted('reason', 'd1', 'web1')).toContain('[  OK  ] Started ]0;sshdit.\n');
});
