import { describe, expect, test } from 'vitest';
import { commitMessage } from '../../src/plan/commit-message.ts';
import { fileChanges } from '../../src/plan/file-changes.ts';
import { type FileChange, hasChanges, type Plan } from '../../src/plan/plan.ts';

describe('file changes', () => {
  test('are unified diffs, by path, and only of what differs', () => {
    const changes = fileChanges([
      { path: 'b.nix', before: 'one\ntwo\n', after: 'one\nthree\n' },
      { path: 'same.nix', before: 'x\n', after: 'x\n' },
      { path: 'a.nix', before: undefined, after: 'new\n' },
      { path: 'c.nix', before: 'old\n', after: undefined },
    ]);
    expect(changes.map((c) => `${c.kind} ${c.path}`)).toEqual([
      'add a.nix',
      'change b.nix',
      'remove c.nix',
    ]);
    expect(changes.map((c) => c.diff)).toEqual([
      '--- /dev/null\n+++ b/a.nix\n@@ -0,0 +1,1 @@\n+new\n',
      '--- a/b.nix\n+++ b/b.nix\n@@ -1,2 +1,2 @@\n one\n-two\n+three\n',
      '--- a/c.nix\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-old\n',
    ]);
  });

  test('tell an empty file from none', () => {
    const changes = fileChanges([{ path: 'a', before: undefined, after: '' }]);
    expect(changes).toMatchObject([{ path: 'a', kind: 'add' }]);
  });
});

describe('the commit message', () => {
  const file = (path: string, kind: FileChange['kind'] = 'change'): FileChange => ({
    path,
    kind,
    diff: '',
  });

  test('names defaults and profiles like hosts', () => {
    const title = commitMessage([
      file('modules/defaults.nix'),
      file('modules/layers.nix'),
      file('modules/profiles/web.nix', 'add'),
      file('hosts/web1/default.nix'),
    ]).split('\n')[0];
    expect(title).toBe('fleet: add profiles/web; change defaults, web1');
  });

  test('names the hosts, and lists every file', () => {
    expect(
      commitMessage([
        file('fleet.yaml'),
        file('hosts/hv1/networks.nix'),
        file('hosts/web2/default.nix', 'add'),
        file('hosts/web1/default.nix', 'add'),
        file('hosts/web1/config.nix', 'add'),
        file('hosts/db1/default.nix', 'remove'),
        file('hosts/db2/config.nix', 'remove'),
      ]),
    ).toBe(`fleet: add web1, web2; remove db1; change db2, hv1

changed fleet.yaml
changed hosts/hv1/networks.nix
new hosts/web2/default.nix
new hosts/web1/default.nix
new hosts/web1/config.nix
removed hosts/db1/default.nix
removed hosts/db2/config.nix
`);
  });

  test('names files when no host changes', () => {
    expect(commitMessage([file('flake.lock')])).toBe('fleet: flake.lock\n\nchanged flake.lock\n');
  });

  test('has a title that git shows whole, however many hosts change', () => {
    const many = Array.from({ length: 40 }, (_, i) => file(`hosts/web${i}/default.nix`));
    const [title = '', blank] = commitMessage(many).split('\n');
    expect(title).toHaveLength(72);
    expect(title.endsWith('…')).toBe(true);
    expect(blank).toBe('');
  });
});

describe('a plan', () => {
  const plan = (more: Partial<Plan>): Plan => ({
    version: 1,
    fleet: 'x',
    problems: [],
    files: [],
    hypervisors: [
      {
        name: 'hv1',
        actions: [],
        drift: [{ target: 'hv1', code: 'reboot', message: '' }],
        problems: [],
      },
    ],
    warnings: ['w'],
    ...more,
  });

  test('has changes when a file or a hypervisor has, not for drift or warnings alone', () => {
    expect(hasChanges(plan({}))).toBe(false);
    expect(hasChanges(plan({ files: [file('fleet.yaml')] }))).toBe(true);
  });

  const file = (path: string): FileChange => ({ path, kind: 'change', diff: '' });
});
