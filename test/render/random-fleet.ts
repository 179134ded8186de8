import fc from 'fast-check';
import type { Data } from '../../src/model/fleet.ts';

/** A fleet.yaml as data, as much of it as a test has to reach into. */
export interface FleetData {
  readonly [field: string]: unknown;
  readonly vms: Readonly<Record<string, VmData>>;
}

interface VmData {
  readonly on: string;
  readonly dependsOn: readonly string[];
  readonly [field: string]: unknown;
}

const name = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,24}[a-z0-9])?$/);
const tag = fc.constantFrom('web', 'eu', 'Canary_1', 'a.b', 'x-y');

/** Text that would be code if anything let it. */
export const hostileText = fc
  .array(
    fc.constantFrom(
      ...['${', '$${', "''", "'''", "''${", "''\\", '"', '\\', '\n', '\t', '\r', '$(id)', '`id`'],
      ...['; rm -rf /', '#', '/*', 'builtins.abort', '../', '{', '}', 'é', '日本', '🦀', ' ', 'a'],
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(''));

const leaf: fc.Arbitrary<Data> = fc.oneof(
  hostileText,
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom(0.1, -1.5, 1e21),
);

/** Nix prints 6 digits of a float and takes these two names for more than names. */
const optionName = hostileText.filter((key) => !['outPath', '__toString'].includes(key));
const quoted = (part: string) => `"${part.replace(/["\\]/g, '\\$&')}"`;

/** Options that are all different: `optionN` first, then a quoted part that may be any text. */
const config = fc
  .array(fc.tuple(optionName, fc.oneof(leaf, fc.array(leaf, { maxLength: 3 }))), { maxLength: 4 })
  .map((entries) =>
    Object.fromEntries(entries.map(([key, value], n) => [`option${n}.${quoted(key)}`, value])),
  );

const packages = fc.subarray(['vim', 'htop', 'python3Packages.requests', "a'b", 'if.then']);
const users = fc.dictionary(
  fc.constantFrom('ops', 'root', '_svc'),
  fc.record({
    groups: fc.subarray(['wheel', 'kvm']),
    sshKeys: fc.subarray(['ssh-ed25519 AAAA${x} a"b', "ssh-rsa AAAA ''c''"]),
  }),
);
const modules = fc.subarray(['./modules/a.nix', 'nix/b', './hosts/x/hardware-configuration.nix']);
const volumes = fc
  .subarray(['/var', '/srv/data', '/srv/a-b', '/srv/a/b/c/d/e/f/g/h', '/'])
  .chain((mounts) =>
    fc.tuple(
      ...mounts.map((mount, n) =>
        fc.record({
          mount: fc.constant(mount),
          size: fc.constantFrom('1GiB', '20GiB'),
          image: fc.constant(`v${n}.img`),
          fs: fc.constantFrom('ext4', 'xfs', 'btrfs', 'vfat'),
        }),
      ),
    ),
  );

/** Where no volume is. */
const shares = fc
  .subarray(['/media', '/srv/share', '/mnt/a-b'])
  .chain((mounts) =>
    fc.tuple(
      ...mounts.map((mount) =>
        fc.record(
          { mount: fc.constant(mount), source: fc.constant('/srv/media'), readOnly: fc.boolean() },
          { requiredKeys: ['mount', 'source'] },
        ),
      ),
    ),
  );
const credentials = fc.dictionary(
  fc.constantFrom('db-password', 'token_1', 'a.b'),
  fc.constantFrom('/run/keys/a', '/var/lib/keys/b'),
);
const checks = fc.subarray([
  { tcp: 80 },
  { http: { port: 8080, path: '/a?b=$c' } },
  { run: 'test "$(id -u)" != 0' },
]);
/** Ports of the guest; those of the uplink are given later, each once. */
const publish = fc.subarray(['22/tcp', '443/tcp', '53/udp']);

/** What defaults, profiles and vms may all have; each adds to the one before. */
const settings = fc.record(
  {
    vcpu: fc.integer({ min: 1, max: 64 }),
    memory: fc.constantFrom('512MiB', '1GiB', '3GiB', '2049MiB'),
    hypervisor: fc.constantFrom('qemu', 'cloud-hypervisor'),
    store: fc.constantFrom('shared', 'disk'),
    balloon: fc.boolean(),
    timezone: fc.constantFrom('UTC', 'Europe/Berlin', 'Etc/GMT+5'),
    tags: fc.uniqueArray(tag, { maxLength: 2 }),
    packages,
    users,
    modules,
    config,
  },
  { requiredKeys: [] },
);

/** Of defaults or a profile: what it mounts nobody else does. */
const shared = (name: string) =>
  fc
    .record({
      settings,
      volumes: fc.subarray([{ mount: `/opt/${name}`, size: '1GiB' }]),
      shares: fc.subarray([{ mount: `/home/${name}`, source: '/srv/media' }]),
    })
    .map(({ settings: said, ...mounts }) => ({ ...said, ...mounts }));

const hypervisor = (n: number) =>
  fc.record(
    {
      ssh: fc.constantFrom(`root@192.0.2.${n + 1}`, `ops@[2001:db8::${n + 1}]:2222`, `host${n}`),
      system: fc.constantFrom('x86_64-linux', 'aarch64-linux'),
      stateVersion: fc.constant('25.11'),
      uplink: fc.constant('eth0'),
      dns: fc.record({ forwardTo: fc.constantFrom(['1.1.1.1'], ['9.9.9.9', '2620:fe::fe']) }),
      tailscale: fc.constantFrom(
        { enable: false },
        { enable: true },
        { enable: true, advertiseRoutes: true },
      ),
      tags: fc.uniqueArray(tag, { maxLength: 2 }),
      packages,
      users,
      config,
      modules,
    },
    { requiredKeys: ['ssh', 'system', 'stateVersion', 'uplink'] },
  );

/** Vms on hypervisors with two networks each, on one or both, every one with addresses of its own. */
const guests = (names: readonly string[], hypervisors: readonly string[]) =>
  fc.tuple(
    ...names.map((vmName, n) =>
      fc
        .record({
          on: fc.constantFrom(...hypervisors),
          sides: fc.constantFrom('a', 'b', 'ab', 'ba'),
          own: settings,
          state: fc.constantFrom('running', 'running', 'stopped'),
          config,
          volumes,
          profiles: fc.shuffledSubarray(['p1', 'p2']),
          before: fc.subarray(names.slice(0, n), { maxLength: Math.min(n, 2) }),
          shares,
          credentials,
          publish,
          vsock: fc.boolean(),
          checks,
        })
        .map((vm) => ({ ...vm, vmName, n })),
    ),
  );

const network = fc.record(
  {
    isolated: fc.boolean(),
    egress: fc.constantFrom('all', 'web', 'none', ['tcp/443', 'udp/123']),
    metadata: fc.boolean(),
  },
  { requiredKeys: [] },
);

/** Fleets that are right: up to 30 vms on up to 4 hypervisors. */
export const fleets: fc.Arbitrary<FleetData> = fc
  .record({
    names: fc.uniqueArray(name, { minLength: 1, maxLength: 34, size: 'max' }),
    count: fc.integer({ min: 1, max: 4 }),
    defaults: shared('all'),
    p1: shared('one'),
    p2: shared('two'),
    open: network,
    closed: network,
    allow: fc.boolean(),
  })
  .chain(({ names, count, ...shared }) => {
    const hypervisors = names.slice(0, Math.min(count, names.length));
    return fc
      .tuple(
        fc.tuple(...hypervisors.map((_, n) => hypervisor(n))),
        guests(names.slice(count, count + 30), hypervisors),
      )
      .map(([machines, vms]) => fleetData(hypervisors, machines, vms, shared));
  });

type Guest =
  ReturnType<typeof guests> extends fc.Arbitrary<infer All extends readonly unknown[]>
    ? All[number]
    : never;

interface Shared extends Record<'defaults' | 'p1' | 'p2', { readonly hypervisor?: string }> {
  readonly open: object;
  readonly closed: object;
  readonly allow: boolean;
}

function fleetData(
  hypervisors: readonly string[],
  machines: readonly object[],
  guestList: readonly Guest[],
  { defaults, p1, p2, open, closed, allow }: Shared,
): FleetData {
  const byName = new Map(guestList.map((guest) => [guest.vmName, guest]));
  // What runs depends on what runs, on the same hypervisor.
  const needed = ({ on, state, before }: Guest) =>
    before.filter((other) => {
      const it = byName.get(other);
      return it?.on === on && (state === 'stopped' || it.state === 'running');
    });
  const networksOf = ({ on, sides, n }: Guest) => {
    const hv = hypervisors.indexOf(on);
    const [first, ...further] = [...sides].map((side) => ({
      name: `n${hv}${side}`,
      address: `10.${hv}.${side === 'a' ? 0 : 1}.${n + 2}`,
    }));
    return further.length > 0
      ? { networks: [first, ...further] }
      : { network: first?.name, address: first?.address };
  };
  // Only qemu has credentials.
  const isQemu = ({ profiles, own }: Guest) =>
    [defaults, ...profiles.map((profile) => (profile === 'p1' ? p1 : p2)), own]
      .map(({ hypervisor }) => hypervisor)
      .findLast((runner) => runner !== undefined) !== 'cloud-hypervisor';
  return {
    version: 1,
    name: 'random',
    defaults,
    profiles: { p1, p2 },
    hypervisors: Object.fromEntries(hypervisors.map((hv, n) => [hv, machines[n]])),
    networks: Object.fromEntries(
      hypervisors.flatMap((_, n) => [
        [`n${n}a`, { subnet: `10.${n}.0.0/24`, ...open, allow: allow ? [`n${n}b`] : [] }],
        [`n${n}b`, { subnet: `10.${n}.1.0/24`, subnet6: `fd00:${n}::/64`, nat: false, ...closed }],
      ]),
    ),
    vms: Object.fromEntries(
      guestList.map((guest) => [
        guest.vmName,
        {
          ...guest.own,
          on: guest.on,
          ...networksOf(guest),
          state: guest.state,
          profiles: guest.profiles,
          config: {
            ...guest.config,
            ...(guest.checks.length > 0 && { 'networking.firewall.allowedTCPPorts': [80, 8080] }),
          },
          volumes: guest.volumes,
          dependsOn: needed(guest),
          shares: guest.shares,
          credentials: isQemu(guest) ? guest.credentials : {},
          publish: guest.publish.map((to, i) => `${10_000 + 10 * guest.n + i}:${to}`),
          ...(guest.vsock && { vsock: guest.n + 3 }),
          checks: guest.checks,
        },
      ]),
    ),
  };
}

/** The same without one vm, which nothing depends on any more. */
export function without(data: FleetData, gone: string): FleetData {
  const rest = Object.entries(data.vms).filter(([vm]) => vm !== gone);
  const vms = rest.map(([vm, fields]) => [
    vm,
    { ...fields, dependsOn: fields.dependsOn.filter((other) => other !== gone) },
  ]);
  return { ...data, vms: Object.fromEntries(vms) };
}
