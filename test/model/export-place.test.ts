import { expect, test } from 'vitest';
import { placeFault } from '../../src/model/export-place.ts';

test.each([
  '~/.SSH/rc',
  '~/.gdbinit',
  '~/.psqlrc',
  '~/.config/direnv/direnvrc',
  '~/.config/sway/config',
  '~/.docker/config.json',
  '~/.vault-token',
  '~/src/fleet/.git/config',
  '~/src/app/.envrc',
  '~/.local/lib/python3.12/site-packages/a.pth',
  '~/Library/LaunchAgents/a.plist',
  '~/library/LaunchAgents/a.plist',
  '~/bin/x',
  '~/SBIN/x',
  '/home/alice/.ssh/rc',
  '/home/alice/.bash_profile',
  '/home/alice/.config/autostart/a.desktop',
  '/Users/alice/Library/LaunchAgents/a.plist',
  '/root/.bashrc',
  '/private/etc/cron.d/x',
  '/Library/LaunchDaemons/a.plist',
  '/run/user/1000/systemd/user/a.service',
  '~/.kube/kuberc',
  '~/.kube/.x/y',
  '~/src/.kube/config',
  '~/x/../y',
  '~/x:/tmp/y',
])('no file of a guest may be at %s, merged or not', (to) => {
  expect(placeFault(to, false)).toBeDefined();
  expect(placeFault(to, true)).toBeDefined();
});

test.each([
  '~/.kube/web',
  '~/.kube/clusters/web',
  '/home/alice/.kube/config',
  '/root/.kube/config',
])('%s is for what is merged alone', (to) => {
  expect(placeFault(to, false)?.hint).toContain('add merge: kubeconfig');
  expect(placeFault(to, true)).toBeUndefined();
});

test.each([
  '~/tokens/web',
  '~/clusters/web.yaml',
  '~/src/fleet/kube/config',
  '/tmp/web/token',
  '/run/user/1000/token',
  '/srv/tokens/web',
  '/var/lib-of-mine/x',
  '~/music/library/x',
])('%s is a place', (to) => {
  expect([placeFault(to, false), placeFault(to, true)]).toEqual([undefined, undefined]);
});
