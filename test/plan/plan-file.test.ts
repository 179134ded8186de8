import { describe, expect, test } from 'vitest';
import { FleetError } from '../../src/model/errors.ts';
import type { Facts } from '../../src/model/facts.ts';
import { systemName } from '../../src/model/names.ts';
import type { HypervisorPlan } from '../../src/plan/plan.ts';
import {
  formatPlanFile,
  type Moment,
  type PlanFile,
  parsePlanFile,
  planFile,
} from '../../src/plan/plan-file.ts';
import { staleness } from '../../src/plan/staleness.ts';
import { changed, deployedFacts, head, index, planHv1, unit, withEntry } from './situation.ts';

const facts = deployedFacts(index(), 'hv1');
const planOf = (hv1: HypervisorPlan) => ({
  version: 1 as const,
  fleet: 'example',
  files: [],
  hypervisors: [hv1],
  warnings: [],
  problems: [],
});
const moment: Moment = {
  now: Date.UTC(2026, 0, 2, 3, 4, 5),
  on: undefined,
  release: new Set(),
  head,
  config: 'fleet.yaml',
  files: new Map([
    ['fleet.yaml', 'version: 1\n'],
    ['flake.lock', '{}\n'],
    ['hosts/web1/default.nix', '{ }\n'],
  ]),
  facts: new Map([['hv1', facts]]),
  plan: planOf(planHv1({ fingerprints: changed('web1') })),
};
const saved = () => parsePlanFile(formatPlanFile(planFile(moment)));

describe('a saved plan', () => {
  test('is read as it was written', () => {
    expect(saved()).toEqual(planFile(moment));
  });

  test('has what it rests on, and neither texts nor what passes by itself', () => {
    const { plan, ...rest } = planFile({
      ...moment,
      files: new Map([['fleet.yaml', 'a']]),
      facts: new Map([['hv1', { ...facts, deployed: new Map(), held: new Map() }]]),
    });
    expect(plan).toBe(moment.plan);
    expect(rest).toMatchInlineSnapshot(`
      {
        "config": "fleet.yaml",
        "files": {
          "fleet.yaml": "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
        },
        "fleet": "example",
        "head": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "hypervisors": {
          "hv1": {
            "commit": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "deployed": null,
            "dirty": 0,
            "fleet": null,
            "held": false,
            "profile": "/nix/store/old-system",
            "system": "/nix/store/old-system",
            "vms": {
              "db1": {
                "active": true,
                "booted": "/nix/store/old-db1",
                "current": "/nix/store/old-db1",
                "deployed": null,
                "held": false,
                "there": true,
              },
              "web1": {
                "active": true,
                "booted": "/nix/store/old-web1",
                "current": "/nix/store/old-web1",
                "deployed": null,
                "held": false,
                "there": true,
              },
            },
          },
        },
        "kind": "fleet-plan",
        "made": "2026-01-02T03:04:05.000Z",
        "on": null,
        "release": [],
        "version": 1,
      }
    `);
  });

  const text = formatPlanFile(planFile(moment));
  const without = (key: keyof PlanFile) => {
    const { [key]: _, ...rest } = planFile(moment);
    return JSON.stringify(rest);
  };
  test.each([
    ['nothing', '', 'is not a saved plan'],
    ['a file that was cut short', text.slice(0, -10), 'is not a saved plan'],
    ['fleet.yaml', 'version: 1\nname: example\n', 'is not a saved plan'],
    ['what plan --json prints', JSON.stringify(moment.plan), 'is not a saved plan'],
    ['a list', '[1]', 'is not a saved plan'],
    ['null', 'null', 'is not a saved plan'],
    [
      'another version',
      text.replace('"version": 1', '"version": 2'),
      'was saved by another version of fleet (format 2, not 1)',
    ],
    ['one without a plan', without('plan'), 'is a saved plan that was damaged'],
    ['one without facts', without('hypervisors'), 'is a saved plan that was damaged'],
    ['one without a commit', without('head'), 'is a saved plan that was damaged'],
    [
      'one with a hypervisor that has no vms',
      text.replace('"vms"', '"guests"'),
      'is a saved plan that was damaged',
    ],
    [
      'one with an action that is none',
      text.replace(/"actions": \[[^\]]*\]/, '"actions": [1]'),
      'is a saved plan that was damaged',
    ],
  ])('is refused when it is %s', (_, wrong, why) => {
    expect(() => parsePlanFile(wrong, 'my.plan')).toThrow(
      expect.objectContaining({
        code: 'plan.not-a-plan',
        exitCode: 64,
        message: `my.plan ${why}`,
        hint: '`fleet plan --out FILE` writes one.',
      }),
    );
  });
});

describe('a saved plan is stale', () => {
  const moved = (change: Partial<Moment>) => staleness(saved(), planFile({ ...moment, ...change }));
  const file = (path: string, to: string | undefined) => {
    const files = new Map(moment.files);
    if (to === undefined) files.delete(path);
    else files.set(path, to);
    return moved({ files });
  };
  const seen = (change: (f: Facts) => Partial<Facts>) =>
    moved({ facts: new Map([['hv1', { ...facts, ...change(facts) }]]) });
  const web1 = (change: Parameters<typeof withEntry<never>>[2] | object) =>
    seen((f) => ({ vms: withEntry(f.vms, 'web1', change as object) }));

  test('never, while nothing moved', () => {
    expect(moved({})).toEqual([]);
    expect(moved({ now: moment.now + 1e9 })).toEqual([]);
  });

  test('not by what passes by itself', () => {
    expect(
      seen((f) => ({
        now: f.now + 9999,
        bootId: 'other',
        freeKiB: new Map(),
        memory: undefined,
        routes: [],
        answers: new Map([['10.1.0.2', false]]),
        vms: withEntry(f.vms, 'web1', { unit: unit('active', { invocation: 'other' }) }),
      })),
    ).toEqual([]);
  });

  test('by what moved at the desk', () => {
    expect(file('fleet.yaml', 'version: 1\n# more\n')).toEqual(['fleet.yaml changed']);
    expect(file('flake.lock', '{ }\n')).toEqual(['flake.lock changed']);
    expect(file('flake.lock', undefined)).toEqual(['flake.lock changed']);
    expect(moved({ head: 'b'.repeat(40) })).toEqual(['HEAD is at bbbbbbbb and was at aaaaaaaa']);
    expect(moved({ head: undefined })).toEqual(['HEAD is at no commit and was at aaaaaaaa']);
    expect(file('hosts/web1/default.nix', '{ b = 1; }\n')).toEqual([
      'another version of fleet made the plan: it renders hosts/web1/default.nix',
    ]);
  });

  test('when it is of another fleet, file or selection', () => {
    expect(moved({ plan: { ...moment.plan, fleet: 'other' } })).toEqual([
      'the plan is for the fleet "example", this is "other"',
    ]);
    expect(moved({ config: 'x.yaml' })).toEqual(['the plan is for fleet.yaml, not x.yaml']);
    expect(moved({ on: 'web1', release: new Set(['web1']) })).toEqual([
      'the plan was made without --on, not with --on web1',
      'the plan releases nothing',
    ]);
  });

  test.each<[string, (f: Facts) => Partial<Facts>, string]>([
    ['system', () => ({ currentSystem: '/x', systemProfile: '/x' }), 'another system runs'],
    ['boot default', () => ({ systemProfile: '/x' }), 'a reboot would boot another system'],
    ['fleet', () => ({ fleet: 'other' }), 'the fleet "other" deployed there'],
    [
      'checkout',
      () => ({ checkout: { commit: 'c'.repeat(40), branch: 'fleet', dirty: 0 } }),
      'the checkout is at cccccccc and was at aaaaaaaa',
    ],
    [
      'checkout’s files',
      () => ({ checkout: { commit: head, branch: 'fleet', dirty: 2 } }),
      'the checkout was changed by hand',
    ],
    [
      'deployed system',
      (f) => ({ deployed: withEntry(f.deployed, systemName, { path: '/x' }) }),
      'another system was deployed',
    ],
    [
      'hold',
      () => ({ held: new Map([[systemName, { from: 'a', to: 'b', operator: 'ada', since: 1 }]]) }),
      'its system is held now',
    ],
    [
      'vm’s hold',
      () => ({ held: new Map([['web1', { from: 'a', to: 'b', operator: 'ada', since: 1 }]]) }),
      'web1 is held now',
    ],
    [
      'deployed vm',
      (f) => ({ deployed: withEntry(f.deployed, 'web1', { path: '/x' }) }),
      'web1 was deployed',
    ],
    [
      'new vm, whatever its name',
      (f) => ({ vms: withEntry(f.vms, 'constructor', { name: 'constructor', unit: unit() }) }),
      'constructor is there now',
    ],
    ['vm that went', (f) => ({ vms: withEntry(f.vms, 'web1', undefined) }), 'web1 is gone'],
  ])('by another %s', (_, change, expected) => {
    expect(seen(change)).toEqual([`hv1: ${expected}`]);
  });

  test('by a vm that is not as it was', () => {
    expect(web1({ current: '/x' })).toEqual(['hv1: web1 has another runner in current']);
    expect(web1({ booted: '/x' })).toEqual(['hv1: web1 runs another runner']);
    expect(web1({ booted: undefined, unit: unit('failed') })).toEqual([
      'hv1: web1 does not run any more',
    ]);
  });

  test('when a hypervisor cannot be reached any more', () => {
    const lost = { name: 'hv1', unreachable: 'hv1: no answer\nhint', actions: [], drift: [] };
    expect(
      moved({
        facts: new Map([['hv1', new FleetError('ssh.timed-out', 'hv1: no answer')]]),
        plan: planOf({ ...lost, problems: [] }),
      }),
    ).toEqual(['hv1 cannot be reached: hv1: no answer']);
  });

  test('when something else would be done, though all of that is as it was', () => {
    const later = planHv1({
      facts: (f) => ({ interfaces: withEntry(f.interfaces, 'vm-web1', { master: undefined }) }),
    });
    expect(moved({ plan: planOf(later) })).toEqual([
      'hv1: join web1 would be done, too',
      'hv1: update web1 would no longer be done',
    ]);
  });
});
