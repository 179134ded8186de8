import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { isKubeconfig, mergeKubeconfig } from '../../src/app/export/kubeconfig.ts';

const given = (token = 'TOKEN', more = '', cluster = '') => `apiVersion: v1
kind: Config
clusters:
- name: kubernetes
  cluster: { server: https://10.1.0.2:6443, certificate-authority-data: CA${cluster} }
- name: another
  cluster: { server: https://other }
contexts:
- { name: other, context: { cluster: another, user: other } }
- { name: admin@kubernetes, context: { cluster: kubernetes, user: admin } }
current-context: admin@kubernetes
users:
- { name: admin, user: { token: ${token}${more} } }
- { name: other, user: { token: NOT-WANTED } }
`;

const mine = `# mine
apiVersion: v1
clusters:
- cluster:
    server: https://a   # by hand
  name: a

# between
contexts:
  - name: a
    context:
      cluster: a
      user: "a"
  # the last
current-context: a
kind: Config
users: [] # nobody yet
preferences: {}`;

describe('a kubeconfig of a guest', () => {
  test('becomes one with its current context alone, where there is none', () => {
    const { clusters, contexts, users, ...rest } = parse(
      mergeKubeconfig(undefined, given(), 'kind'),
    );
    expect(rest).toEqual({ apiVersion: 'v1', kind: 'Config', 'current-context': 'kind' });
    expect(clusters).toMatchObject([
      { name: 'kind', cluster: { server: 'https://10.1.0.2:6443' } },
    ]);
    expect(contexts).toMatchObject([{ name: 'kind', context: { cluster: 'kind', user: 'kind' } }]);
    expect(users).toMatchObject([{ name: 'kind', user: { token: 'TOKEN' } }]);
    expect(mergeKubeconfig('\n', given(), 'kind')).not.toContain('NOT-WANTED');
  });

  test('leaves every line of the other one as it is, and its current context', () => {
    const merged = mergeKubeconfig(mine, given(), 'kind');
    const lines = merged.split('\n');
    expect(mine.split('\n').filter((line) => !lines.includes(line))).toEqual([
      'users: [] # nobody yet',
    ]);
    expect(lines).toContain('users: # nobody yet');
    expect(parse(merged)).toMatchObject({
      'current-context': 'a',
      contexts: [{ name: 'a' }, { name: 'kind' }],
    });
  });

  test('takes the place of what it was before, and of nothing else', () => {
    const before = mergeKubeconfig(mine, given(), 'kind');
    expect(mergeKubeconfig(before, given(), 'kind')).toBe(before);
    expect(mergeKubeconfig(before, given('NEW'), 'kind')).toBe(before.replace('TOKEN', 'NEW'));
    const two = mergeKubeconfig(before, given(), 'other');
    expect(mergeKubeconfig(two, given('NEW'), 'kind')).toBe(two.replace('TOKEN', 'NEW'));
  });

  test('keeps the namespace that its user chose', () => {
    const merged = mergeKubeconfig(undefined, given(), 'kind');
    const chosen = merged.replace(/( *)user: kind\n/, '$&$1namespace: mine\n');
    expect(mergeKubeconfig(chosen, given(), 'kind')).toContain('namespace: mine');
  });

  test.each([
    ['JSON', JSON.stringify({ kind: 'Config', clusters: [], users: null })],
    ['flow style', '{ kind: Config, clusters: [{ name: a, cluster: {} }] } # mine\n'],
    ['an anchor', 'kind: Config\nclusters:\n- &x { name: a, cluster: {} }\nmore: *x\n'],
    ['lines that end as on Windows', mine.replaceAll('\n', '\r\n')],
  ])('is merged into %s', (_, text) => {
    const merged = mergeKubeconfig(text, given(), 'kind');
    expect(merged.includes('# mine')).toBe(text.includes('# mine'));
    expect(parse(merged)).toMatchObject({ kind: 'Config', users: [{ name: 'kind' }] });
    if (text.startsWith('{"')) expect(() => JSON.parse(merged)).not.toThrow();
  });

  test.each([
    ['no YAML', 'kind: Config\nusers: [\n', /line 3 is not YAML/],
    ['a list', '- x\n', /not a map/],
    ['another kind', 'kind: Pod\n', /kind is not Config/],
    ['two documents', 'kind: Config\n---\nkind: Config\n', /not YAML/],
    ['users that are none', 'kind: Config\nusers: 3\n', /users is not a list/],
  ])('is merged into nothing that is %s', (_, text, why) => {
    expect(() => mergeKubeconfig(text, given(), 'kind')).toThrow(why);
  });

  test('takes the place of nobody of the same name', () => {
    expect(() => mergeKubeconfig(mine, given(), 'a')).toThrow(
      'there is a cluster named a that fleet did not write',
    );
  });

  test.each([
    [', exec: { command: sh }', ''],
    [', auth-provider: { name: gcp }', ''],
    [', tokenFile: /home/ada/.ssh/id_ed25519', ''],
    [', client-key: /etc/shadow', ''],
    ['', ', certificate-authority: /x'],
  ])('is refused with%s%s: that is of the computer of its user', (more, cluster) => {
    expect(() => mergeKubeconfig(undefined, given('T', more, cluster), 'kind')).toThrow(
      'names a program or file of this computer',
    );
  });

  test('is refused without a secret in what is said', () => {
    for (const text of ['hush', 'a: [hush', 'kind: Config\nusers: [{name: hush}]', '{hush: [}']) {
      let said: unknown;
      try {
        mergeKubeconfig(undefined, text, 'kind');
      } catch (error) {
        said = error;
      }
      expect(said).toMatchObject({ code: 'export.kubeconfig' });
      expect(JSON.stringify(said) + (said as Error).message + (said as Error).stack).not.toContain(
        'hush',
      );
    }
  });
});

test.each([
  [given(), true],
  ['{"kind":"Config","clusters":[]}', true],
  ['kind: Pod\nclusters: x', false],
  ['a token', false],
])('a kubeconfig is known as one', (text, is) => {
  expect(isKubeconfig(text)).toBe(is);
});
