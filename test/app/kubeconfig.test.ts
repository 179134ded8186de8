import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { addToKubeconfig, takeKubeconfig } from '../../src/app/export/kubeconfig.ts';

const mergeKubeconfig = (existing: string | undefined, given: string, name: string) =>
  addToKubeconfig(existing, takeKubeconfig(given, name));

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

const ofManyKeys = (n: number) =>
  given().replace(
    'users:',
    `more: { ${Array.from({ length: n }, (_, i) => `k${i}: 1`).join(', ')} }\nusers:`,
  );

test.each<[string, () => string]>([
  ['many keys', () => ofManyKeys(20_000)],
  [
    'many keys, each on its line',
    () => `${given()}${Array.from({ length: 20_000 }, (_, i) => `k${i}: 1\n`).join('')}`,
  ],
  ['one key many times', () => `${given()}${'k: 1\n'.repeat(40_000)}`],
])('a guest’s kubeconfig of %s freezes nobody', (_, make) => {
  const began = process.cpuUsage();
  expect(takeKubeconfig(make(), 'kind')).toMatchObject({ users: { user: { token: 'TOKEN' } } });
  // Not by the clock: others may have the processor. To compare every key with every other takes over 30.
  expect(process.cpuUsage(began).user / 1e6).toBeLessThan(10);
});

test.each<[string, () => string]>([
  ['too deep', () => `${given()}x: ${'['.repeat(100_000)}`],
  ['full of references', () => `${given()}x: &x 1\ny: [${'*x, '.repeat(50_000)}]`],
  [
    'full of anchors and references',
    () =>
      `${given()}y: [${Array.from({ length: 10_000 }, (_, i) => `&a${i} 1, *a${i}`).join(', ')}]`,
  ],
  ['full of mistakes', () => `${given()}${'a: b: c\n'.repeat(25_000)}`],
])('a guest’s kubeconfig that is %s is refused, or taken, in no time', (_, make) => {
  const began = process.cpuUsage();
  try {
    takeKubeconfig(make(), 'kind');
  } catch (error) {
    expect(error).toMatchObject({ code: 'export.kubeconfig' });
  }
  // Not by the clock: others may have the processor. To compare every key with every other takes over 30.
  expect(process.cpuUsage(began).user / 1e6).toBeLessThan(10);
});

test('a guest’s kubeconfig of more than 256 KiB is none', () => {
  expect(() => takeKubeconfig(`${given()}${'#'.repeat(2 ** 18)}`, 'kind')).toThrow('256 KiB');
});
