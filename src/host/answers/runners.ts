import { type Netdev, type NetworkFile, netdevFiles, networkFiles } from './network-files.ts';
import * as shape from './shape.ts';

/** What runs on a hypervisor already, whoever made it: what `fleet init --from` starts from. */
export interface Runners {
  readonly vms: readonly FoundVm[];
  /** Names of vms that no vm of fleet's can have. */
  readonly others: readonly string[];
  /** The TAPs of those. */
  readonly otherTaps: ReadonlyMap<string, readonly string[]>;
  /** Vms that the hypervisor starts by itself. */
  readonly autostart: ReadonlySet<string>;
  /** Rules of its nft or iptables that change IPv4 addresses, as these tools write them. */
  readonly natRules: readonly string[];
  /** Those that change IPv6 addresses. */
  readonly natRules6: readonly string[];
  /** It forwards IPv6. */
  readonly forward6: boolean;
  /** Interfaces of each bridge. */
  readonly ports: ReadonlyMap<string, readonly string[]>;
  /** TAPs and the like, of whatever program. */
  readonly tuns: ReadonlySet<string>;
  /** What networkd makes, by name: all of its file that is not its name and kind. */
  readonly netdevs: ReadonlyMap<string, Netdev>;
  /** Devices that somebody made: bridges, bonds, VLANs. */
  readonly made: ReadonlySet<string>;
  /** People who have an account there. */
  readonly users: readonly string[];
  /** Ports that its firewall lets in, `tcp 80`, on whatever interface. */
  readonly open: readonly string[];
  /** nft tables that forward nothing but what they name. */
  readonly refusing: readonly string[];
  /** Its own networkd's files, in the order in which they are asked. */
  readonly networkd: readonly NetworkFile[];
  /** Address heard of lately, by the bridge it is behind and its MAC. */
  readonly neighbours: readonly Neighbour[];
}

export interface Neighbour {
  readonly address: string;
  readonly bridge: string;
  readonly mac: string;
}

/** A vm as its runner has it; undefined and empty: not said, or not in a way that is known here. */
export interface FoundVm {
  readonly name: string;
  /** The flake that `microvm -u` builds it from; undefined: the hypervisor's own configuration. */
  readonly flake: string | undefined;
  readonly hypervisor: string | undefined;
  readonly vsock: number | undefined;
  readonly vcpu: number | undefined;
  readonly memoryMiB: number | undefined;
  readonly nics: readonly FoundNic[];
  /** It has macvtap interfaces. */
  readonly macvtap: boolean;
  /** Its interfaces that are neither TAPs nor macvtap: type, and what it says of them. */
  readonly otherNics: readonly string[];
  /** Addresses that its own system gives itself, with prefix. */
  readonly addresses: readonly string[];
  readonly volumes: readonly FoundVolume[];
  /** Disks that its runner does not make when they are missing: devices, images made by hand. */
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
  /** Its guest cannot write there. */
  readonly readOnly: boolean;
  /** It was seen in the folder of the vm. */
  readonly isThere: boolean;
}

export interface FoundShare {
  readonly source: string;
  readonly mount: string | undefined;
  readonly readOnly: boolean;
}

/** Reads what runners.sh printed. @throws FleetError `runners.unreadable` when it is cut off. */
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

/** Whether a rule of a table for both families names this one; what names none is for both. */
function names(rule: string, family: 4 | 6): boolean {
  const words = rule.replaceAll(/"[^"]*"/g, '').split(/[\s,{}]+/);
  return familyWords[family].some((word) => words.includes(word));
}

/** Second words by the first. */
function grouped(records: readonly string[][]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const [key = '', value = ''] of records) shape.push(groups, key, value);
  return groups;
}

/** Ports that a rule of nft or iptables lets in; ranges and named sets are left to people. */
function openedBy(rule: string): string[] {
  // Nobody writes such, and a pattern would take long over it.
  if (rule.length > 2000) return [];
  const [, protocol, ports = ''] =
    // Not of a pair of ports, as DHCP’s replies are let through NixOS’s reverse path filter.
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
    // qemu and crosvm; cloud-hypervisor. Of firecracker's, which has them in a file, nothing is known.
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

/** Runners name MACs in the order of their interfaces, whatever program they call. */
function nics(taps: readonly string[], run: string): FoundNic[] {
  const macs = [...run.matchAll(/\bmac=((?:[0-9a-f]{2}:){5}[0-9a-f]{2})\b/gi)].map(([, mac = '']) =>
    mac.toLowerCase(),
  );
  return taps.map((tap, i) => ({ tap, mac: macs.length === taps.length ? macs[i] : undefined }));
}

/** QEMU's own networks, and bridges that its helper puts a TAP into: `user (hostfwd=tcp::2222-:22)`. */
function otherNics(run: string): string[] {
  return [...run.matchAll(/ '?-netdev'? '?(user|bridge)(?:,([^'\s]*))?/g)].map(
    ([, type, said = '']) => {
      const told = said.split(',').filter((word) => /^(hostfwd|guestfwd|br)=/.test(word));
      return told.length > 0 ? `${type} (${told.join(', ')})` : `${type}`;
    },
  );
}

/** Volumes with `autoCreate = false`: the runner has them as disks and does not make them. */
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
 * Runners make images that are missing: that part has file, size and file system of each, in the
 * order in which the guest sees them as disks (microvm.nix, lib/volumes.nix).
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
  // An own store disk is the first; then the letters of volumes begin at b.
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
