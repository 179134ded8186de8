import { describe, expect, test } from 'vitest';
import type { Facts } from '../../src/model/facts.ts';
import type { Plumbing } from '../../src/model/network-facts.ts';
import { hypervisorChecks } from '../../src/plan/drift.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import { type HypervisorPlan, hasChanges, restartable, unmended } from '../../src/plan/plan.ts';
import { select } from '../../src/plan/selectors.ts';
import {
  deployedFacts,
  emptyFacts,
  index,
  planHv1,
  twoHypervisors,
  withEntry,
} from './situation.ts';

const plan = (facts: (f: Facts) => Partial<Facts>, more: { restart?: ReadonlySet<string> } = {}) =>
  planHv1({ facts, ...more });
const plumbing =
  (change: Partial<Plumbing>) =>
  (f: Facts): Partial<Facts> => ({ plumbing: { ...f.plumbing, ...change } });
const said = ({ drift }: HypervisorPlan) => drift.map((d) => `${d.target} ${d.code}: ${d.message}`);
const done = ({ actions }: HypervisorPlan) =>
  actions.map((a) => [a.kind, a.target, ...(a.repairs ?? []).map((r) => r.join(' '))].join(' '));
const whole = (hv1: HypervisorPlan) => ({
  version: 1 as const,
  fleet: 'example',
  files: [],
  hypervisors: [hv1],
  warnings: [],
  problems: [],
});

describe('a hypervisor whose network somebody took apart is repaired', () => {
  test.each<[string, (f: Facts) => Partial<Facts>, string, string[]]>([
    [
      'a bridge that is down',
      (f) => ({ interfaces: withEntry(f.interfaces, 'br-back', { up: false }) }),
      'hv1 link: bridge br-back is down',
      ['repair hv1 link br-back'],
    ],
    [
      'a bridge without its address',
      (f) => ({ interfaces: withEntry(f.interfaces, 'br-back', { addresses: [] }) }),
      'hv1 address: br-back has no 10.2.0.1/24',
      ['repair hv1 address br-back 10.2.0.1/24'],
    ],
    [
      'a bridge that is down and lost its address with that',
      (f) => ({ interfaces: withEntry(f.interfaces, 'br-back', { up: false, addresses: [] }) }),
      'hv1 link: bridge br-back is down; br-back has no 10.2.0.1/24',
      ['repair hv1 link br-back address br-back 10.2.0.1/24'],
    ],
    [
      'the table gone',
      plumbing({ table: 'missing' }),
      'hv1 firewall: the nftables table inet fleet is missing: no isolation, no NAT, no published ports',
      ['repair hv1 unit nftables.service'],
    ],
    [
      'the table edited by hand',
      plumbing({ table: 'changed' }),
      'hv1 firewall: the nftables table inet fleet is not as it was deployed',
      ['repair hv1 unit nftables.service'],
    ],
    [
      'forwarding off everywhere',
      plumbing({ closed4: new Set(['all', 'br-back', 'br-front', 'eth0']) }),
      'hv1 forwarding: the kernel forwards no IPv4 from anywhere',
      ['repair hv1 forward4 all'],
    ],
    [
      'forwarding off for one bridge',
      plumbing({ closed4: new Set(['br-back', 'wlan0']) }),
      'hv1 forwarding: the kernel forwards no IPv4 from br-back',
      ['repair hv1 forward4 br-back'],
    ],
    [
      'a name service that died',
      plumbing({ dnsmasq: 'failed' }),
      'hv1 dns: dnsmasq.service is failed: guests cannot resolve names',
      ['repair hv1 unit dnsmasq.service'],
    ],
    [
      'a TAP that is down',
      (f) => ({ interfaces: withEntry(f.interfaces, 'vm-web1', { up: false }) }),
      'web1 tap: vm-web1 is down',
      ['join web1'],
    ],
  ])('%s', (_, facts, drift, actions) => {
    const hv1 = plan(facts);
    expect(said(hv1)).toEqual([drift]);
    expect(done(hv1)).toEqual(actions);
    expect(unmended(whole(hv1))).toEqual([]);
  });

  test('IPv6 forwarding, where a network has IPv6 and only there', () => {
    const yaml = twoHypervisors.replace('10.2.0.0/24 }', '10.2.0.0/24, subnet6: "fd00:2::/64" }');
    const off = plumbing({ forwards6: false });
    const then = deployedFacts(index(yaml), 'hv1');
    const hv1 = planHv1({ yaml, facts: () => ({ ...then, ...off(then) }) });
    expect(done(hv1)).toEqual(['repair hv1 forward6 all']);
    expect(done(plan(off))).toEqual([]);
  });

  test('but not with --on a vm alone, and not where facts do not tell', () => {
    const facts = plumbing({ table: 'missing' });
    expect(done(planHv1({ facts, on: 'web1' }))).toEqual([]);
    expect(done(plan(() => ({ plumbing: emptyFacts.plumbing })))).toEqual([]);
  });
});

describe('what nobody can mend from here', () => {
  const dropping = (names: string[]) =>
    plumbing({ drops: [{ chain: 'ip filter FORWARD', names }] });

  test('is said of each bridge that somebody else’s chain drops packets of', () => {
    const hv1 = plan(dropping(['docker0', '10.1.0.0/24']));
    expect(said(hv1)).toEqual([
      expect.stringMatching(
        /^hv1 forward-drop: ip filter FORWARD drops traffic to and from guests on br-back,/,
      ),
    ]);
    expect(said(hv1)[0]).toContain('iptables -I DOCKER-USER -i br-back -j ACCEPT');
    const other = (chain: string) => said(plan(plumbing({ drops: [{ chain, names: [] }] })))[0];
    expect(other('ip mine forward')).toContain(
      "(fleet ssh hv1 -- 'nft insert rule ip mine forward iifname br-back accept && nft insert rule ip mine forward oifname br-back accept')",
    );
    expect(other("ip mine x';reboot'")).not.toContain('fleet ssh');
    expect(hv1.problems).toEqual([]);
    expect(hasChanges(whole(hv1))).toBe(false);
    expect(unmended(whole(hv1)).map((d) => d.target)).toEqual(['hv1']);
    expect(restartable(whole(hv1))).toEqual([]);
  });

  test.each([[['br-front', 'br-back']], [['br-*']]])(
    'is not said of bridges it names: %s',
    (names) => {
      expect(said(plan(dropping(names)))).toEqual([]);
    },
  );

  test.each([
    ['tmpfs', { folder: '/', type: 'tmpfs', othersKept: false }, true],
    [
      'a root that keeps other folders alone',
      { folder: '/', type: 'btrfs', othersKept: true },
      true,
    ],
    ['a folder that is kept', { folder: '/var/lib/fleet', type: 'btrfs', othersKept: true }, false],
    ['a disk', { folder: '/', type: 'ext4', othersKept: false }, false],
  ])('/var/lib/fleet on %s', (_, stateMount, isLost) => {
    const hv1 = plan(() => ({ stateMount }));
    expect(hv1.drift.map((d) => d.code)).toEqual(isLost ? ['not-kept'] : []);
    expect(hv1.actions).toEqual([]);
  });
});

describe('a guest that runs and is not well', () => {
  const mute = (f: Facts) => ({ answers: new Map([...f.answers, ['10.1.0.2', false]]) });

  test('is offered a restart, and not restarted', () => {
    const hv1 = plan(mute);
    expect(said(hv1)).toEqual([
      'web1 no-answer: does not answer (ping 10.1.0.2): fleet apply --restart web1',
    ]);
    expect(hv1.actions).toEqual([]);
    expect(restartable(whole(hv1))).toEqual(['web1']);
  });

  test('is restarted when somebody asks for it', () => {
    const hv1 = plan(mute, { restart: new Set(['web1']) });
    expect(done(hv1)).toEqual(['restart web1']);
    expect(restartable(whole(hv1))).toEqual([]);
  });

  test('is not to blame for a bridge, or a TAP, that is down', () => {
    for (const name of ['br-front', 'vm-web1']) {
      const hv1 = plan((f) => ({
        ...mute(f),
        interfaces: withEntry(f.interfaces, name, { up: false }),
      }));
      expect(
        hv1.drift.map((d) => d.code),
        name,
      ).not.toContain('no-answer');
    }
  });

  test('nor is one that fails a check of its own taken for well', () => {
    const failed = {
      target: 'web1',
      check: 'tcp 80',
      ok: false,
      expected: 'connects',
      seen: 'refused',
      fault: { code: 'check', says: 'tcp 80: expected connects, seen refused' },
    } as const;
    const hv1 = planHv1({ probed: new Map([['hv1', [failed]]]) });
    expect(said(hv1)).toEqual([
      'web1 check: tcp 80: expected connects, seen refused: fleet apply --restart web1',
    ]);
  });
});

test('verify and plan judge a hypervisor by the same checks', () => {
  const facts = deployedFacts(index(), 'hv1');
  const checks = hypervisorChecks(index(), 'hv1', facts);
  expect(checks.map((c) => c.check)).toEqual([
    'bridge br-back',
    'bridge br-front',
    'forwarding',
    'firewall',
    'forward br-back',
    'forward br-front',
    'dnsmasq',
    '/var/lib/fleet',
  ]);
  expect(checks.every((c) => c.ok)).toBe(true);
});

test('a hypervisor that left fleet.yaml is named while the remote knows that it was deployed', () => {
  const { fleet } = index();
  const { warnings } = makePlan({
    index: index(),
    files: [],
    head: undefined,
    fingerprints: undefined,
    facts: new Map(),
    selection: select(fleet, undefined),
    release: new Set(),
    warnings: [],
    lastDeployed: new Map([
      ['hv1', 'a'.repeat(40)],
      ['hvx', 'b'.repeat(40)],
    ]),
  });
  expect(warnings).toEqual([
    expect.stringMatching(
      /^hvx is no longer in fleet.yaml: it was deployed \(bbbbbbbb\), its guests keep running/,
    ),
  ]);
});
