import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readFleet } from '../../src/config/read-fleet.ts';
import { parseFacts } from '../../src/host/answers/facts.ts';
import { parseRunners } from '../../src/host/answers/runners.ts';
import type { FirstHypervisor } from '../../src/init/first-hypervisor.ts';
import { foundFleet } from '../../src/init/found-fleet.ts';
import { expandConfig } from '../../src/model/config.ts';

const first: FirstHypervisor = {
  fleet: 'infra',
  branch: 'main',
  name: 'hv1',
  ssh: 'root@192.0.2.1',
  system: 'x86_64-linux',
  stateVersion: '24.11',
  uplink: 'eth0',
  user: 'root',
  sshdPort: 22,
  key: undefined,
  hardware: 'hosts/hv1/hardware-configuration.nix',
  boot: { config: {} },
};

interface Bridge {
  readonly name: string;
  readonly addresses: readonly string[];
}

/** A hypervisor as its own tools would tell of it. */
function seen(bridges: readonly Bridge[], active: readonly string[], vms: readonly string[]) {
  const links = bridges.map(({ name, addresses }) => ({
    ifname: name,
    operstate: 'UP',
    flags: ['UP'],
    addr_info: addresses.map((text) => {
      const [local, prefixlen] = text.split('/');
      return { local, prefixlen: Number(prefixlen) };
    }),
  }));
  return parseFacts(
    [
      ...vms.map((vm) => `vm\t${vm}\tno`),
      '== units',
      ...active.flatMap((vm) => [
        `Id=microvm@${vm}.service`,
        'ActiveState=active',
        'SubState=running',
        '',
      ]),
      '== addresses',
      JSON.stringify(links),
      '== end',
      '',
    ].join('\n'),
  );
}

const fixture = (name: string) => readFileSync(join(import.meta.dirname, name), 'utf8');

const web = parseRunners(fixture('web.runners'));
const webFacts = seen(
  [
    { name: 'br0', addresses: ['10.1.0.1/24', 'fe80::1/64'] },
    { name: 'br-data', addresses: ['10.2.0.1/24'] },
  ],
  ['web1', 'db1'],
  ['web1', 'db1', 'old'],
);
const text = foundFleet(first, webFacts, web);

/** The text with the vm of this name uncommented, and out of microvm.autostart. */
function uncommented(content: string, vm: string): string {
  const lines = content.replace(`        - ${vm}\n`, '').split('\n');
  let isWanted = false;
  return lines
    .map((line) => {
      if (line === '# vms:') return 'vms:';
      if (/^# {3}[a-z0-9-]+:$/.test(line)) isWanted = line === `#   ${vm}:`;
      return isWanted && line.startsWith('#   ') ? line.slice(2) : line;
    })
    .join('\n');
}

const unwrapped = (content: string): string => content.replaceAll(/\n +# /g, ' ');

describe('a fleet.yaml of a hypervisor that runs vms already', () => {
  test('says all that was to be seen, and what a person must decide', async () => {
    await expect(text).toMatchFileSnapshot('web.fleet.yaml');
  });

  test('is valid, and has no vm that could restart', () => {
    const read = readFleet(text, 'fleet.yaml');
    expect(read).toMatchObject({
      fleet: { vms: [], networks: [{ name: 'br0' }, { name: 'data' }] },
    });
  });

  test.each(['web1', 'db1'])('is valid with %s uncommented', (vm) => {
    const read = readFleet(uncommented(text, vm), 'fleet.yaml');
    expect(read).toMatchObject({ fleet: { vms: [{ name: vm, on: 'hv1' }] } });
  });

  test('says above a vm why fleet would refuse it', () => {
    const read = readFleet(uncommented(text, 'old'), 'fleet.yaml');
    const all = 'diagnostics' in read ? read.diagnostics : [];
    const refused = all.filter(({ severity }) => severity === 'error');
    expect(refused.map(({ message }) => message)).toEqual([
      'vm old is on no network',
      'QEMU hangs with exactly 2 GiB of memory (vm old)',
    ]);
    for (const { message } of refused) expect(text).toContain(`DECIDE: ${message}.`);
  });

  test('names the vms whose names no vm of fleet’s can have', () => {
    const named = parseRunners(
      fixture('web.runners').replace('vm\tweb1', 'other\tWeb_2\nvm\tweb1'),
    );
    expect(foundFleet(first, webFacts, named)).toContain('Web_2');
  });

  test('keeps what the hypervisor did for its vms: their start, bridges, TAPs in them, and NAT', () => {
    const read = readFleet(text, 'fleet.yaml');
    const config = 'fleet' in read ? read.fleet.hypervisors[0]?.config : undefined;
    const kept = JSON.stringify(config);
    expect(kept).toContain('"web1","db1"');
    expect(kept).toContain('"Kind":"bridge","Name":"br-data"');
    expect(kept).toContain('vm-web1 vm-db1');
    expect(kept).toContain('"internalInterfaces":["br0","br-data"]');
  });

  test('keeps dhcpcd, and router advertisements of guests, away from bridges', () => {
    expect(text).toContain(
      'networking.dhcpcd.denyInterfaces:\n        - br0\n        - br-data\n      networking.networkmanager.unmanaged:\n        - interface-name:br0\n        - interface-name:br-data\n      networking.nat',
    );
    expect(text.match(/IPv6AcceptRA: false/g)).toHaveLength(2);
  });

  test('forwards IPv6 where the hypervisor did and a bridge has such an address', () => {
    const facts = seen(
      [{ name: 'br0', addresses: ['10.1.0.1/24', 'fd00:1::1/64'] }],
      ['web1'],
      ['web1'],
    );
    const forwarding = parseRunners(fixture('web.runners').replace('rule\t', 'forward6\nrule\t'));
    const content = foundFleet(first, facts, forwarding);
    const read = readFleet(content, 'fleet.yaml');
    const config = 'fleet' in read ? read.fleet.hypervisors[0]?.config : {};
    expect(expandConfig(config ?? {})).toMatchObject({
      boot: { kernel: { sysctl: { 'net.ipv6.conf.all.forwarding': true } } },
      environment: {
        etc: { 'sysctl.d/50-found.conf': { text: expect.stringContaining('ra = 2') } },
      },
    });
    expect(foundFleet(first, facts, web)).not.toContain('forwarding');
    expect(foundFleet(first, webFacts, forwarding)).not.toContain('forwarding');
  });

  describe('of a bridge with IPv6', () => {
    const uncommentedVm = (addresses: readonly string[], own: string) => {
      const facts = seen([{ name: 'br0', addresses }], ['web1'], ['web1']);
      const runners = parseRunners(
        fixture('web.runners').replace(
          'network\tAddress=10.1.0.5/24\n',
          `$&network\tAddress=${own}\n`,
        ),
      );
      const content = foundFleet(first, facts, runners);
      return { content, read: readFleet(uncommented(content, 'web1'), 'fleet.yaml') };
    };

    test('the network has its subnet, and a vm the address that it had', () => {
      const { content, read } = uncommentedVm(['10.1.0.1/24', 'fd00:1::1/64'], 'fd00:1:0::5/64');
      expect(read).toMatchObject({
        fleet: {
          networks: [{ name: 'br0', ipv6: { subnet: 'fd00:1::/64', gateway: 'fd00:1::1' } }],
          vms: [{ nics: [{ address: '10.1.0.5', address6: 'fd00:1::5' }] }],
        },
      });
      expect(unwrapped(content)).not.toMatch(/too, which br0|gives itself/);
    });

    test('another address of a vm is named, with the one that it will have', () => {
      const { content } = uncommentedVm(['10.1.0.1/24', 'fd00:1::1/64'], 'fd00:1::50/64');
      expect(unwrapped(content)).toContain(
        'DECIDE: it configures fd00:1::50 by itself, and will have fd00:1::5 as fleet’s.',
      );
    });

    test.each([
      ['is not the first', 'fd00:1::2/64'],
      ['has no room for the hosts of IPv4', 'fd00:1::1/124'],
      ['is a whole site', 'fd00:1::1/32'],
      ['is reserved', '64:ff9b::1/64'],
    ])('an address of the hypervisor’s that %s is named, for no network has it', (_, address) => {
      const { content, read } = uncommentedVm(['10.1.0.1/24', address], 'fd00:1::5/64');
      expect(read).toMatchObject({ fleet: { networks: [{ name: 'br0' }] } });
      expect(content).not.toContain('subnet6:');
      expect(unwrapped(content)).toContain(`DECIDE: br0 has ${address}, too, which br0 will not`);
      expect(unwrapped(content)).toContain('DECIDE: it configures fd00:1::5 by itself.');
    });

    test('a second IPv4 address is named, too', () => {
      const { content } = uncommentedVm(['10.1.0.1/24', '10.9.0.1/24'], '10.9.0.5/24');
      expect(unwrapped(content)).toContain('DECIDE: br0 has 10.9.0.1/24, too, which br0 will not');
    });

    describe('and NAT of it', () => {
      const facts = seen(
        [{ name: 'br0', addresses: ['10.1.0.1/24', 'fd00:1::1/64'] }],
        ['web1'],
        ['web1'],
      );
      const written = (...records: string[]) => {
        const found = fixture('web.runners').replace(/^rule\t.*\n/m, () =>
          records.map((record) => `${record}\n`).join(''),
        );
        const content = foundFleet(first, facts, parseRunners(found));
        const read = readFleet(content, 'fleet.yaml');
        const config = 'fleet' in read ? read.fleet.hypervisors[0]?.config : undefined;
        return { kept: config?.['networking.nat'], remarks: unwrapped(content) };
      };
      const out = 'rule\toifname "eth0" masquerade';

      test.each([
        ['rule6\tiifname "br0" oifname "eth0" masquerade'],
        ['rule6\t-A nixos-nat-post -o eth0 -m mark --mark 0x1 -j MASQUERADE'],
        ['rule-inet\tmeta nfproto ipv6 oifname "eth0" masquerade'],
      ])('keeps it: %s', (rule6) => {
        const { kept, remarks } = written(out, rule6);
        expect(kept).toMatchObject({ enable: true, enableIPv6: true });
        expect(kept).not.toHaveProperty('externalIPv6');
        expect(remarks).not.toContain('which it did not');
      });

      test.each([
        ['rule6\toifname "eth0" snat ip6 to 2001:db8::7'],
        ['rule6\t-A POSTROUTING -o eth0 -j SNAT --to-source 2001:db8::7'],
      ])('keeps the one address that guests go out under, and says so: %s', (rule6) => {
        const { kept, remarks } = written(out, rule6);
        expect(kept).toMatchObject({ enableIPv6: true, externalIPv6: '2001:db8::7' });
        expect(remarks).toContain('DECIDE: guests went out as 2001:db8::7');
      });

      test('keeps that of both families where one rule is for both', () => {
        const { kept, remarks } = written('rule-inet\toifname "eth0" masquerade');
        expect(kept).toMatchObject({ enable: true, enableIPv6: true });
        expect(remarks).not.toContain('which it did not');
      });

      test('says that IPv6 will go out where it did not', () => {
        const { kept, remarks } = written(out);
        expect(kept).not.toHaveProperty('enableIPv6');
        expect(remarks).toContain('DECIDE: with nat, IPv6 of br0 goes out of eth0, too');
      });

      test('says that IPv6 will not go out where IPv4 does not', () => {
        const { kept, remarks } = written('rule6\toifname "eth0" masquerade');
        expect(kept).toBeUndefined();
        expect(remarks).toContain('takes this away: oifname "eth0" masquerade.');
      });

      test.each([
        ['rule6\ttcp dport 80 dnat to [fd00:1::5]:80', true],
        ['rule6\t-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination [fd00:1::5]:80', true],
        ['rule6\tdnat to tcp dport map @forwards', true],
        ['rule6\ttcp dport 80 dnat to [fd00:172::2]:80', false],
      ])('names what was forwarded to its addresses: %s', (rule6, isNamed) => {
        const { remarks } = written(out, rule6);
        expect(remarks.includes(`DECIDE: ${rule6.slice(6)} was forwarded`)).toBe(isNamed);
      });
    });
  });

  test('lets fleet’s own files of networkd, 10 and 20, come before those that are kept', () => {
    const names = text.match(/^ +\d\d-.*:$/gm)?.map((line) => line.trim());
    expect(names).toHaveLength(6);
    for (const name of names ?? []) expect(name).toMatch(/^90-found-/);
  });

  describe('of a vm that is down', () => {
    const down = fixture('web.runners').replace(/port\tvm-db1.*\n/g, '');
    const networkd = (file: string, ...lines: string[]) =>
      lines.map((line) => `networkd\t${file}\t${line}\n`).join('');
    const files = [
      networkd('30-rest.network', '[Match]', 'Name=vm-*', '[Network]', 'Bridge=br0'),
      networkd('20-data.network', '[Match]', 'Name=vm-?b?-b', '[Network]', 'Bridge=br-data'),
      networkd('10-data.network', '[Match]', 'Name=br-data', '[Network]', 'Address=10.2.0.1/24'),
    ].join('');
    const written = (records: string) =>
      foundFleet(
        first,
        seen([{ name: 'br0', addresses: ['10.1.0.1/24'] }], ['web1'], ['web1', 'db1', 'old']),
        parseRunners(records),
      );

    test('finds the bridge of its TAP, and addresses of the bridge, in networkd’s files', () => {
      const content = written(down.replace('rule\t', `${files}rule\t`));
      expect(content).toContain('Name: vm-web1 vm-db1\n');
      expect(content).toContain('Name: vm-db1-b\n');
      expect(content).toContain('subnet: 10.2.0.0/24\n');
      expect(content).toContain('        - web1\n        - db1\n');
    });

    test('does not start it without network where they do not say', () => {
      const content = written(down);
      expect(content).toContain('microvm.autostart:\n        - web1\n      systemd');
      expect(unwrapped(content)).toContain(
        'db1 would come up without network, so it is not in microvm.autostart: which bridge vm-db1, vm-db1-b belongs in',
      );
    });

    test('heeds the order of networkd’s files, and what they leave out', () => {
      const none = networkd('05-none.network', '[Match]', 'Name=vm-db1', '[Network]', 'DHCP=no');
      expect(unwrapped(written(down.replace('rule\t', `${files}${none}rule\t`)))).toContain(
        'which bridge vm-db1 belongs',
      );
      const others = networkd('30.network', '[Match]', 'Name=!vm-web* br*', '[Network]');
      const content = written(
        down.replace('rule\t', `${others}networkd\t30.network\tBridge=br0\nrule\t`),
      );
      expect(content).toContain('Name: vm-web1 vm-db1 vm-db1-b\n');
    });
  });

  describe('of a bridge that networkd serves', () => {
    const written = (...lines: readonly string[]) => {
      const file = ['[Match]', 'Name=br0', '[Network]', 'Address=10.1.0.1/24', ...lines];
      const records = file.map((line) => `networkd\t10-br0.network\t${line}\n`).join('');
      const found = parseRunners(fixture('web.runners').replace('rule\t', `${records}rule\t`));
      const content = foundFleet(first, webFacts, found);
      const read = readFleet(content, 'fleet.yaml');
      const config = 'fleet' in read ? expandConfig(read.fleet.hypervisors[0]?.config ?? {}) : {};
      const { systemd, networking } = config as {
        systemd: { network: { networks: Record<string, Record<string, unknown>> } };
        networking: { firewall?: unknown };
      };
      return {
        network: systemd.network.networks['90-found-br0'],
        firewall: networking.firewall,
        remarks: unwrapped(content),
      };
    };

    test('its DHCP server is kept, with leases and a way to its port', () => {
      const { network, firewall, remarks } = written(
        'DHCPServer=yes',
        '[DHCPServer]',
        '# Above the static ones.',
        'PoolOffset = 100',
        'DNS=1.1.1.1 \\',
        '; more',
        '  9.9.9.9',
        '',
        '[DHCPServerStaticLease]',
        'MACAddress=02:00:00:00:00:01',
        'Address=10.1.0.5',
        '[DHCPServerStaticLease]',
        'MACAddress=02:00:00:00:00:02',
        'Address=10.1.0.7',
        '[Route]',
        'Destination=10.9.0.0/16',
      );
      expect(network).toMatchObject({
        networkConfig: { ConfigureWithoutCarrier: true, DHCPServer: true },
        extraConfig: `[DHCPServer]
PoolOffset=100
DNS=1.1.1.1  9.9.9.9
[DHCPServerStaticLease]
MACAddress=02:00:00:00:00:01
Address=10.1.0.5
[DHCPServerStaticLease]
MACAddress=02:00:00:00:00:02
Address=10.1.0.7
`,
      });
      expect(network?.networkConfig).not.toHaveProperty('IPv6SendRA');
      expect(firewall).toEqual({ interfaces: { br0: { allowedUDPPorts: [67] } } });
      expect(remarks).toContain(
        'DECIDE: guests on br0 have their addresses from the hypervisor’s DHCP server',
      );
      expect(remarks).not.toContain('router advertisements');
    });

    test('its router advertisements are kept, with prefixes and routes', () => {
      const sections = [
        '[IPv6SendRA]',
        'Managed=no',
        '[IPv6Prefix]',
        'Prefix=fd00:1::/64',
        '[IPv6Prefix]',
        'Prefix=fd00:2::/64',
        '[IPv6RoutePrefix]',
        'Route=fd00::/16',
      ];
      const { network, firewall, remarks } = written('IPv6SendRA=true', ...sections);
      expect(network).toMatchObject({
        networkConfig: { IPv6AcceptRA: false, IPv6SendRA: true },
        extraConfig: `${sections.join('\n')}\n`,
      });
      expect(network?.networkConfig).not.toHaveProperty('DHCPServer');
      expect(firewall).toBeUndefined();
      expect(remarks).toContain(
        'DECIDE: guests on br0 have their IPv6 routes from the hypervisor’s router advertisements',
      );
      expect(remarks).not.toContain('DHCP server');
    });

    test.each([
      [['Description=nothing']],
      [['DHCPServer=no', 'IPv6SendRA=off', '[DHCPServer]', 'PoolOffset=100']],
      [['DHCPServer=yes', 'DHCPServer=no']],
    ])('what is off is not kept: %j', (lines) => {
      const { network, firewall, remarks } = written(...lines);
      expect(network?.networkConfig).toEqual({
        ConfigureWithoutCarrier: true,
        IPv6AcceptRA: false,
      });
      expect(network).not.toHaveProperty('extraConfig');
      expect(firewall).toBeUndefined();
      expect(remarks).not.toMatch(/DHCP server|router advertisements/);
    });

    test('a value is text, and a line with control characters is left out', () => {
      const { network, remarks } = written(
        'DHCPServer=yes',
        '[DHCPServer]',
        'BootFilename=a: # "b" ${c} \'\'',
        'Timezone=\u001b[31m',
        'SendOption=1:string:\u2028vms:',
        'DNS=1.1.1.1\t9.9.9.9',
      );
      expect(network?.extraConfig).toBe(
        '[DHCPServer]\nBootFilename=a: # "b" ${c} \'\'\nDNS=1.1.1.1 9.9.9.9\n',
      );
      expect(remarks).not.toMatch(/[^\P{C}\n]|\p{Zl}/u);
    });

    test('one that no network can be keeps that for good', () => {
      const records = ['[Match]', 'Name=br0', '[Network]', 'DHCPServer=yes']
        .map((line) => `networkd\t10-br0.network\t${line}\n`)
        .join('');
      const odd = seen([{ name: 'br0', addresses: ['10.1.0.254/24'] }], ['web1'], ['web1']);
      const found = parseRunners(fixture('web.runners').replace('rule\t', `${records}rule\t`));
      const content = foundFleet(first, odd, found);
      expect(content).toContain('DHCPServer: true\n');
      expect(content).not.toContain('DHCP server');
    });
  });

  test('of a bridge that no network can be says why, and its vms stay in comments', () => {
    const odd = seen([{ name: 'br0', addresses: ['10.1.0.254/24'] }], ['web1'], ['web1']);
    const content = foundFleet(first, odd, web);
    expect(unwrapped(content)).toContain('br0 cannot be a network');
    expect(unwrapped(content)).toContain('10.1.0.254/24 is not the first of 10.1.0.0/24');
    expect(readFleet(content, 'fleet.yaml')).toMatchObject({ fleet: { networks: [], vms: [] } });
  });

  test.each([
    ['vm-br0', '10.1.0.1/24', '"vm-br0" begins like the TAP interface of a vm'],
    ['br+0', '10.1.0.1/24', '"br+0" is not an interface name of at most 15 characters'],
    ['eth0', '10.1.0.1/24', 'is already that of the uplink'],
    ['br0', '10.1.0.1/31', '/31 is too small a subnet'],
    ['br0', '10.0.0.1/7', '/7 is too large a subnet'],
    ['br0', '169.254.7.1/24', '169.254.7.0/24 lies in 169.254.0.0/16, which is reserved'],
  ])(
    'of a bridge that fleet’s rules refuse says why, and keeps it: %s %s',
    (name, address, why) => {
      const facts = seen(
        [
          { name, addresses: [address] },
          { name: 'br-data', addresses: ['10.2.0.1/24'] },
        ],
        ['web1'],
        ['web1'],
      );
      const renamed = parseRunners(fixture('web.runners').replace(/\bbr0\b/g, name));
      const content = foundFleet(first, facts, renamed);
      expect(unwrapped(content)).toContain(`DECIDE: ${name} cannot be a network of fleet’s: `);
      expect(unwrapped(content)).toContain(`${why}. As it stands, it stays as it is`);
      expect(content).toContain(`90-found-${name}:`);
      expect(content).toContain(`- ${address}\n`);
      expect(readFleet(content, 'fleet.yaml')).toMatchObject({
        fleet: { networks: [{ name: 'data' }] },
      });
    },
  );

  test.each([
    ['10.1.0.1/16', '10.1.2.1/24'],
    ['10.1.2.1/24', '10.1.0.1/16'],
  ])('of two bridges that overlap, %s and %s, the second is none of fleet’s', (one, other) => {
    const facts = seen(
      [
        { name: 'br0', addresses: [one] },
        { name: 'br-data', addresses: [other] },
      ],
      ['web1'],
      ['web1'],
    );
    const content = foundFleet(first, facts, web);
    expect(unwrapped(content)).toContain(
      'DECIDE: br-data cannot be a network of fleet’s: its subnet overlaps with that of br0. As it',
    );
    expect(readFleet(content, 'fleet.yaml')).toMatchObject({
      fleet: { networks: [{ name: 'br0' }] },
    });
  });

  test('of two bridges that overlap in IPv6 alone, the second is a network without it', () => {
    const facts = seen(
      [
        { name: 'br0', addresses: ['10.1.0.1/24', 'fd00:1::1/56'] },
        { name: 'br-data', addresses: ['10.2.0.1/24', 'fd00:1::1/64', 'fd00:2::1/64'] },
      ],
      ['web1'],
      ['web1'],
    );
    const content = foundFleet(first, facts, web);
    expect(unwrapped(content)).toContain(
      'DECIDE: br-data has fd00:1::1/64, too, which data will not',
    );
    expect(readFleet(content, 'fleet.yaml')).toMatchObject({
      fleet: {
        networks: [
          { name: 'br0', ipv6: { subnet: 'fd00:1::/56' } },
          { name: 'data', ipv6: { subnet: 'fd00:2::/64' } },
        ],
      },
    });
  });

  test('of a bridge with a card in it says that the vms are on its wire', () => {
    const wired = parseRunners(
      fixture('web.runners').replace('port\tvm-web1', 'port\teth0\tbr0\nport\tvm-web1'),
    );
    expect(foundFleet(first, webFacts, wired)).toContain('eth0 is in it, too');
  });

  describe('of its NAT', () => {
    const written = (...rules: string[]) => {
      const records = rules.map((rule) => `rule\t${rule}\n`).join('');
      const found = parseRunners(fixture('web.runners').replace(/^rule\t.*\n/m, () => records));
      return foundFleet(first, webFacts, found);
    };
    const nat = (content: string) => {
      const read = readFleet(content, 'fleet.yaml');
      const fleet = 'fleet' in read ? read.fleet : undefined;
      return {
        kept: fleet?.hypervisors[0]?.config['networking.nat'],
        networks: fleet?.networks.map((network) => network.nat),
      };
    };

    test.each([
      ['iifname { "br0", "br-data" } oifname "eth0" masquerade comment "from internal interfaces"'],
      ['ip saddr 10.1.0.0/24 oif "eth0" counter packets 1 bytes 2 masquerade random'],
      ['oifname { "wlan0", "eth0" } masquerade'],
      ['oifname "eth*" masquerade'],
      ['-A nixos-nat-post -m mark --mark 0x1 -o eth0 -j MASQUERADE'],
      ['-A POSTROUTING -s 10.1.0.0/24 -o eth+ -j MASQUERADE'],
    ])('keeps what goes out of the uplink: %s', (rule) => {
      expect(nat(written(rule))).toMatchObject({
        kept: { externalInterface: 'eth0', internalInterfaces: ['br0', 'br-data'] },
        networks: [true, true],
      });
    });

    test.each([
      ['of Docker', 'oifname != "docker0" ip saddr 172.17.0.0/16 masquerade'],
      ['of Docker', '-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE'],
      ['of tailscale', '-A ts-postrouting -m mark --mark 0x40000/0xff0000 -j MASQUERADE'],
      ['of libvirt', '-A LIBVIRT_PRT -s 192.168.122.0/24 ! -d 192.168.122.0/24 -j MASQUERADE'],
      ['of another interface', 'oifname "wg0" masquerade'],
      ['of an interface called nearly so', 'oifname "eth01" masquerade'],
    ])('takes masquerading %s for no NAT of guests’: %s', (_, rule) => {
      const content = written(rule);
      expect(nat(content)).toEqual({ kept: undefined, networks: [false, false] });
      expect(unwrapped(content)).not.toContain('by its name');
    });

    test.each([
      ['ip saddr 10.1.0.0/24 masquerade'],
      ['oifname != "br0" masquerade'],
      ['-A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE'],
    ])('asks about a rule for its bridges that names no interface to go out of: %s', (rule) => {
      const content = written(rule);
      expect(nat(content).kept).toBeUndefined();
      expect(unwrapped(content)).toContain(`DECIDE: nothing lets guests out of eth0 by its name`);
      expect(unwrapped(content)).toContain(`this rule is there: ${rule}.`);
    });

    test.each([
      ['iifname "br0" oifname "eth0" snat to 203.0.113.5 comment "from internal interfaces"'],
      ['-A nixos-nat-post -m mark --mark 0x1 -o eth0 -j SNAT --to-source 203.0.113.5'],
    ])('keeps the one address that guests go out under, and says so: %s', (rule) => {
      const content = written(rule);
      expect(nat(content).kept).toMatchObject({ externalIP: '203.0.113.5' });
      expect(unwrapped(content)).toContain('DECIDE: guests went out as 203.0.113.5');
    });

    test('keeps none of several addresses, and names the rules', () => {
      for (const rules of [
        ['oifname "eth0" snat to 203.0.113.5-203.0.113.9'],
        ['ip saddr 10.1.0.0/24 oifname "eth0" snat to 203.0.113.5', 'oifname "eth0" masquerade'],
      ]) {
        const content = written(...rules);
        expect(nat(content).kept).toEqual({
          enable: true,
          externalInterface: 'eth0',
          internalInterfaces: ['br0', 'br-data'],
        });
        expect(unwrapped(content)).toContain(`the one that eth0 has: ${rules.join('; ')}.`);
      }
    });

    test.each([
      ['tcp dport 443 dnat to 10.1.0.5:8443', ['tcp 443 → 10.1.0.5:8443']],
      [
        'iifname "eth0" tcp dport { 80, 81 } counter packets 0 bytes 0 dnat ip to 10.2.0.9',
        ['tcp { 80, 81 } → 10.2.0.9'],
      ],
      [
        'iifname "eth0" meta l4proto { tcp, udp } dnat ip to meta l4proto . th dport map { tcp . 8080 : 10.1.0.5 . 80, udp . 53 : 172.17.0.2 . 53, tcp . 5000-5010 : 10.1.0.7 . 22 } comment "port forward"',
        ['tcp 8080 → 10.1.0.5:80', 'tcp 5000-5010 → 10.1.0.7:22'],
      ],
      [
        '-A nixos-nat-pre -i eth0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.1.0.5:80',
        ['tcp 8080 → 10.1.0.5:80'],
      ],
      ['dnat to 10.1.0.200 comment "dmz"', ['dnat to 10.1.0.200']],
      ['dnat to tcp dport map @forwards', ['dnat to tcp dport map @forwards']],
    ])('names what was forwarded to an address of a found subnet: %s', (rule, named) => {
      const content = written(rule, rule);
      const lines = unwrapped(content).match(/DECIDE: (?:(?!DECIDE).)* was forwarded/g);
      expect(lines).toEqual(named.map((what) => `DECIDE: ${what} was forwarded`));
      expect(unwrapped(content)).toContain('networking.nat.forwardPorts');
    });

    test('says nothing of what is forwarded elsewhere', () => {
      const content = written(
        '-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80',
        'tcp dport 80 dnat to 192.0.2.7',
        'ct status dnat accept',
      );
      expect(unwrapped(content)).not.toContain('was forwarded');
    });

    test('names a rule in one short line, whatever is in it', () => {
      const content = written(
        `ip saddr { ${'192.0.2.1, '.repeat(20)}192.0.2.2 } \u001b[31m\r\u2028vms: dnat to 10.1.0.5`,
        'fib daddr type local \u001b[31m\rvms: dnat to 10.1.0.5',
      );
      expect(unwrapped(content)).toMatch(/DECIDE: ip saddr \{ [^\n]{78}… was forwarded/);
      expect(unwrapped(content)).toContain('local [31m vms: dnat to 10.1.0.5 was forwarded');
      expect(readFleet(content, 'fleet.yaml')).toMatchObject({ fleet: { vms: [] } });
    });
  });
});

describe('runners', () => {
  test('that are cut off are refused', () => {
    const cut = fixture('web.runners').slice(0, 400);
    expect(() => parseRunners(cut)).toThrow(
      expect.objectContaining({ code: 'runners.unreadable' }),
    );
  });

  test('of cloud-hypervisor say vcpu, memory and MAC in their own words', () => {
    const [vm] = parseRunners(fixture('cloud.runners')).vms;
    expect(vm).toMatchObject({
      hypervisor: 'cloud-hypervisor',
      vcpu: 4,
      memoryMiB: 3072,
      nics: [{ tap: 'vm-ch1', mac: '02:00:00:00:00:09' }],
    });
  });
});

describe('a bridge that is not only of vms that can be fleet’s', () => {
  /** br0 with this beside the TAPs of web.runners. */
  const withRecords = (records: readonly string[], addresses = ['10.1.0.1/24'], name = first) => {
    const runners = parseRunners(
      fixture('web.runners').replace('rule\t', `${records.map((r) => `${r}\n`).join('')}rule\t`),
    );
    const facts = seen([{ name: 'br0', addresses }], ['web1'], ['web1']);
    const content = foundFleet(name, facts, runners);
    const read = readFleet(content, 'fleet.yaml');
    if (!('fleet' in read)) throw new Error(JSON.stringify(read.diagnostics));
    return { text: unwrapped(content), fleet: read.fleet };
  };
  const kept = ({ fleet }: ReturnType<typeof withRecords>) =>
    expandConfig(fleet.hypervisors[0]!.config) as {
      microvm: { autostart: string[] };
      systemd: {
        network: {
          netdevs: Record<string, object>;
          networks: Record<string, { matchConfig: { Name: string }; extraConfig?: string }>;
        };
      };
    };

  test('is a network all the same when a vm by another name is in it, which stays there and starts as before', () => {
    const found = withRecords([
      'autostart\tWeb_1',
      'other\tWeb_1',
      'other-tap\tWeb_1\tvm-a-web1',
      'port\tvm-a-web1\tbr0',
    ]);
    expect(found.fleet.networks[0]).toMatchObject({ name: 'br0' });
    const { microvm, systemd } = kept(found);
    expect(microvm.autostart).toContain('Web_1');
    expect(systemd.network.networks['90-found-br0-vms']?.matchConfig.Name).toContain('vm-a-web1');
    expect(found.text).not.toContain('br0 cannot be a network');
  });

  test('stays as it is, for good, when TAPs of something else are in it', () => {
    const found = withRecords(['tun\tvnet0', 'port\tvnet0\tbr0']);
    expect(found.text).toContain('vnet0 is in it, too. As it stands, it stays as it is');
    const { networks } = kept(found).systemd.network;
    expect(networks['90-found-br0-vms']?.matchConfig.Name).toContain('vnet0');
  });

  const lan = (...lines: readonly string[]) => ['port\teth0\tbr0', ...lines];
  const networkd = [
    ...[
      '[NetDev]',
      'Name=br0',
      'Kind=bridge',
      'MACAddress=02:00:00:00:00:aa',
      '[Bridge]',
      'STP=true',
    ].map((line) => `netdev\t10-br0.netdev\t${line}`),
    ...[
      '[Match]',
      'Name=br0',
      '[Network]',
      'Address=10.1.0.9/24',
      'Gateway=10.1.0.1',
      '[Route]',
      'Destination=10.9.0.0/16',
    ].map((line) => `networkd\t10-br0.network\t${line}`),
    ...['[Match]', 'Name=eth0', '[Network]', 'Bridge=br0'].map(
      (line) => `networkd\t20-eth0.network\t${line}`,
    ),
  ];

  test('with a card in it is kept whole where networkd has it, before files of systemd’s own: address, routes, card', () => {
    const found = withRecords(lan(...networkd), ['10.1.0.9/24'], { ...first, uplink: 'br0' });
    expect(found.text).toContain('but by a module. As it stands, it stays as it is');
    const { netdevs, networks } = kept(found).systemd.network;
    expect(netdevs['90-found-br0']).toEqual({
      netdevConfig: { Kind: 'bridge', Name: 'br0', MACAddress: '02:00:00:00:00:aa' },
      extraConfig: '[Bridge]\nSTP=true\n',
    });
    expect(networks['10-found-br0']?.extraConfig).toBe(
      '[Network]\nAddress=10.1.0.9/24\nGateway=10.1.0.1\n[Route]\nDestination=10.9.0.0/16\n',
    );
    expect(networks['10-found-eth0']).toMatchObject({
      matchConfig: { Name: 'eth0' },
      extraConfig: '[Network]\nBridge=br0\n',
    });
  });

  test('with a card in it goes where networkd has it not, and it is said what goes with it', () => {
    const found = withRecords(lan(), ['10.1.0.9/24'], { ...first, uplink: 'br0' });
    expect(found.text).toContain(
      'it goes, with 10.1.0.9/24, the hypervisor and the vms are cut off from what is behind it, and apply refuses that',
    );
  });
});

describe('of a vm is said that fleet would not do alike', () => {
  const withRun = (run: string, records = '') => {
    const text = fixture('web.runners')
      .replace('run\texec -a "microvm@web1"', `${run}run\texec -a "microvm@web1"`)
      .replace('image\tvar.img\n', records);
    return unwrapped(foundFleet(first, webFacts, parseRunners(text))).replaceAll(/\n# +# /g, ' ');
  };

  test.each([
    [
      "run\tx -drive 'id=vda,format=raw,file=var.img,if=none,aio=threads,discard=unmap,read-only=on'\n",
      'var.img is read-only for it; fleet’s volumes are writable',
    ],
    [
      "run\tx -netdev 'user,id=u,hostfwd=tcp::2222-:22,'\n",
      'an interface of type user (hostfwd=tcp::2222-:22)',
    ],
    ["run\tx -netdev 'bridge,id=b,br=br7,helper=/run/w'\n", 'an interface of type bridge (br=br7)'],
    [
      "run\tx -drive 'id=vdb,format=raw,file=/dev/zvol/x,if=none,read-only=off'\n",
      'it has the disk /dev/zvol/x, which its runner does not make',
    ],
  ])('%s', (run, said) => {
    expect(withRun(run)).toContain(said);
  });

  test('but not that an image needs a label that is not made yet', () => {
    expect(withRun('')).not.toContain('the label var,');
    expect(withRun('', 'image\tvar.img\n')).toContain('the label var, and var.img has none');
  });

  test('of an image elsewhere that it has to move, with the path that it will have', () => {
    const text = fixture('web.runners').replaceAll("'var.img'", "'/srv/mail/spool.img'");
    const content = unwrapped(foundFleet(first, webFacts, parseRunners(text))).replaceAll(
      /\n# +# /g,
      ' ',
    );
    expect(content).toContain(
      '/srv/mail/spool.img has to move to /var/lib/microvms/web1/spool.img',
    );
    expect(content).toContain('e2label /var/lib/microvms/web1/spool.img var');
  });
});
