import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { script } from '../../src/host/scripts.ts';

/** A hypervisor as a folder, in the midst of deployment d1, whose guest web runs on its former runner. */
let root: string;
const path = (name: string) => join(root, name);
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fleet-way-back-'));
  const runner = path('nix/store/former-web');
  for (const folder of [
    ...['bin', 'nix/store/former-web', 'var/lib/fleet/deployments/d1'],
    'var/lib/microvms/web',
  ])
    mkdirSync(path(folder), { recursive: true });
  for (const link of ['current', 'booted'])
    symlinkSync(runner, path(`var/lib/microvms/web/${link}`));
  const before = ['vm', 'web', runner, runner, 'active', runner].join('\t');
  writeFileSync(
    path('var/lib/fleet/deployments/d1/before'),
    `system\t-\t-\t1\n${before}\ntarget\tweb\n`,
  );
  writeFileSync(path('var/lib/fleet/deployments/d1/changing'), '');
  writeFileSync(path('var/lib/fleet/deployments/d1/meta'), 'stop\t5\nconfirm\t5\n');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/**
 * Goes back, with a systemd that has this job for the guest, if any, and calls it so, until it was asked to stop;
 * returns what it was asked for. Of one that is inactive a helper is still stopping.
 */
function goBack(job: string, state: 'active' | 'inactive' = 'active'): string {
  const busy =
    state === 'active'
      ? 'microvm@web.service loaded active running x'
      : 'microvm-virtiofsd@web.service loaded deactivating stop-sigterm x';
  writeFileSync(
    path('bin/systemctl'),
    `#!/bin/sh
echo "$*" >>"$FLEET_ROOT/asked"
case $1 in
list-units) [ -e "$FLEET_ROOT/stopped" ] || echo '${busy}' ;;
list-jobs) [ -e "$FLEET_ROOT/stopped" ] || echo '${job}' ;;
show) echo ${state} ;;
stop) case "$*" in *' microvm@web.service') : >"$FLEET_ROOT/stopped" ;; esac ;;
esac
`,
    { mode: 0o755 },
  );
  const run = spawnSync('sh', ['-c', `id=d1\n${script('way-back')}`, 'back.sh', 'now'], {
    env: { PATH: `${path('bin')}:${process.env.PATH}`, FLEET_ROOT: root },
    encoding: 'utf8',
  });
  expect(run.stderr).toBe('');
  expect(readFileSync(path('var/lib/fleet/deployments/d1/back.rc'), 'utf8')).toBe('no 0\n');
  return readFileSync(path('asked'), 'utf8');
}

test('a guest that runs as before is left alone', () => {
  const asked = goBack('');
  expect(asked).not.toMatch(/^(start|stop) .*microvm@web/m);
});

test('a guest whose stop is queued, and which systemd calls active until then, is started again', () => {
  const asked = goBack('12 microvm@web.service stop waiting');
  expect(asked).toMatch(/^stop .*microvm@web\.service$/m);
  expect(asked).toMatch(/^start .*microvm@web\.service$/m);
});

test('a guest that is being restarted by systemd itself is left alone', () => {
  expect(goBack('12 microvm@web.service restart waiting')).not.toMatch(/^stop .*microvm@web/m);
});

test('a guest that has stopped, whose helpers stop just now, is started again', () => {
  const asked = goBack('', 'inactive');
  expect(asked).toMatch(/^stop .*microvm@web\.service$/m);
  expect(asked).toMatch(/^start .*microvm@web\.service$/m);
});

test('a guest in a crash loop, whose start waits for a helper, is left alone', () => {
  expect(goBack('12 microvm@web.service start waiting', 'inactive')).not.toMatch(
    /^stop .*microvm@web/m,
  );
});
