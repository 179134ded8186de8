import { describe, expect, test } from 'vitest';
import { plainLine } from '../../src/model/plain-text.ts';
import { planText } from '../../src/report/plan-text.ts';
import { noStyle } from '../../src/report/style.ts';
import {
  changed,
  head,
  index,
  type PlanChange,
  planHv1,
  twoHypervisors,
  withEntry,
} from './situation.ts';

const web1 = 'web1: { on: hv1, network: front, address: 10.1.0.2,';
/** fleet.yaml with more fields of web1. */
const withWeb1 = (fields: string, yaml = twoHypervisors) =>
  yaml.replace(web1, `${web1} ${fields},`);

/** The actions of hv1 where `then` was deployed, and what fleet.yaml says now. */
function actions(then: string, now: string, change: PlanChange = {}) {
  return planHv1({
    yaml: now,
    fingerprints: changed('hv1', 'web1'),
    before: new Map([[head, index(then)]]),
    ...change,
  }).actions;
}

const update = (then: string, now: string, change?: PlanChange) =>
  actions(then, now, change).find(({ kind }) => kind === 'update');
const short = (action: ReturnType<typeof update>) =>
  action?.changes?.map(
    ({ field, from = '', to = '', restarts }) => `${field}: ${from}→${to} ${restarts}`,
  );

describe('what changes in a guest', () => {
  test.each<[string, string, string, string[]]>([
    ['memory: 1GiB', 'memory: 3GiB', 'certainly', ['memory: 1GiB→3GiB certainly']],
    ['vcpu: 1', 'vcpu: 2', 'certainly', ['vcpu: 1→2 certainly']],
    [
      'packages: [vim]',
      'packages: [htop]',
      'certainly',
      ['packages: vim→ certainly', 'packages: →htop certainly'],
    ],
    [
      'volumes: [{ mount: /srv, size: 1GiB }]',
      'volumes: [{ mount: /srv, size: 1536MiB }, { mount: /var/lib/x, size: 1GiB }]',
      'certainly',
      ['volumes./srv.size: 1GiB→1536MiB certainly', 'volumes: →/var/lib/x certainly'],
    ],
    [
      'config: { services.a: { enable: true, list: [1] } }',
      'config: { services.a.list: [1, 2], services."b.c".port: 80 }',
      'certainly',
      [
        'config.services.a.enable: true→ certainly',
        'config.services.a.list: [1]→[1,2] certainly',
        'config.services."b.c".port: →80 certainly',
      ],
    ],
    [
      'users: { ops: {} }',
      'users: { ops: { groups: [wheel] }, dev: {} }',
      'certainly',
      ['users: →dev certainly', 'users.ops.groups: →wheel certainly'],
    ],
    [
      'timezone: UTC',
      'timezone: Europe/Berlin',
      'certainly',
      ['timezone: UTC→Europe/Berlin certainly'],
    ],
    // The build decides: what is in modules, and what is seen by every guest, is not in fleet.yaml.
    ['modules: [./a.nix]', 'modules: [./a.nix, ./b.nix]', 'perhaps', ['modules: →b.nix perhaps']],
    [
      'checks: [{ tcp: 22 }]',
      'autostart: never, publish: ["2222:22/tcp"]',
      'perhaps',
      ['autostart: always→never no', 'publish: →2222:22/tcp no', 'checks: tcp 22→ no'],
    ],
    // What runs it has to be in the guest first.
    ['checks: []', 'checks: [{ run: "true" }]', 'certainly', ['checks: →run true certainly']],
    [
      'checks: [{ run: a }]',
      'checks: [{ run: b }]',
      'perhaps',
      ['checks: run a→ no', 'checks: →run b no'],
    ],
  ])('%s → %s: restarts %s', (then, now, restarts, expected) => {
    const action = update(
      withWeb1(then),
      withWeb1(now.replace('services."b.c".port', '\'services."b.c".port\'')),
    );
    expect(short(action)?.sort()).toEqual([...expected].sort());
    expect(action?.restarts).toBe(restarts);
  });

  test('is said of its networks, too', () => {
    const now = twoHypervisors
      .replace(
        'network: front, address: 10.1.0.2',
        'networks: [{ name: front, address: 10.1.0.2 }, { name: back, address: 10.2.0.9 }]',
      )
      .replace('10.1.0.0/24', '10.1.0.0/25');
    expect(short(update(twoHypervisors, now))).toEqual([
      'networks.front.subnet: 10.1.0.0/24→10.1.0.0/25 certainly',
      'networks: →back certainly',
    ]);
  });

  test('shows no value that may be a secret, and none that is long or moves the cursor', () => {
    const long = 'x'.repeat(200);
    const config = `services.a: { adminPassword: hunter2, users: [{ apiKey: hunter2 }], env: "TOKEN=hunter2", url: "https://ada:hunter2@b.example/", text: "\\e[2J${long}" }`;
    const now = withWeb1(
      `config: { ${config} }, checks: [{ run: "curl -H 'Authorization: hunter2'" }]`,
    );
    const { changes = [] } = update(twoHypervisors, now) ?? {};
    expect(changes.length).toBe(6);
    const text = JSON.stringify(changes);
    expect(text).not.toContain('hunter2');
    expect(text).toContain('https://b.example/');
    for (const { to = '' } of changes) {
      expect(to).toBe(plainLine(to));
      expect(to.length).toBeLessThanOrEqual(60);
    }
  });

  test('is not said where it is not known what was deployed', () => {
    const now = withWeb1('memory: 3GiB');
    const action = update(twoHypervisors, now, { before: new Map() });
    expect(action).toMatchObject({ restarts: 'perhaps' });
    expect(action).not.toHaveProperty('changes');
  });
});

describe('whether a guest restarts', () => {
  const now = withWeb1('memory: 3GiB');
  test('is for the build to say where it does not run on what was deployed', () => {
    const facts: PlanChange['facts'] = (f) => ({
      vms: withEntry(f.vms, 'web1', { current: '/nix/store/b', booted: '/nix/store/b' }),
    });
    expect(update(twoHypervisors, now, { facts })?.restarts).toBe('perhaps');
  });

  test('it does not while it is stopped', () => {
    const stopped = withWeb1('state: stopped');
    const facts: PlanChange['facts'] = (f) => ({
      vms: withEntry(f.vms, 'web1', {
        booted: undefined,
        unit: { active: 'inactive', sub: 'dead', invocation: '' },
      }),
    });
    expect(update(stopped, withWeb1('state: stopped, memory: 3GiB'), { facts })?.restarts).toBe(
      'no',
    );
  });

  test('it does not when only its root is missing', () => {
    const facts: PlanChange['facts'] = () => ({ unrooted: new Set(['web1']) });
    const action = update(twoHypervisors, twoHypervisors, { facts, fingerprints: changed() });
    expect(action).toMatchObject({ why: 'what was deployed has no root', restarts: 'no' });
  });

  test('it does when it was asked for', () => {
    const restart = new Set(['web1']);
    expect(update(twoHypervisors, twoHypervisors, { restart })?.restarts).toBe('certainly');
    expect(
      actions(twoHypervisors, twoHypervisors, { restart, fingerprints: changed() }),
    ).toMatchObject([{ kind: 'restart', target: 'web1', restarts: 'certainly' }]);
  });
});

test('a hypervisor tells of its networks, and of what it holds of guests that are not built anew', () => {
  const now = withWeb1('publish: ["2222:22/tcp"]')
    .replace('front: { subnet: 10.1.0.0/24', 'front: { subnet: 10.1.0.0/24, egress: [tcp/80]')
    .replace('eth0, tags: [eu]', 'eth1, tags: [eu]');
  const [action] = actions(twoHypervisors, now, { fingerprints: changed('hv1') });
  expect(action?.kind).toBe('switch');
  expect(short(action)).toEqual([
    'uplink: eth0→eth1 no',
    'networks.front.egress: all→ no',
    'networks.front.egress: →tcp/80 no',
    'vms.web1.publish: →2222:22/tcp no',
  ]);
});

describe('what was deployed once is not said again', () => {
  const [web, system, checkout] = ['a', 'b', 'c'].map((id) => id.repeat(40)) as [
    string,
    string,
    string,
  ];
  const facts: PlanChange['facts'] = (f) => ({
    checkout: { commit: checkout, branch: 'fleet', dirty: 0 },
    deployed: new Map(
      [...f.deployed].map(([name, one]) => [
        name,
        { ...one, commit: name === 'web1' ? web : system },
      ]),
    ),
  });
  /** What is said where the checkout, the hypervisor's system and web1 are of these. */
  const said = (thens: readonly [string, string, string], now: string, ...targets: string[]) => {
    const [ofCheckout, ofSystem, ofWeb1] = thens.map((then) => index(then));
    const before = new Map([
      [checkout, ofCheckout as NonNullable<typeof ofCheckout>],
      [system, ofSystem as NonNullable<typeof ofSystem>],
      [web, ofWeb1 as NonNullable<typeof ofWeb1>],
    ]);
    return actions(twoHypervisors, now, { facts, before, fingerprints: changed(...targets) }).map(
      (action) => [action.kind, short(action)],
    );
  };
  const ssh = (yaml: string) => yaml.replace('root@192.0.2.1', 'root@192.0.2.9');
  const eu = (yaml: string) => yaml.replace('tags: [eu]', 'tags: [de]');

  test('of what only fleet reads: with the checkout it was deployed', () => {
    const [old, now] = [twoHypervisors, ssh(twoHypervisors)];
    expect(said([now, old, old], eu(now))).toEqual([
      ['checkout', ['tags: eu→ no', 'tags: →de no']],
    ]);
    expect(said([old, old, old], now)).toEqual([
      ['checkout', ['ssh.host: 192.0.2.1→192.0.2.9 no']],
    ]);
    const switched = now.replace('uplink: eth0', 'uplink: eth1');
    expect(said([now, old, old], switched, 'hv1')).toEqual([
      ['checkout', undefined],
      ['switch', ['uplink: eth0→eth1 no']],
    ]);
  });

  test("of a guest's fields that its hypervisor has, or only fleet", () => {
    const old = twoHypervisors;
    const now = withWeb1('autostart: never, checks: [{ tcp: 22 }]');
    const next = withWeb1('memory: 3GiB', now);
    expect(said([now, now, old], next, 'web1').at(-1)).toEqual([
      'update',
      [expect.stringMatching(/^memory: .*certainly$/)],
    ]);
    expect(said([now, old, old], next, 'web1').at(-1)?.[1]).toHaveLength(2);
    // The first command in a guest brings a user and a key: only the guest's own commit tells.
    const look = withWeb1('checks: [{ run: "true" }]');
    expect(said([look, look, old], look, 'web1').at(-1)).toEqual([
      'update',
      ['checks: →run true certainly'],
    ]);
  });
});

test('a plan reads so', () => {
  const then = withWeb1('packages: [vim]', withWeb1('publish: ["2222:22/tcp"]'));
  const now = withWeb1('memory: 3GiB, config: { services.nginx.enable: true }');
  const hypervisor = planHv1({
    yaml: now,
    fingerprints: changed('hv1', 'db1', 'web1'),
    before: new Map([[head, index(then)]]),
  });
  const plan = {
    version: 1,
    fleet: 'example',
    files: [],
    hypervisors: [hypervisor],
    warnings: [],
    problems: [],
  } as const;
  expect(planText(plan, noStyle, { diffs: false, offline: false })).toMatchInlineSnapshot(`
    "hv1
      ~ hv1   switch           its configuration changed
      ~ db1   rebuild          its configuration changed
      ~ web1  rebuild          its configuration changed
              - package vim: restarts
              - publish 2222:22/tcp
              memory 1GiB → 3GiB: restarts
              + config.services.nginx.enable true: restarts

    Plan: 1 to switch, 2 to rebuild.
    Restarts: web1; may restart, if the build gives another runner: db1.
    "
  `);
});
