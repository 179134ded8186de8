import { describe, expect, test } from 'vitest';
import { parseFacts } from '../../src/host/answers/facts.ts';
import { parseRunners } from '../../src/host/answers/runners.ts';
import { losses } from '../../src/host/losses.ts';
import { builtSystem, declaredSystem, type SaidNetwork } from '../../src/host/new-system.ts';
import { index } from '../plan/situation.ts';

interface Link {
  readonly master?: string;
  readonly addresses?: readonly string[];
  /** Its addresses came by DHCP. */
  readonly leased?: boolean;
}

/** A host that we came to at 192.0.2.1, with these links, vms that run and records of runners.sh. */
function host(
  links: Readonly<Record<string, Link>>,
  found: readonly string[],
  vms: readonly string[] = [],
) {
  const addresses = Object.entries(links).map(([ifname, { master, addresses = [], leased }]) => ({
    ifname,
    flags: ['UP'],
    master,
    addr_info: addresses.map((text) => {
      const [local, prefixlen] = text.split('/');
      return { local, prefixlen: Number(prefixlen), ...(leased && { dynamic: true }) };
    }),
  }));
  const facts = parseFacts(
    [
      'client\t198.51.100.7 50000 192.0.2.1 22',
      ...vms.map((vm) => `vm\t${vm}\tno`),
      '== units',
      ...vms.flatMap((vm) => [`Id=microvm@${vm}.service`, 'ActiveState=active', '']),
      '== addresses',
      JSON.stringify(addresses),
      '== end',
      '',
    ].join('\n'),
  );
  const ports = Object.entries(links).flatMap(([name, { master }]) =>
    master === undefined ? [] : [`port\t${name}\t${master}`],
  );
  return {
    facts,
    runners: parseRunners([...ports, ...found, '== end', ''].join('\n')),
  };
}

const nothing: SaidNetwork = {
  makes: [],
  bridges: {},
  interfaces: {},
  dhcp: false,
  firewall: true,
  open: [],
  ranges: [],
  forwards: [],
  autostart: [],
};

/** A system with networkd files, each `FILE: LINE; LINE`. */
function system(said: Partial<SaidNetwork>, ...files: readonly string[]) {
  const lines = files.flatMap((text) => {
    const [file = '', rest = ''] = text.split(': ');
    return rest.split('; ').map((line) => [file, line]);
  });
  return builtSystem({ ...nothing, ...said }, ['root'], lines);
}

const none: ReadonlySet<string> = new Set();
const names = (
  { facts, runners }: ReturnType<typeof host>,
  next: ReturnType<typeof system>,
  ours = none,
) => losses(facts, runners, next, ours).map(({ name, cuts }) => `${name}${cuts ? ' !' : ''}`);

const card = { addresses: ['192.0.2.1/24'] };

describe('the address that we came in by', () => {
  const uplink = host({ eth0: card }, []);
  const by = (...files: readonly string[]) => names(uplink, system({}, ...files));

  test.each<[string, string[]]>([
    ['by networkd', by('10-eth0.network: [Match]; Name=eth0; [Network]; Address=192.0.2.1/24')],
    [
      'by a pattern',
      by('10-eth0.network: [Match]; Name=en* eth*; [Address]; Address=192.0.2.1/24'),
    ],
    [
      'by the card’s MAC',
      by('10-eth0.network: [Match]; MACAddress=02:00:00:00:00:01; [Network]; Address=192.0.2.1/24'),
    ],
    [
      'by networking.interfaces',
      names(uplink, system({ interfaces: { eth0: { addresses: ['192.0.2.1/24'], dhcp: false } } })),
    ],
    [
      'by DHCP, as before',
      names(host({ eth0: { ...card, leased: true } }, []), system({ dhcp: true })),
    ],
  ])('stays %s', (_, lost) => {
    expect(lost).toEqual([]);
  });

  test.each<[string, string[]]>([
    ['nothing in the new system assigns it', by()],
    [
      'another card has it',
      by('10-eth1.network: [Match]; Name=eth1; [Network]; Address=192.0.2.1/24'),
    ],
    [
      'a file before the right one is for the card, too',
      by(
        '05-all.network: [Match]; Name=*; [Network]; LLDP=yes',
        '10-eth0.network: [Match]; Name=eth0; [Network]; Address=192.0.2.1/24',
      ),
    ],
    ['it was fixed, and DHCP is asked now', names(uplink, system({ dhcp: true }))],
    [
      'it is on a bridge that is not there any more',
      names(
        host({ br0: card, eth0: { master: 'br0' } }, ['made\tbr0']),
        system({ dhcp: true }),
      ).filter((one) => one !== 'br0'),
    ],
  ])('is lost when %s', (_, lost) => {
    expect(lost).toEqual(['192.0.2.1 !']);
  });
});

describe('bridges with guests in them', () => {
  const links = {
    lo: { addresses: ['127.0.0.1/8'] },
    'br-a': { addresses: ['10.91.1.1/24'] },
    'vm-a-app': { master: 'br-a' },
    'vm-a-web1': { master: 'br-a' },
  };
  const found = [
    'made\tbr-a',
    'other\tWeb_1',
    'other-tap\tWeb_1\tvm-a-web1',
    'vm\tapp',
    'tap\tvm-a-app',
  ];
  const guests = host(links, found, ['app']);
  const netdev = '90-a.netdev: [NetDev]; Name=br-a';
  const address = '90-a.network: [Match]; Name=br-a; [Network]; Address=10.91.1.1/24';
  const taps = '91-a.network: [Match]; Name=vm-a-*; [Network]; Bridge=br-a';

  test('stay when the new system has them, their addresses and all TAPs', () => {
    expect(names(guests, system({}, netdev, address, taps))).toEqual([]);
  });

  test('stay when scripted networking has them', () => {
    const scripted = system({
      makes: ['br-a'],
      bridges: { 'br-a': ['vm-a-app', 'vm-a-web1'] },
      interfaces: { 'br-a': { addresses: ['10.91.1.1/24'], dhcp: false } },
    });
    expect(names(guests, scripted)).toEqual([]);
  });

  test('are lost with every guest in them, whatever its name', () => {
    const [lost] = losses(guests.facts, guests.runners, system({}), none);
    expect(lost).toEqual({
      name: 'br-a',
      text: 'bridge br-a (10.91.1.1/24), with app, Web_1 in it',
      cuts: true,
    });
  });

  test('are lost when their address is', () => {
    expect(names(guests, system({}, netdev, taps))).toEqual(['br-a !']);
  });

  test('lose the guests whose TAPs nothing puts there, but those that are fleet’s from now on', () => {
    expect(names(guests, system({}, netdev, address))).toEqual(['app !', 'Web_1 !']);
    expect(names(guests, system({}, netdev, address), new Set(['app']))).toEqual(['Web_1 !']);
  });

  test('lose the card in them', () => {
    const lan = host({ ...links, eth1: { master: 'br-a' } }, found, ['app']);
    expect(names(lan, system({}, netdev, address, taps))).toEqual(['br-a !']);
    const kept = '92-a.network: [Match]; Name=eth1; [Network]; Bridge=br-a';
    expect(names(lan, system({}, netdev, address, taps, kept))).toEqual([]);
  });

  test('of Docker and libvirt are theirs to make', () => {
    const docker = host(
      { docker0: { addresses: ['172.17.0.1/16'] }, veth1: { master: 'docker0' } },
      ['made\tdocker0'],
    );
    expect(names(docker, system({}))).toEqual([]);
  });
});

describe('what cuts nobody off is named, too', () => {
  const full = host({ eth0: card, eth1: { addresses: ['198.51.100.1/24', 'fe80::1/64'] } }, [
    'autostart\tapp',
    'user\tops',
    'accepts\ttcp dport { 22, 9100 } accept',
    'accepts\t-A nixos-fw -p udp -m udp --dport 51820 -j nixos-fw-accept',
    'refusing\tinet mine',
  ]);
  const uplink = '10-eth0.network: [Match]; Name=eth0; [Network]; Address=192.0.2.1/24';

  test('addresses, users, ports, start at boot, tables that refuse', () => {
    expect(
      losses(full.facts, full.runners, system({ open: ['tcp 22'] }, uplink), none).map(
        ({ text }) => text,
      ),
    ).toEqual([
      'address 198.51.100.1/24 on eth1',
      'vm app from microvm.autostart (it no longer starts at boot)',
      'user ops',
      'open port tcp 9100',
      'open port udp 51820',
      'the rules of inet mine, which drop forwarded traffic by default',
    ]);
  });

  test('but not where the new system has it', () => {
    const said = {
      autostart: ['app'],
      open: ['tcp 22'],
      ranges: [{ protocol: 'tcp', from: 9000, to: 9200 }],
    };
    expect(names(full, system(said, uplink))).toEqual([
      '198.51.100.1',
      'ops',
      'udp 51820',
      'inet mine',
    ]);
    expect(names(full, system({ firewall: false, autostart: ['app'] }, uplink))).toEqual([
      '198.51.100.1',
      'ops',
      'inet mine',
    ]);
  });

  test('ports that are forwarded to guests', () => {
    const rule = 'rule\tiifname "eth0" tcp dport 8080 dnat to 10.91.1.20:80';
    const nat = host(
      { eth0: card, 'br-a': { addresses: ['10.91.1.1/24'] }, tap1: { master: 'br-a' } },
      [rule],
    );
    const kept = [
      '90-a.netdev: [NetDev]; Name=br-a',
      '90-a.network: [Match]; Name=br-a; [Network]; Address=10.91.1.1/24',
    ];
    expect(names(nat, system({}, uplink, ...kept))).toEqual(['tcp 8080 → 10.91.1.20:80']);
    expect(names(nat, system({ forwards: ['tcp 8080'] }, uplink, ...kept))).toEqual([]);
  });
});

test('fleet.yaml alone says what its fields and config have', () => {
  const declared = declaredSystem(
    index(`
version: 1
name: x
hypervisors:
  hv1:
    ssh: root@192.0.2.1
    system: x86_64-linux
    stateVersion: "25.11"
    uplink: eth0
    users: { ops: { groups: [wheel], sshKeys: [ssh-ed25519 AAAA ops] } }
    config:
      microvm.autostart: [app]
      networking.firewall.allowedTCPPorts: [9100]
      networking.interfaces.eth1.ipv4.addresses: [{ address: 198.51.100.1, prefixLength: 24 }]
      systemd.network:
        netdevs: { 90-a: { netdevConfig: { Kind: bridge, Name: br-a } } }
        networks:
          10-eth0: { matchConfig: { Name: eth0 }, address: [192.0.2.1/24] }
          90-a: { matchConfig: { Name: br-a }, networkConfig: { Address: 10.91.1.1/24 } }
          91-a: { matchConfig: { Name: vm-a-app }, networkConfig: { Bridge: br-a } }
          90-lan:
            matchConfig: { Name: eth2 }
            extraConfig: |
              [Network]
              Address=203.0.113.1/24
`),
    'hv1',
  );
  const seen = host(
    {
      eth0: card,
      eth1: { addresses: ['198.51.100.1/24'] },
      eth2: { addresses: ['203.0.113.1/24'] },
      'br-a': { addresses: ['10.91.1.1/24'] },
      'vm-a-app': { master: 'br-a' },
      'vm-a-db': { master: 'br-a' },
    },
    [
      'made\tbr-a',
      'user\tops',
      'user\teve',
      'accepts\ttcp dport 9100 accept',
      'vm\tapp',
      'tap\tvm-a-app',
      'vm\tdb',
      'tap\tvm-a-db',
    ],
    ['app', 'db'],
  );
  expect(names(seen, declared)).toEqual(['db !', 'eve']);
});
