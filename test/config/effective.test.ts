import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Effective, effective } from '../../src/config/effective.ts';
import { normalise } from '../../src/config/normalise.ts';
import { readFleet } from '../../src/config/read-fleet.ts';
import { readShape } from '../../src/config/shape.ts';
import type { Traced } from '../../src/config/traced.ts';
import { expandConfig } from '../../src/model/config.ts';
import type { Data, Fleet } from '../../src/model/fleet.ts';
import { parseDuration, parseSize } from '../../src/model/units.ts';
import { showText } from '../../src/report/show-text.ts';
import { noStyle } from '../../src/report/style.ts';

function fleetOf(text: string): Fleet {
  const read = readFleet(text, 'fleet.yaml');
  if ('diagnostics' in read) throw new Error(JSON.stringify(read.diagnostics, null, 1));
  return read.fleet;
}

const shown = (text: string, name: string): Effective => effective(text, fleetOf(text), name)[0]!;
const show = (text: string, name: string): string => showText(shown(text, name), 'f.yaml', noStyle);

function plain(traced: Traced): Data {
  if (traced.kind === 'value') return traced.value;
  if (traced.kind === 'list') return traced.items.map(plain);
  return Object.fromEntries([...traced.fields].map(([key, item]) => [key, plain(item)]));
}

const head = `version: 1
name: test
hypervisors:
  hv1: { ssh: root@hv1, system: x86_64-linux, stateVersion: "25.11", uplink: eth0, autostart: healthy }
networks: { n1: { subnet: 10.1.0.0/24 } }
`;

describe('what is shown', () => {
  test('is every field in the order of the format, with the line and the layer it is from', () => {
    const text = `${head}defaults:
  memory: 3GiB
  packages: [vim]
  users: { ops: { groups: [wheel] } }
  config: { services.a: { enable: true, list: [x] } }
profiles:
  web:
    packages: [curl, vim]
    checks: [{ http: { port: 22 } }]
vms:
  a:
    on: hv1
    network: n1
    profiles: [web]
    users:
      ops: { sshKeys: [ssh-ed25519 AAAAone] }
    config:
      services:
        a.list:
          - x
          - y
      environment.etc."a.b".text: |
        two
        lines
    volumes:
      - { mount: /var/lib, size: 1GiB }
`;
    expect(show(text, 'a')).toMatchInlineSnapshot(`
      "a:
        on: hv1                                       # f.yaml:17 vm
        network: n1                                   # f.yaml:18 vm
        address: 10.1.0.2                             # default
        profiles:
          - web                                       # f.yaml:19 vm
        vcpu: 1                                       # default
        memory: 3GiB                                  # f.yaml:7 defaults
        hypervisor: qemu                              # default
        store: shared                                 # default
        timezone: UTC                                 # default
        stateVersion: "25.11"                         # default
        balloon: false                                # default
        sshHostKey: false                             # default
        state: running                                # default
        autostart: healthy                            # f.yaml:4 hypervisor hv1
        tags: []                                      # default
        packages:
          - vim                                       # f.yaml:8 defaults
          - curl                                      # f.yaml:13 profile web
        users:
          ops:
            groups:
              - wheel                                 # f.yaml:9 defaults
            sshKeys:
              - ssh-ed25519 AAAAone                   # f.yaml:21 vm
        config:
          services.a.enable: true                     # f.yaml:10 defaults
          services.a.list:
            - x                                       # f.yaml:10 defaults
            - x                                       # f.yaml:25 vm
            - y                                       # f.yaml:26 vm
          environment.etc."a.b".text: "two\\nlines\\n"  # f.yaml:27 vm
        modules: []                                   # default
        volumes:
          - mount: /var/lib                           # f.yaml:31 vm
            size: 1GiB                                # f.yaml:31 vm
            image: var-lib.img                        # default
            fs: ext4                                  # default
        shares: []                                    # default
        publish: []                                   # default
        credentials: {}                               # default
        checks:
          - http:
              port: 22                                # f.yaml:14 profile web
              path: /                                 # default
              status: 200                             # default
        exports: []                                   # default
        dependsOn: []                                 # default
        recovery:
          restart: always                             # default
          attempts: 5                                 # default
          interval: 10m                               # default
          delay: 5s                                   # default
          backoff: 2                                  # default
          maxDelay: 5m                                # default
          maxPerHour: 20                              # default
          giveUp: fail                                # default
          unhealthy:
            after: 3                                  # default
            every: 15s                                # default
            restart: true                             # default
        priority: 10                                  # default
        agent: false                                  # default
        dumps:
          guest: false                                # default
      "
    `);
  });

  test('of a network or hypervisor names the line alone', () => {
    expect(show(head, 'n1')).toMatch(/^n1:\n {2}subnet: 10\.1\.0\.0\/24 {2}# f\.yaml:5\n/);
    expect(show(head, 'n1')).toContain('bridge: br-n1        # default');
    expect(show(head, 'hv1')).toMatch(/autostart: healthy +# f\.yaml:4$/m);
  });

  test('leads through anchors and merges to where a value stands', () => {
    const text = `${head}profiles:
  p: &p
    vcpu: 4
vms:
  a:
    <<: *p
    on: hv1
    network: n1
    tags: [&t one]
    packages: [*t]
`;
    expect(show(text, 'a')).toMatch(/vcpu: 4 +# f\.yaml:8 vm$/m);
    expect(show(text, 'a')).toMatch(/packages:\n {4}- one +# f\.yaml:14 vm$/m);
  });

  test('has the address of each network of a vm, written or not', () => {
    const text = `${head.replace('networks: {', 'networks: { n2: { subnet: 10.2.0.0/24 },')}vms:
  a: { on: hv1, networks: [{ name: n2 }, { name: n1, address: 10.1.0.9 }] }
`;
    expect(show(text, 'a')).toMatch(
      / name: n2 +# f\.yaml:7 vm\n +address: 10\.2\.0\.2 +# default\n/,
    );
    expect(show(text, 'a')).toMatch(/ name: n1 .*\n +address: 10\.1\.0\.9 +# f\.yaml:7 vm\n/);
  });

  test('of a stopped vm is that it never starts, because it is stopped', () => {
    const text = `${head}vms:
  a: { on: hv1, network: n1, autostart: always,
       state: stopped }
`;
    expect(show(text, 'a')).toMatch(/autostart: never +# f\.yaml:8 vm$/m);
  });

  test('is YAML again, with nothing in it that is not text', () => {
    const text = `${head}vms:
  a: { on: hv1, network: n1, config: { a.b: "\\e[31m #x", "x y": "- no", n: null, t: "yes" } }
`;
    const printed = show(text, 'a');
    expect(printed).not.toContain('\u001b');
    expect(printed).toContain('a.b: "\\e[31m #x"');
    expect(printed).toContain('x y: "- no"');
    expect(printed).toContain('n: null');
  });
});

describe('what is shown is what holds:', () => {
  const word = fc.constantFrom('a', 'b', 'c');
  const config = fc.letrec<{ value: Data; map: Data }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.boolean(),
      fc.integer(),
      word,
      tie('map'),
      fc.array(word),
    ),
    map: fc.dictionary(fc.constantFrom('a', 'b', 'c.d', '"e.f".g'), tie('value'), { maxKeys: 3 }),
  })).map;
  const settings = fc.record(
    {
      vcpu: fc.integer({ min: 1, max: 8 }),
      memory: fc.constantFrom('1GiB', '3GiB'),
      balloon: fc.boolean(),
      tags: fc.array(word),
      packages: fc.uniqueArray(word),
      users: fc.dictionary(word, fc.record({ groups: fc.uniqueArray(word) }, { requiredKeys: [] })),
      config,
      volumes: fc.array(fc.record({ mount: fc.constant('/v'), size: fc.constant('1GiB') })),
      shares: fc.array(fc.record({ source: fc.constant('/s'), mount: fc.constant('/s') })),
      credentials: fc.dictionary(word, fc.constantFrom('/run/a', '/run/b')),
      checks: fc.array(fc.record({ tcp: fc.integer({ min: 1, max: 9 }) })),
    },
    { requiredKeys: [] },
  );

  // No rules here: two volumes may be alike.
  const unruled = { ...fleetOf(head), vms: [] };

  test('layers merge as they do for the fleet', () => {
    fc.assert(
      fc.property(settings, settings, settings, settings, (defaults, p, q, own) => {
        const data = {
          ...{ version: 1, name: 'test', defaults, profiles: { p, q } },
          hypervisors: { hv: { ssh: 'h', system: 'x86_64-linux', stateVersion: '25.11' } },
          networks: { n: { subnet: '10.1.0.0/24', nat: false } },
          vms: { vm: { ...own, on: 'hv', network: 'n', profiles: ['p', 'q'] } },
        };
        const { merged } = normalise(readShape(data as never)).vms.get('vm')!;
        const { fields } = effective(JSON.stringify(data), unruled, 'vm')[0]!;
        const whole = plain({ kind: 'map', fields, from: undefined }) as Record<string, Data>;
        expect(expandConfig(whole.config as never)).toEqual(expandConfig(merged.config));
        for (const [field, value] of Object.entries(merged)) {
          if (field !== 'config')
            expect({ [field]: whole[field] }).toMatchObject({ [field]: value });
        }
        expect((whole.tags as Data[]).length).toBe(merged.tags.length);
        expect((whole.checks as Data[]).length).toBe(merged.checks.length);
      }),
      { numRuns: 300 },
    );
  });

  test('defaults are those that the fleet has', () => {
    const text = `${head.replace(', autostart: healthy', '')}vms: { a: { on: hv1, network: n1 } }\n`;
    const { hypervisors, networks, vms } = fleetOf(text);
    const of = (name: string) =>
      plain({ kind: 'map', fields: shown(text, name).fields, from: undefined }) as Record<
        string,
        Data
      >;
    const vm = of('a');
    const { memoryMiB, nics, name: _, ...rest } = vms[0]!;
    expect(parseSize(String(vm.memory))).toBe(memoryMiB);
    expect(vm.address).toBe(nics[0]!.address);
    const maps = { users: {}, credentials: {} };
    const { recovery, ...others } = { ...rest, ...maps };
    for (const [field, value] of Object.entries(others)) expect(vm[field]).toEqual(value);
    const inMs = (value: Data): Data =>
      typeof value === 'string' && /^\d/.test(value) ? parseDuration(value)! : value;
    const allInMs = (map: Data) =>
      Object.fromEntries(Object.entries(map as object).map(([key, value]) => [key, inMs(value)]));
    const { unhealthy, ...plainly } = vm.recovery as Record<string, Data>;
    expect({ ...allInMs(plainly), unhealthy: allInMs(unhealthy!) }).toEqual(recovery);
    const { checkout, nameservers } = hypervisors[0]!;
    expect(of('hv1')).toMatchObject({
      checkout,
      dns: { forwardTo: nameservers },
      autostart: 'all',
    });
    const { bridge, nat } = networks[0]!;
    expect(of('n1')).toMatchObject({ bridge, nat });
  });
});
