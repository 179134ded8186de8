import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packetsMissing } from './packets/missing.ts';
import { Namespace } from './packets/namespace.ts';
import { address, cable, PacketWorld, uplink } from './packets/world.ts';
import { until } from './run.ts';

const missing = packetsMissing();
const isRequired = process.env.FLEET_LAB === 'required';
if (missing !== undefined) console.warn(`\n*** NO PACKETS, no rule was tried: ${missing} ***\n`);

/** What the guest of the same name lives by. */
const networks = {
  front: 'subnet: 10.1.0.0/24, subnet6: "fd00:1::/64"',
  back: 'subnet: 10.2.0.0/24, subnet6: "fd00:2::/64", allow: [front]',
  web: 'subnet: 10.3.0.0/24, subnet6: "fd00:3::/64", egress: web',
  quiet: 'subnet: 10.4.0.0/24, subnet6: "fd00:4::/64", egress: none',
  some: 'subnet: 10.5.0.0/24, subnet6: "fd00:5::/64", egress: [tcp/8080, udp/123]',
  open1: 'subnet: 10.6.0.0/24, subnet6: "fd00:6::/64", isolated: false',
  open2: 'subnet: 10.7.0.0/24, subnet6: "fd00:7::/64", isolated: false, allow: [quiet]',
  routed: 'subnet: 10.8.0.0/24, subnet6: "2001:db8:8::/64", nat: false, isolated: false',
  cloud: 'subnet: 10.9.0.0/24, subnet6: "fd00:9::/64", egress: none, metadata: true',
};

const yaml = (
  change: { networks?: Partial<typeof networks>; hypervisor?: string; front?: string } = {},
) =>
  `version: 1
name: packets
hypervisors:
  hv1:
    ssh: root@192.0.2.1
    system: x86_64-linux
    stateVersion: "25.11"
    uplink: ${uplink.name}
    dns: { forwardTo: [${uplink.internet[0]}] }
    ${change.hypervisor ?? ''}
networks:
${Object.entries({ ...networks, ...change.networks })
  .map(([name, fields]) => `  ${name}: { ${fields} }\n`)
  .join('')}
vms:
  front: { on: hv1, network: front, address: 10.1.0.2, ${change.front ?? 'publish: ["8443:443/tcp", "5353:53/udp"]'} }
  front2: { on: hv1, network: front, address: 10.1.0.3 }
  back: { on: hv1, network: back, address: 10.2.0.2 }
  web: { on: hv1, network: web }
  quiet: { on: hv1, network: quiet }
  some: { on: hv1, network: some, address: 10.5.0.2 }
  open1: { on: hv1, network: open1 }
  open2: { on: hv1, network: open2 }
  routed: { on: hv1, network: routed, address: 10.8.0.2 }
  cloud: { on: hv1, network: cloud }
  both:
    on: hv1
    networks: [{ name: routed, address: 10.8.0.9 }, { name: front, address: 10.1.0.9 }]
    publish: ["9443:443/tcp"]
  two:
    on: hv1
    networks: [{ name: some, address: 10.5.0.9 }, { name: back, address: 10.2.0.9 }]
`;

/** First address of each guest, in both families. */
const addresses: Readonly<Record<string, readonly [string, string]>> = {
  front: ['10.1.0.2', 'fd00:1::2'],
  front2: ['10.1.0.3', 'fd00:1::3'],
  back: ['10.2.0.2', 'fd00:2::2'],
  web: ['10.3.0.2', 'fd00:3::2'],
  quiet: ['10.4.0.2', 'fd00:4::2'],
  some: ['10.5.0.2', 'fd00:5::2'],
  open1: ['10.6.0.2', 'fd00:6::2'],
  open2: ['10.7.0.2', 'fd00:7::2'],
  routed: ['10.8.0.2', '2001:db8:8::2'],
  cloud: ['10.9.0.2', 'fd00:9::2'],
};
const vms = Object.keys(addresses);

/** Who reaches whom; everybody else does not. */
const reaches: Readonly<Record<string, readonly string[]>> = {
  front: ['front2', 'back'],
  front2: ['front', 'back'],
  quiet: ['open2'],
  open1: ['open2', 'routed'],
  open2: ['open1', 'routed'],
  routed: ['open1', 'open2'],
};

describe.skipIf(missing !== undefined && !isRequired)('packets', { timeout: 180_000 }, () => {
  let world: PacketWorld;

  beforeAll(async () => {
    if (missing !== undefined) throw new Error(missing);
    world = new PacketWorld(yaml());
    await world.start();
    // The forwarder is there before the bridges are, and beside a stub resolver of the hypervisor.
    await world.hypervisor.ask('listenTcp', 53, '127.0.0.53');
    await world.startForwarder();
    await world.internet.ask('serveNames', '192.0.2.80');
    await world.makeBridges();
    await world.bootGuests();
    await Promise.all([...world.guests.values()].map((guest) => guest.ask('listenTcp', 443)));
    await world.guest('front').ask('listenUdp', 53);
    await prepareInternet(world);
    for (const port of [22, 9100]) await world.hypervisor.ask('listenTcp', port);
  }, 360_000);
  afterAll(() => world?.stop());

  describe.each(vms)('%s', (from) => {
    const others = vms.filter((to) => to !== from);
    test.each(others)(`reaches %s as declared`, async (to) => {
      const guest = world.guest(from);
      const [four, six] = addresses[to]!;
      const seen = await Promise.all([
        guest.ask('tcp', four, 443),
        guest.ask('tcp', six, 443),
        guest.ask('ping', four),
        guest.ask('ping', six),
      ]);
      const expected = reaches[from]?.includes(to)
        ? [...addresses[from]!, true, true]
        : ['refused', 'refused', false, false];
      expect(seen).toEqual(expected);
    });

    test('is reached by its hypervisor, which looks after it', async () => {
      const [four, six] = addresses[from]!;
      expect(await world.hypervisor.ask('tcp', four, 443)).not.toMatch(/refused|silence/);
      expect(await world.hypervisor.ask('ping', six)).toBe(true);
    });
  });

  test('a guest on two networks goes out by the one with nat and answers on both', async () => {
    const both = world.guest('both');
    for (const family of [0, 1] as const) {
      const outside = [uplink.internet[family], uplink.hypervisor[family]] as const;
      expect(await both.ask('tcp', outside[0], 443)).toBe(outside[1]);
      expect(await world.internet.ask('tcp', outside[1], 9443)).toBe(outside[0]);
    }
    for (const address of ['10.8.0.9', '2001:db8:8::9', '10.1.0.9', 'fd00:1::9'])
      expect(await world.hypervisor.ask('ping', address)).toBe(true);
    expect(await world.guest('routed').ask('ping', '10.8.0.9')).toBe(true);
    expect(await world.guest('front').ask('ping', 'fd00:1::9')).toBe(true);
  });

  test('a guest is reached on its further network by who is allowed there, and by nobody else', async () => {
    const seen = async (vm: string) =>
      Promise.all(
        ['10.2.0.9', 'fd00:2::9'].flatMap((to) => [
          world.guest(vm).ask('tcp', to, 443),
          world.guest(vm).ask('ping', to),
        ]),
      );
    const answered = ([four, six]: readonly [string, string]) => [four, true, six, true];
    expect(await seen('front')).toEqual(answered(addresses.front!));
    expect(await seen('back')).toEqual(answered(addresses.back!));
    for (const vm of ['web', 'open1'])
      expect(await seen(vm)).toEqual(['refused', false, 'refused', false]);
  });

  test('a guest answers neighbours on its further network without its gateway', async () => {
    for (const [n, own] of ['10.2.0.9', 'fd00:2::9'].entries()) {
      const route = (to: string) => world.guest('two').must('ip', 'route', 'get', to, 'from', own);
      expect(await route(addresses.back![n]!)).not.toContain('via');
      expect(await route(addresses.front![n]!)).toContain('via');
    }
  });

  describe('egress', () => {
    const attempts = async (vm: string, family: 0 | 1) => {
      const guest = world.guest(vm);
      const to = uplink.internet[family];
      const isThere = async (what: string, answer: Promise<string | boolean>) =>
        [what, !['refused', 'silence', false].includes(await answer)] as const;
      const all = await Promise.all([
        isThere('tcp/80', guest.ask('tcp', to, 80)),
        isThere('tcp/443', guest.ask('tcp', to, 443)),
        isThere('tcp/8080', guest.ask('tcp', to, 8080)),
        isThere('udp/123', guest.ask('udp', to, 123)),
        isThere('udp/5000', guest.ask('udp', to, 5000)),
        isThere('ping', guest.ask('ping', to)),
      ]);
      return all.filter(([, answered]) => answered).map(([what]) => what);
    };

    test.each([
      ['front', ['tcp/80', 'tcp/443', 'tcp/8080', 'udp/123', 'udp/5000', 'ping']],
      ['web', ['tcp/80', 'tcp/443']],
      ['quiet', []],
      ['some', ['tcp/8080', 'udp/123']],
    ])('of %s lets out %j', async (vm, expected) => {
      expect(await attempts(vm, 0)).toEqual(expected);
      expect(await attempts(vm, 1)).toEqual(expected);
    });

    test('goes out by the address of the uplink with nat, else by its own', async () => {
      const seenFrom = (vm: string) =>
        Promise.all(uplink.internet.map((to) => world.guest(vm).ask('tcp', to, 443)));
      expect(await seenFrom('front')).toEqual(uplink.hypervisor);
      expect(await seenFrom('routed')).toEqual(addresses.routed);
    });
  });

  describe('from outside', () => {
    test('a published port leads to its guest, which sees who asks', async () => {
      for (const family of [0, 1] as const) {
        const to = uplink.hypervisor[family];
        expect(await world.internet.ask('tcp', to, 8443)).toBe(uplink.internet[family]);
        expect(await world.internet.ask('udp', to, 5353)).toBe(uplink.internet[family]);
      }
    });

    test('a guest is reached only where it is not isolated', async () => {
      const reached = await Promise.all(
        vms.map(async (vm) => [vm, await world.internet.ask('tcp', addresses[vm]![0], 443)]),
      );
      const open = reached.filter(([, answer]) => answer !== 'silence').map(([vm]) => vm);
      expect(open).toEqual(['open1', 'open2', 'routed']);
    });

    test('the hypervisor is reached by ssh and answers no questions about names', async () => {
      expect(await world.internet.ask('tcp', uplink.hypervisor[0], 22)).toBe(uplink.internet[0]);
      expect(await world.internet.ask('resolve', uplink.hypervisor[0], 'a.example')).toBe(
        'ETIMEOUT',
      );
    });
  });

  describe('the hypervisor', () => {
    test('shows an isolated guest neither ssh nor anything else, and answers its ping', async () => {
      const guest = world.guest('front');
      const gateways = ['10.1.0.1', 'fd00:1::1', '10.2.0.1', uplink.hypervisor[0]];
      for (const gateway of gateways) {
        expect(await guest.ask('tcp', gateway, 22)).toBe('refused');
        expect(await guest.ask('tcp', gateway, 9100)).toBe('refused');
        expect(await guest.ask('ping', gateway)).toBe(true);
      }
    });

    test('is to other guests what its own firewall lets it be', async () => {
      expect(await world.guest('open1').ask('tcp', '10.6.0.1', 22)).toBe('10.6.0.2');
      expect(await world.guest('open1').ask('tcp', '10.6.0.1', 9100)).toBe('silence');
    });

    test('lets nobody but who may ask for its credentials', async () => {
      for (const service of metadata) {
        const asked = await Promise.all(
          vms.map(async (vm) => [vm, await world.guest(vm).ask('tcp', service, 80)]),
        );
        const served = asked.filter(([, answer]) => !/refused|silence/.test(answer!));
        expect(served.map(([vm]) => vm)).toEqual(['cloud']);
      }
    });
  });

  test('a source that is not of its network brings a guest into no flow of another one', async () => {
    const [internet] = uplink.internet;
    const [hypervisor] = uplink.hypervisor;
    const [victim, attacker] = [world.guest('front'), world.guest('web')];
    await attacker.must('ip', 'address', 'add', `${internet}/32`, 'dev', 'lo');
    // As exit nodes and WireGuard want it.
    for (const link of ['all', 'default', 'br-web'])
      await world.hypervisor.must('sysctl', '-qw', `net.ipv4.conf.${link}.rp_filter=0`);
    await world.hypervisor.must('nft', 'flush chain inet nixos-fw rpfilter');
    await world.hypervisor.must('nft', 'chain inet nixos-fw rpfilter { policy accept; }');
    const heard = async (port: number) => {
      const hearing = victim.ask('hear', port, internet, 5000);
      await new Promise((resolve) => setTimeout(resolve, 700));
      await attacker.ask('forge', internet, 5000, hypervisor, port);
      return hearing;
    };
    try {
      expect(await heard(40_000)).toBe(hypervisor);
      // Without the rule it would.
      await world.hypervisor.must('nft', 'flush chain inet fleet sources');
      expect(await heard(40_001)).toBe(`${hypervisor} INJECTED`);
    } finally {
      await world.load(yaml());
      await attacker.must('ip', 'address', 'delete', `${internet}/32`, 'dev', 'lo');
    }
  });

  test('no guest becomes a router of its hypervisor, whatever the kernel would heed', async () => {
    const [{ hypervisor }, attacker] = [world, world.guest('web')];
    const learnt = () => hypervisor.must('ip', '-6', 'route', 'show', 'default', 'proto', 'ra');
    const heard = async () =>
      /packets [1-9]/.test(await hypervisor.must('nft', 'list', 'table', 'inet', 'ear'));
    await hypervisor.must('sysctl', '-qw', 'net.ipv6.conf.br-web.accept_ra=2');
    const ear = 'type filter hook prerouting priority -500\nicmpv6 type nd-router-advert counter';
    await hypervisor.must('nft', `table inet ear {\nchain ear {\n${ear}\n}\n}`);
    const advertise = ['--enable-ra', '--dhcp-range=fd00:3::,ra-only,64', '--ra-param=eth0,high,4'];
    const alone = ['--port=0', '--user=root', '--pid-file=', '--dhcp-leasefile=/dev/null'];
    await attacker.ask('start', 'dnsmasq', '-k', '--conf-file=/dev/null', ...alone, ...advertise);
    try {
      await until('an advertisement', 20_000, async () => ((await heard()) ? true : undefined));
      expect(await learnt()).toBe('');
      // Without the rule it would.
      await hypervisor.must('nft', 'flush chain inet fleet sources');
      await until('a route', 20_000, async () => ((await learnt()) === '' ? undefined : true));
    } finally {
      await attacker.ask('stopChildren');
      await hypervisor.must('nft', 'delete table inet ear');
      await hypervisor.must('sysctl', '-qw', 'net.ipv6.conf.br-web.accept_ra=0');
      await hypervisor.ask('run', 'ip', '-6', 'route', 'flush', 'proto', 'ra');
      await world.load(yaml());
    }
  });

  describe('the DNS forwarder', () => {
    const resolved = (vm: string) =>
      world.guest(vm).ask('resolve', world.nameServers(vm)[0]!, `${vm}.example`);

    test('answers guests by bridges that came after it, but for an egress of none', async () => {
      const answers = await Promise.all(vms.map(async (vm) => [vm, await resolved(vm)]));
      const refused = ['quiet', 'cloud'];
      expect(answers).toEqual(
        vms.map((vm) => [vm, refused.includes(vm) ? 'ECONNREFUSED' : '192.0.2.80']),
      );
    });

    test('answers again by a bridge that was gone', async () => {
      await world.hypervisor.must('ip', 'link', 'delete', 'br-web');
      await world.hypervisor.must('ip', 'link', 'add', 'br-web', 'type', 'bridge');
      await address(world.hypervisor, 'br-web', ['10.3.0.1/24', 'fd00:3::1/64']);
      await world.joinTaps();
      await until('an answer', 10_000, async () =>
        (await resolved('web')) === '192.0.2.80' ? true : undefined,
      );
    });

    test('answers when it starts after the bridges', async () => {
      await world.hypervisor.ask('stopChildren');
      expect(await resolved('front')).not.toBe('192.0.2.80');
      await world.startForwarder();
      await until('an answer', 10_000, async () =>
        (await resolved('front')) === '192.0.2.80' ? true : undefined,
      );
    });
  });

  describe('the tailnet', () => {
    let peer: Namespace;

    beforeAll(async () => {
      peer = new Namespace('peer');
      await cable(world.hypervisor, 'tailscale0', peer, 'eth0');
      await address(world.hypervisor, 'tailscale0', ['100.64.0.1/24']);
      await address(peer, 'eth0', ['100.64.0.2/24']);
      await peer.must('ip', 'route', 'add', 'default', 'via', '100.64.0.1');
    });
    afterAll(() => peer?.end());

    test('reaches networks that are advertised', async () => {
      expect(await peer.ask('tcp', addresses.quiet![0], 443)).toBe('silence');
      await world.load(yaml({ hypervisor: 'tailscale: { enable: true, advertiseRoutes: true }' }));
      expect(await peer.ask('tcp', addresses.quiet![0], 443)).toBe('100.64.0.2');
      expect(await peer.ask('tcp', addresses.front![0], 443)).toBe('100.64.0.2');
    });

    test('is reached by no guest unasked, whatever its egress and isolation', async () => {
      await peer.ask('listenTcp', 443);
      await peer.ask('listenUdp', 123);
      for (const vm of vms) {
        const guest = world.guest(vm);
        const seen = await Promise.all([
          guest.ask('tcp', '100.64.0.2', 443),
          guest.ask('udp', '100.64.0.2', 123),
          guest.ask('ping', '100.64.0.2'),
        ]);
        expect([vm, ...seen]).toEqual([vm, 'refused', 'refused', false]);
      }
      expect(await world.hypervisor.ask('tcp', '100.64.0.2', 443)).toBe('100.64.0.1');
    });

    test('is reached by a network whose bridge is given an element of its own', async () => {
      const element = '{ "br-front" . "tailscale0" }';
      await world.hypervisor.must('nft', `add element inet fleet allowed ${element}`);
      expect(await world.guest('front').ask('tcp', '100.64.0.2', 443)).toBe('10.1.0.2');
      await world.hypervisor.must('nft', `delete element inet fleet allowed ${element}`);
    });
  });

  describe('a change of the rules', () => {
    test('leaves open connections and the tables of others alone, and holds from then on', async () => {
      const { hypervisor } = world;
      await hypervisor.must('nft', 'add table ip others; add chain ip others kept');
      await world.load(yaml());
      await world.guest('front').ask('open', 'out', uplink.internet[0], 443);
      await world.guest('front').ask('open', 'across', addresses.back![1], 443);
      await world.internet.ask('open', 'in', uplink.hypervisor[0], 8443);
      const changes = [
        yaml({
          networks: { web: `${networks.web.replace('web', 'none')}`, open1: 'subnet: 10.6.0.0/24' },
        }),
        yaml({ networks: { quiet: networks.quiet.replace('none', 'all') }, front: 'publish: []' }),
        yaml({ networks: { back: networks.back.replace(', allow: [front]', '') } }),
      ];
      for (const [n, change] of changes.entries()) {
        await world.load(change);
        expect(await world.guest('front').ask('say', 'out', `${n}`)).toBe(`${n}`);
        expect(await world.guest('front').ask('say', 'across', `${n}`)).toBe(`${n}`);
        expect(await world.internet.ask('say', 'in', `${n}`)).toBe(`${n}`);
        if (n === 0) {
          expect(await world.guest('web').ask('tcp', uplink.internet[0], 443)).toBe('refused');
          expect(await world.guest('open2').ask('tcp', addresses.open1![0], 443)).toBe('refused');
        }
        if (n === 1) {
          expect(await world.guest('quiet').ask('ping', uplink.internet[0])).toBe(true);
          expect(await world.internet.ask('tcp', uplink.hypervisor[0], 8443)).toBe('silence');
        }
        if (n === 2) expect(await world.guest('front').ask('ping', addresses.back![0])).toBe(false);
      }
      expect(await hypervisor.must('nft', 'list', 'tables')).toContain('table ip others');
    });
  });
});

/** Where clouds have their metadata services. */
const metadata = [
  ...['169.254.169.254', '169.254.170.2', '100.100.100.200', '168.63.129.16', '192.0.0.192'],
  ...['fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254', 'fd00:42::42', 'fd00:a9fe:a9fe::1'],
  ...['fd00:c1::a9fe:a9fe', 'fd00:100::100:200'],
];

/** Services, addresses that clouds have, and ways to guests that only a neighbour would have. */
async function prepareInternet({ internet, hypervisor }: PacketWorld): Promise<void> {
  for (const port of [80, 443, 8080]) await internet.ask('listenTcp', port);
  for (const port of [123, 5000]) await internet.ask('listenUdp', port);
  await address(
    internet,
    'lo',
    metadata.map((service) => `${service}/${service.includes(':') ? 128 : 32}`),
  );
  await internet.must('ip', 'route', 'add', '10.0.0.0/8', 'via', uplink.hypervisor[0]);
  await internet.must('ip', 'route', 'add', '2001:db8:8::/64', 'via', uplink.hypervisor[1]);
  await hypervisor.must('ip', 'route', 'add', '169.254.0.0/16', 'via', uplink.internet[0]);
}
