import { type Netdev, type NetworkFile, netdevFiles, networkFiles } from './network-files.ts';
import * as shape from './shape.ts';

/** What exists on a hypervisor, whoever made it: what `fleet init --from` starts from. */
export interface Runners {
  readonly vms: readonly FoundVm[];
  /** Vms with names that fleet.yaml does not allow. */
  readonly others: readonly string[];
  /** The TAPs of these. */
  readonly otherTaps: ReadonlyMap<string, readonly string[]>;
  /** Vms in microvm.autostart. */
  readonly autostart: ReadonlySet<string>;
  /** NAT rules for IPv4, as nft or iptables print them. */
  readonly natRules: readonly string[];
  /** NAT rules for IPv6. */
  readonly natRules6: readonly string[];
  /** Whether it forwards IPv6. */
  readonly forward6: boolean;
  /** Interfaces of each bridge. */
  readonly ports: ReadonlyMap<string, readonly string[]>;
  /** TAPs and TUNs of any program. */
  readonly tuns: ReadonlySet<string>;
  /** Devices that networkd creates, by name. */
  readonly netdevs: ReadonlyMap<string, Netdev>;
  /** Bridges, bonds and VLANs. */
  readonly made: ReadonlySet<string>;
  /** Accounts of people. */
  readonly users: readonly string[];
  /** Ports that its firewall opens, `tcp 80`, on any interface. */
  readonly open: readonly string[];
  /** nft tables that drop forwarded packets by policy. */
  readonly refusing: readonly string[];
  /** Its networkd files, in the order in which networkd reads them. */
  readonly networkd: readonly NetworkFile[];
  /** Addresses in the neighbour table, each with its bridge and MAC. */
  readonly neighbours: readonly Neighbour[];
}

export interface Neighbour {
  readonly address: string;
  readonly bridge: string;
  readonly mac: string;
}

/** A vm as read from its runner; undefined and empty: not there, or in a form that fleet does not know. */
export interface FoundVm {
  readonly name: string;
  /** The flake that `microvm -u` builds it from; undefined: the hypervisor's own configuration. */
  readonly flake: string | undefined;
  readonly hypervisor: string | undefined;
  readonly vsock: number | undefined;
  readonly vcpu: number | undefined;
  readonly memoryMiB: number | undefined;
  readonly nics: readonly FoundNic[];
  /** Whether it has macvtap interfaces. */
  readonly macvtap: boolean;
  /** Its interfaces that are neither TAP nor macvtap: type and options. */
  readonly otherNics: readonly string[];
  /** Addresses in its own system's configuration, with prefix. */
  readonly addresses: readonly string[];
  readonly volumes: readonly FoundVolume[];
  /** Disks that its runner does not create: devices, images made by hand. */
  readonly disks: readonly string[];
  readonly shares: readonly FoundShare[];
}

export interface FoundNic {
  readonly tap: string;
  readonly mac: string | undefined;
}

export interface FoundVolume {
  readonly image: string;
  readonly sizeMiB: number;
  readonly fs: string;
  readonly mount: string | undefined;
  readonly label: string | undefined;
  /** The guest cannot write to it. */
  readonly readOnly: boolean;
  /** Whether the image exists in the vm's folder. */
  readonly isThere: boolean;
}

export interface FoundShare {
  readonly source: string;
  readonly mount: string | undefined;
  readonly readOnly: boolean;
}

/** Reads what runners.sh printed. @throws FleetError `runners.unreadable` if it is cut off. */
export function parseRunners(text: string): Runners {
  const lines = text.trimEnd().split('\n');
  if (lines.at(-1) !== '== end') {
    throw new shape.Unreadable('runners.unreadable', text, 'it is cut off');
  }
  return shape.understand('runners.unreadable', text, () => read(lines));
}

function read(lines: readonly string[]): Runners {
  const common: string[][] = [];
  const vms: string[][][] = [];
  for (const line of lines.slice(0, -1)) {
    const record = line.split('\t');
    if (record[0] === 'vm') vms.push([record]);
    else (vms.at(-1) ?? common).push(record);
  }
  const ports = grouped(of(common, 'port').map(([port = '', bridge = '']) => [bridge, port]));
  const rules = (kind: string) => of(common, kind).map((words) => words.join(' '));
  const inet = rules('rule-inet');
  return {
    vms: vms.map(parseVm),
    others: of(common, 'other').map(([name = '']) => name),
    otherTaps: grouped(of(common, 'other-tap')),
    tuns: new Set(of(common, 'tun').map(([name = '']) => name)),
    netdevs: netdevFiles(of(common, 'netdev')),
    made: new Set(of(common, 'made').map(([name = '']) => name)),
    users: of(common, 'user').map(([name = '']) => name),
    open: [...new Set(of(common, 'accepts').flatMap((words) => openedBy(words.join(' '))))],
    refusing: of(common, 'refusing').map(([name = '']) => name),
    autostart: new Set(of(common, 'autostart').map(([name = '']) => name)),
    natRules: [...rules('rule'), ...inet.filter((rule) => names(rule, 4) || !names(rule, 6))],
    natRules6: [...rules('rule6'), ...inet.filter((rule) => names(rule, 6) || !names(rule, 4))],
    forward6: of(common, 'forward6').length > 0,
    ports,
    networkd: networkFiles(of(common, 'networkd')),
    neighbours: of(common, 'neighbour').map(([address = '', bridge = '', mac = '']) => ({
      address,
      bridge,
      mac: mac.toLowerCase(),
    })),
  };
}

const familyWords = { 4: ['ip', 'ipv4', 'icmp'], 6: ['ip6', 'ipv6', 'icmpv6', 'ipv6-icmp'] };

/** Whether a rule of an `inet` table applies to this family; one that names none applies to both. */
function names(rule: string, family: 4 | 6): boolean {
  const words = rule.replaceAll(/"[^"]*"/g, '').split(/[\s,{}]+/);
  return familyWords[family].some((word) => words.includes(word));
}

/** Groups second words by the first. */
function grouped(records: readonly string[][]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const [key = '', value = ''] of records) shape.push(groups, key, value);
  return groups;
}

/** Ports that a rule of nft or iptables opens; ranges and named sets are left out. */
function openedBy(rule: string): string[] {
  // Nobody writes such long rules, and matching them would take long.
  if (rule.length > 2000) return [];
  const [, protocol, ports = ''] =
    // Not a pair of ports, like the rule for DHCP replies in NixOS's reverse path filter.
    /(?<!\. )\b(tcp|udp) dport (\{[^}]*\}|\d+)(?=\s)/.exec(rule) ??
    /-p (tcp|udp)\b.* --dports? ([\d,]+)(?=\s)/.exec(rule) ??
    [];
  return [...ports.matchAll(/(?<![\d-])\d+(?![\d-])/g)].map(([port]) => `${protocol} ${port}`);
}

function of(records: readonly string[][], key: string): string[][] {
  return records.filter((r) => r[0] === key).map((r) => r.slice(1));
}

function parseVm(records: readonly string[][]): FoundVm {
  const one = (key: string) => of(records, key)[0]?.[0]?.trim() || undefined;
  const text = (key: string) =>
    of(records, key)
      .map((fields) => fields.join('\t'))
      .join('\n');
  const run = text('run');
  const mounts = parseFstab(text('fstab'));
  const vsock = number(one('vsock') ?? '', /^(\d+)$/);
  const taps = of(records, 'tap').map(([tap = '']) => tap.trim());
  const labels = new Map(of(records, 'label').map(([image = '', label = '']) => [image, label]));
  return {
    name: shape.name(one('vm'), 'name of a vm'),
    flake: one('flake'),
    hypervisor: one('hypervisor'),
    vsock: vsock || undefined,
    // qemu and crosvm, then cloud-hypervisor. firecracker has these in a separate file, so they stay unknown.
    vcpu: number(run, / '?-smp'? '?(\d+)/, /\bboot=(\d+)/),
    memoryMiB: number(run, / '?-m'? '?(\d+)/, /\bsize=(\d+)M\b/),
    nics: nics(taps, run),
    macvtap: of(records, 'macvtap').length > 0,
    otherNics: otherNics(run),
    addresses: [...text('network').matchAll(/^Address=(\S+)$/gm)].map(
      ([, address = '']) => address,
    ),
    volumes: volumes(run, mounts, labels, new Set(of(records, 'image').map(([name = '']) => name))),
    disks: disks(run),
    shares: of(records, 'share')
      .filter(([, source]) => source?.trim() !== '/nix/store')
      .map(([tag = '', source = '']) => {
        const mount = mounts.find(({ device }) => device === tag);
        const readOnly = mount?.options.includes('ro') ?? false;
        return { source: source.trim(), mount: mount?.path, readOnly };
      }),
  };
}

function number(text: string, ...patterns: readonly RegExp[]): number | undefined {
  for (const pattern of patterns) {
    const found = pattern.exec(text)?.[1];
    if (found !== undefined && Number.isSafeInteger(Number(found))) return Number(found);
  }
  return undefined;
}

/** Every VMM's command line has the MACs in the order of the interfaces. */
function nics(taps: readonly string[], run: string): FoundNic[] {
  const macs = [...run.matchAll(/\bmac=((?:[0-9a-f]{2}:){5}[0-9a-f]{2})\b/gi)].map(([, mac = '']) =>
    mac.toLowerCase(),
  );
  return taps.map((tap, i) => ({ tap, mac: macs.length === taps.length ? macs[i] : undefined }));
}

/** QEMU's interfaces of type user and bridge: `user (hostfwd=tcp::2222-:22)`. */
function otherNics(run: string): string[] {
  return [...run.matchAll(/ '?-netdev'? '?(user|bridge)(?:,([^'\s]*))?/g)].map(
    ([, type, said = '']) => {
      const told = said.split(',').filter((word) => /^(hostfwd|guestfwd|br)=/.test(word));
      return told.length > 0 ? `${type} (${told.join(', ')})` : `${type}`;
    },
  );
}

/** Volumes with `autoCreate = false`: disks that the runner uses but does not create. */
function disks(run: string): string[] {
  const made = new Set([...run.matchAll(/truncate -s \d+M '([^']+)'/g)].map(([, image]) => image));
  return [...run.matchAll(/\bid=vd[a-z],format=raw,file=([^,'\s]+)/g)]
    .map(([, image = '']) => image)
    .filter((image) => !made.has(image));
}

interface Mount {
  readonly device: string;
  readonly path: string;
  readonly options: readonly string[];
}

function parseFstab(text: string): Mount[] {
  return text
    .split('\n', 1000)
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => {
      const [device = '', path = '', , options = ''] = line.trim().split(/\s+/);
      return { device, path, options: options.split(',') };
    });
}

/** The letters of /dev/vda to /dev/vdz. */
const mostDisks = 26;

/**
 * Reads the part of a runner that creates missing images (microvm.nix, lib/volumes.nix). It has file, size and file
 * system of each, in the order in which the guest sees them as disks.
 */
function volumes(
  run: string,
  mounts: readonly Mount[],
  labels: ReadonlyMap<string, string>,
  images: ReadonlySet<string>,
): FoundVolume[] {
  const made = [...run.matchAll(/truncate -s (\d+)M '([^']+)'[^']*?mkfs\.(\w+)([^\n]*)/g)].slice(
    0,
    mostDisks,
  );
  const words = new Map<string, string[]>();
  for (const word of run.split(/\s/)) {
    const image = /(?:file|path)=([^,']+)/.exec(word)?.[1];
    if (image !== undefined) shape.push(words, image, word);
  }
  // With an own store disk, which is the first, the volumes begin with the letter b.
  const first = /\bid=store\b/.test(run) ? 'b' : 'a';
  return made.map(([, size, image = '', fs = '', rest = ''], i) => {
    const label = /-[Ln] '([^']+)'/.exec(rest)?.[1] ?? labels.get(image);
    const letter = String.fromCharCode(first.charCodeAt(0) + i);
    const mount = mounts.find(
      ({ device }) =>
        device === `/dev/vd${letter}` ||
        (label !== undefined && device === `/dev/disk/by-label/${label}`),
    );
    return {
      image,
      sizeMiB: shape.whole(size, 'size of a volume'),
      fs,
      mount: mount?.path,
      label: labels.get(image),
      readOnly: /,read-?only=on\b/.test(words.get(image)?.[0] ?? ''),
      isThere: images.has(image),
    };
  });
}
