import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readFleet } from '../../../src/config/read-fleet.ts';
import type { Fleet } from '../../../src/model/fleet.ts';
import { type Evaluated, evaluated } from '../../render/evaluated.ts';
import { Namespace } from './namespace.ts';

/** Addresses on the cable between the hypervisor and the pretend internet. */
export const uplink = {
  name: 'uplink0',
  hypervisor: ['198.51.100.2', '2001:db8:100::2'],
  internet: ['198.51.100.1', '2001:db8:100::1'],
} as const;

/** As NixOS' firewall has it: what would not be answered the way that it came is dropped. */
const reversePathFilter = `chain rpfilter {
      type filter hook prerouting priority mangle + 10; policy drop;
      meta nfproto ipv4 udp sport . udp dport { 67 . 68, 68 . 67 } accept
      fib saddr . mark . iif oif exists accept
    }`;

interface NetworkFile {
  readonly address?: readonly string[];
  readonly gateway?: readonly string[];
  readonly dns?: readonly string[];
  readonly routes?: readonly {
    readonly Destination?: string;
    readonly Gateway?: string;
    readonly Table: number;
  }[];
  readonly routingPolicyRules?: readonly { readonly From: string; readonly Table: number }[];
  readonly matchConfig: {
    readonly Name?: string | readonly string[];
    readonly MACAddress?: string;
  };
  readonly networkConfig: { readonly Bridge?: string };
}

interface GuestFile {
  readonly microvm: {
    readonly interfaces: readonly { readonly id: string; readonly mac: string }[];
  };
  readonly systemd: { readonly network: { readonly networks: Record<string, NetworkFile> } };
}

/** A fleet of one hypervisor, hv1, as namespaces that look as its rendered files say. */
export class PacketWorld {
  readonly hypervisor: Namespace = new Namespace('hv1');
  readonly internet: Namespace = new Namespace('internet');
  readonly guests: Map<string, Namespace> = new Map();
  readonly #dir: string = mkdtempSync(join(tmpdir(), 'fleet-packets-'));
  #files: Evaluated['files'];

  constructor(yaml: string) {
    this.#files = evaluated(fleetOf(yaml)).files;
  }

  guest(name: string): Namespace {
    return this.guests.get(name) as Namespace;
  }

  /** Loads what the fleet of today says, as NixOS does: tables are replaced in one transaction. */
  async load(yaml: string): Promise<void> {
    this.#files = evaluated(fleetOf(yaml)).files;
    await this.loadRules();
  }

  async loadRules(): Promise<void> {
    const { networking } = this.#files['hosts/hv1/firewall.nix'] as {
      networking: { nftables: { tables: { fleet: { family: string; content: string } } } };
    };
    const { family, content } = networking.nftables.tables.fleet;
    const dns = this.#files['hosts/hv1/dns.nix'] as
      | { networking: { firewall: { extraInputRules: string } } }
      | undefined;
    // What NixOS has of its own accord: nothing comes in but ssh, ping and what rules add.
    const nixos = `${reversePathFilter}
    chain input {
      type filter hook input priority filter; policy drop;
      iifname lo accept
      ct state { established, related } accept
      tcp dport 22 accept
      icmp type echo-request accept
      icmpv6 type != { nd-redirect, 139 } accept
      ${dns?.networking.firewall.extraInputRules ?? ''}
    }`;
    const tables = [
      ['inet', 'nixos-fw', nixos],
      [family, 'fleet', content],
    ] as const;
    const text = tables.map(
      ([kind, name, body]) =>
        `table ${kind} ${name}\ndelete table ${kind} ${name}\ntable ${kind} ${name} {\n${body}\n}\n`,
    );
    const file = join(this.#dir, 'rules.nft');
    writeFileSync(file, text.join(''));
    await this.hypervisor.must('nft', '-f', file);
  }

  /** The hypervisor and the internet, without bridges. */
  async start(): Promise<void> {
    const { hypervisor, internet } = this;
    for (const one of [hypervisor, internet]) await quicken(one);
    await hypervisor.must('sysctl', '-qw', 'net.ipv4.conf.all.forwarding=1');
    await hypervisor.must('sysctl', '-qw', 'net.ipv6.conf.all.forwarding=1');
    await cable(hypervisor, uplink.name, internet, 'eth0');
    await address(hypervisor, uplink.name, [
      `${uplink.hypervisor[0]}/24`,
      `${uplink.hypervisor[1]}/64`,
    ]);
    await address(internet, 'eth0', [`${uplink.internet[0]}/24`, `${uplink.internet[1]}/64`]);
    for (const gateway of uplink.internet)
      await hypervisor.must('ip', 'route', 'add', 'default', 'via', gateway);
    await this.loadRules();
  }

  /** Bridges and TAPs as networkd would make them; a TAP is the hypervisor's end of a cable. */
  async makeBridges(): Promise<void> {
    for (const { address: addresses = [], matchConfig } of this.#hypervisorNetworks()) {
      if (addresses.length === 0) continue;
      await this.hypervisor.must('ip', 'link', 'add', String(matchConfig.Name), 'type', 'bridge');
      await address(this.hypervisor, String(matchConfig.Name), addresses);
    }
    await this.joinTaps();
  }

  async joinTaps(): Promise<void> {
    for (const { matchConfig, networkConfig } of this.#hypervisorNetworks()) {
      if (networkConfig.Bridge === undefined) continue;
      for (const tap of [matchConfig.Name ?? []].flat()) {
        const known = await this.hypervisor.ask('run', 'ip', 'link', 'show', tap);
        if (known.code !== 0) continue;
        await this.hypervisor.must('ip', 'link', 'set', tap, 'master', networkConfig.Bridge, 'up');
      }
    }
  }

  async bootGuests(): Promise<void> {
    for (const [path, file] of Object.entries(this.#files)) {
      const name = /^hosts\/(.+)\/default\.nix$/.exec(path)?.[1];
      if (name === undefined || !file.microvm) continue;
      const guest = new Namespace(name);
      this.guests.set(name, guest);
      await quicken(guest);
      await this.#plugIn(guest, file as unknown as GuestFile);
      await guest.must('nft', `table inet nixos-fw {\n${reversePathFilter}\n}`);
    }
    await this.joinTaps();
  }

  async #plugIn(guest: Namespace, { microvm, systemd }: GuestFile): Promise<void> {
    for (const [n, { id, mac }] of microvm.interfaces.entries()) {
      await cable(this.hypervisor, id, guest, `eth${n}`);
      await guest.must('ip', 'link', 'set', `eth${n}`, 'address', mac);
      const network = Object.values(systemd.network.networks).find(
        ({ matchConfig }) => matchConfig.MACAddress === mac,
      );
      await address(guest, `eth${n}`, network?.address ?? []);
      for (const gateway of network?.gateway ?? [])
        await guest.must('ip', 'route', 'add', 'default', 'via', gateway);
      for (const { Destination = 'default', Gateway, Table } of network?.routes ?? []) {
        const via = Gateway === undefined ? [] : ['via', Gateway];
        const family = familyOf(Gateway ?? Destination);
        const where = ['dev', `eth${n}`, 'table', String(Table)];
        await guest.must('ip', family, 'route', 'add', Destination, ...via, ...where);
      }
      for (const { From, Table } of network?.routingPolicyRules ?? [])
        await guest.must('ip', familyOf(From), 'rule', 'add', 'from', From, 'table', String(Table));
    }
  }

  /** Name servers that a guest was given. */
  nameServers(vm: string): readonly string[] {
    const { systemd } = this.#files[`hosts/${vm}/default.nix`] as unknown as GuestFile;
    return Object.values(systemd.network.networks).flatMap(({ dns = [] }) => dns);
  }

  /** dnsmasq with the rendered settings, written as NixOS writes them. */
  async startForwarder(): Promise<void> {
    const { services } = this.#files['hosts/hv1/dns.nix'] as {
      services: { dnsmasq: { settings: Record<string, boolean | string | readonly string[]> } };
    };
    const lines = Object.entries(services.dnsmasq.settings).flatMap(([key, value]) =>
      [value].flat().map((one) => (one === true ? `${key}\n` : `${key}=${one}\n`)),
    );
    const file = join(this.#dir, 'dnsmasq.conf');
    writeFileSync(file, lines.join(''));
    const own = ['--user=root', '--pid-file=', `--dhcp-leasefile=${join(this.#dir, 'leases')}`];
    await this.hypervisor.ask('start', 'dnsmasq', '-k', '-C', file, ...own);
  }

  async stop(): Promise<void> {
    const all = [...this.guests.values(), this.hypervisor, this.internet];
    await Promise.all(all.map((one) => one.end()));
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #hypervisorNetworks(): NetworkFile[] {
    const { systemd } = this.#files['hosts/hv1/networks.nix'] as unknown as GuestFile;
    return Object.values(systemd.network.networks);
  }
}

function fleetOf(yaml: string): Fleet {
  const read = readFleet(yaml, 'fleet.yaml');
  if ('diagnostics' in read) throw new Error(JSON.stringify(read.diagnostics, null, 2));
  return read.fleet;
}

/** Nobody waits for duplicate addresses to be detected. */
async function quicken(one: Namespace): Promise<void> {
  await one.must('ip', 'link', 'set', 'lo', 'up');
  for (const scope of ['all', 'default'])
    await one.must('sysctl', '-qw', `net.ipv6.conf.${scope}.accept_dad=0`);
}

const familyOf = (text: string): string => (text.includes(':') ? '-6' : '-4');

export async function cable(
  a: Namespace,
  nameA: string,
  b: Namespace,
  nameB: string,
): Promise<void> {
  const peer = ['type', 'veth', 'peer', 'name', nameB, 'netns', await b.pid()];
  await a.must('ip', 'link', 'add', nameA, ...peer);
  await a.must('ip', 'link', 'set', nameA, 'up');
  await b.must('ip', 'link', 'set', nameB, 'up');
}

export async function address(
  one: Namespace,
  link: string,
  addresses: readonly string[],
): Promise<void> {
  for (const text of addresses) await one.must('ip', 'address', 'add', text, 'dev', link);
  await one.must('ip', 'link', 'set', link, 'up');
}
