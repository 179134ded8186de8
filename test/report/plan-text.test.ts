import { stripVTControlCharacters, styleText } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { HypervisorPlan, Plan } from '../../src/plan/plan.ts';
import { planText } from '../../src/report/plan-text.ts';
import { noStyle, type Style } from '../../src/report/style.ts';
import { changed, planHv1, twoHypervisors, withEntry } from '../plan/situation.ts';

const plan = (hypervisors: HypervisorPlan[], more: Partial<Plan> = {}): Plan => ({
  version: 1,
  fleet: 'example',
  files: [],
  hypervisors,
  warnings: [],
  problems: [],
  ...more,
});
const text = (of: Plan, options = { diffs: false, offline: false }) =>
  planText(of, noStyle, options);
const files: Plan['files'] = [
  {
    path: 'fleet.yaml',
    kind: 'change',
    diff: '--- a/fleet.yaml\n+++ b/fleet.yaml\n@@ -1,1 +1,1 @@\n-a\n+b\n',
  },
  { path: 'hosts/web3/default.nix', kind: 'add', diff: '' },
];

test('a plan says what happens where, and why, within 80 columns', () => {
  const yaml = `${twoHypervisors}  web3: { on: hv1, network: front, address: 10.1.0.3 }\n`;
  const hv1 = planHv1({
    yaml: yaml.replace('db1: {', 'db2: {').replace('[db1]', '[db2]'),
    files,
    fingerprints: changed('hv1', 'web1'),
    facts: (f) => ({ interfaces: withEntry(f.interfaces, 'br-front', { addresses: [] }) }),
  });
  const out = text(plan([hv1], { files }));
  expect(out).toMatchInlineSnapshot(`
    "Files
      ~ fleet.yaml
      + hosts/web3/default.nix

    hv1
      · hv1   checkout moves   there is a new commit
      ~ hv1   repair           br-front has no 10.1.0.1/24
      - db1   stop, set aside  not in fleet.yaml any more; its state is kept
      ~ hv1   switch           its configuration changed
      + db2   create           new
      ~ web1  rebuild          its configuration changed
      + web3  create           new
      ! hv1: br-front has no 10.1.0.1/24

    Plan: 2 files, 1 to switch, 2 to create, 1 to rebuild, 1 to repair, 1 to set
    aside.
    May restart, if the build gives another runner: web1.
    "
  `);
  expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
});

test('nothing to do is one line', () => {
  expect(text(plan([planHv1()]))).toBe('No changes.\n');
});

test('nothing to do offline does not speak for hypervisors', () => {
  expect(text(plan([]), { diffs: true, offline: true })).toBe(
    'No changes. Hypervisors were not asked.\n',
  );
});

test('drift is shown where nothing is to be done, too', () => {
  const held = {
    from: '/nix/store/b',
    to: '/nix/store/a',
    operator: 'ada@desk',
    since: 1_760_000_000,
  };
  const hv1 = planHv1({
    fingerprints: changed('web1'),
    facts: () => ({ held: new Map([['web1', held]]) }),
  });
  expect(text(plan([hv1]))).toMatchInlineSnapshot(`
    "hv1
      ! web1: held by ada@desk since 2025-10-09 08:53 UTC; its changes in fleet.yaml
        wait for fleet apply --release web1

    No changes.
    "
  `);
});

test('a hypervisor that cannot be reached is shown beside the rest, its advice under the reason', () => {
  const lost: HypervisorPlan = {
    name: 'hv2',
    unreachable:
      'hv2: unknown host key ssh-ed25519 SHA256:abc\nIf they are the same, accept it: ssh-keyscan …',
    actions: [],
    drift: [],
    problems: [],
  };
  expect(text(plan([planHv1({ fingerprints: changed('web1') }), lost]))).toMatchInlineSnapshot(`
    "hv1
      ~ web1  rebuild          its configuration changed

    hv2
      unreachable  hv2: unknown host key ssh-ed25519 SHA256:abc
                   If they are the same, accept it: ssh-keyscan …

    Plan: 1 to rebuild. 1 hypervisor unreachable.
    May restart, if the build gives another runner: web1.
    "
  `);
});

test('what stands in the way comes before what would be done', () => {
  const hv1 = planHv1({ fingerprints: changed('web1'), facts: () => ({ machine: 'aarch64' }) });
  expect(
    text(plan([hv1]))
      .split('\n')
      .slice(0, 3),
  ).toEqual([
    'hv1',
    '  problem  is aarch64, fleet.yaml says system: x86_64-linux',
    '  ~ web1  rebuild          its configuration changed',
  ]);
});

test('offline shows diffs only, and says that hypervisors were not asked', () => {
  const hv1 = planHv1({ fingerprints: changed('web1') });
  expect(
    text(plan([{ ...hv1, actions: [] }], { files: files.slice(0, 1) }), {
      diffs: true,
      offline: true,
    }),
  ).toMatchInlineSnapshot(`
      "--- a/fleet.yaml
      +++ b/fleet.yaml
      @@ -1,1 +1,1 @@
      -a
      +b

      Plan: 1 file. Hypervisors were not asked.
      "
    `);
});

test('what was found before anything changes reads well at 80 columns', () => {
  const hv1 = planHv1({
    fingerprints: changed('hv1'),
    facts: (f) => ({
      systemProfile: '/nix/store/by-hand',
      systemProfileSince: f.now - 90 * 60,
      rebootFor: ['kernel', 'initrd'],
      currentSystemSince: f.now - 26 * 3600,
      writers: [
        { name: 'nixos-upgrade.timer', kind: 'installed' },
        { name: 'nixos-upgrade.service', kind: 'running' },
        { name: 'nixos-rebuild', kind: 'running' },
      ],
      collecting: true,
      freeKiB: new Map(['/nix/store', '/var/lib/fleet', '/boot'].map((disk) => [disk, 3000])),
      memory: { totalKiB: 8_000_000, availableKiB: 300_000 },
      gone: new Set(['web1']),
      unrooted: new Set(['db1']),
      vms: withEntry(f.vms, 'web1', {
        current: '/nix/store/by-hand',
        currentSince: f.now - 3 * 3600 - 12 * 60,
      }),
    }),
  });
  const out = text(plan([hv1]));
  expect(out).toMatchInlineSnapshot(`
    "hv1
      problem  /nix/store has 2 MiB free, 1024 MiB are needed: fleet gc hv1
      problem  /var/lib/fleet has 2 MiB free, 64 MiB are needed: make room on its
               file system
      problem  292 MiB of memory are available, a build needs 512 MiB: stop
               something there, or wait
      problem  /boot has 2 MiB free, 32 MiB are needed: delete old generations
               (boot.loader.*.configurationLimit)
      problem  nixos-upgrade.service and nixos-rebuild are running there: wait for
               them, or stop them
      ~ hv1   switch           its configuration changed
      ~ db1   rebuild          what was deployed has no root
      ~ web1  rebuild          current is not the deployed runner
      ! hv1: the system profile differs from the running system for 1 h 30 min: a
        reboot would boot it
      ! hv1: kernel, initrd of the running system wait for a reboot, for at least
        1 d 2 h
      ! hv1: nixos-upgrade.timer would replace what fleet deploys:
        system.autoUpgrade.enable = false
      ! hv1: nixos-upgrade.service and nixos-rebuild are running: this plan may
        already be out of date
      ! hv1: nix-collect-garbage runs: a build may have to wait for it
      ! db1: the deployed generation has no root, so it may be collected any time;
        apply roots it again
      ! web1: the deployed generation was garbage-collected: a restart would fail;
        apply builds it again
      ! web1: current is not the deployed runner
      ! web1: current differs from booted for 3 h 12 min: a reboot would boot it

    Plan: 1 to switch, 2 to rebuild.
    "
  `);
  expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
});

test('warnings stand before the summary', () => {
  expect(text(plan([], { warnings: ['nix/a.nix is not in git'] }))).toBe(
    'warning nix/a.nix is not in git\n\nNo changes.\n',
  );
});

test('a TAP that is joined to its bridge is not counted as a start', () => {
  const hv1 = planHv1({
    facts: (f) => ({ interfaces: withEntry(f.interfaces, 'vm-web1', { master: undefined }) }),
  });
  expect(text(plan([hv1]))).toContain('Plan: 1 to join a bridge.');
});

test('a guest that runs and is restarted is not counted as one that is started', () => {
  const why = 'asked for (--restart)';
  const actions = [
    { kind: 'start', target: 'web1', why } as const,
    { kind: 'restart', target: 'web2', why } as const,
  ];
  const hv1 = { name: 'hv1', actions, drift: [], problems: [] };
  expect(text(plan([hv1]))).toContain('Plan: 1 to start, 1 to restart.');
});

describe('colours', () => {
  const forced: Style = (format, words) => styleText(format, words, { validateStream: false });
  test('change nothing but escape codes', () => {
    const hv1 = planHv1({ fingerprints: changed('web1', 'hv1') });
    const options = { diffs: true, offline: false };
    const coloured = planText(plan([hv1], { files }), forced, options);
    expect(coloured).toContain('\u001b[');
    expect(stripVTControlCharacters(coloured)).toBe(
      planText(plan([hv1], { files }), noStyle, options),
    );
  });
});

test('vms and TAPs of others take one line', () => {
  const orphan = (target: string) => ({ target, code: 'orphan' as const, message: 'whose?' });
  const drift = ['db', 'mailer', 'vm-db', 'vm-x'].map(orphan);
  expect(text(plan([{ ...planHv1(), drift }]))).toContain(
    '! hv1: not of this fleet, left alone: db, mailer, vm-x\n',
  );
  expect(text(plan([{ ...planHv1(), drift: [orphan('db')] }]))).toContain('! db: whose?\n');
});
