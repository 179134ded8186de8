/** What a .network file says about interfaces and bridges. */
export interface NetworkFile {
  /** Globs; with `!` in front of the first, all others. Empty: it does not match interfaces by name. */
  readonly names: readonly string[];
  readonly bridge: string | undefined;
  readonly addresses: readonly string[];
  /** Whether it asks a DHCP server for addresses. */
  readonly dhcp: boolean;
  readonly serving: Serving;
  /** All sections except [Match], as text without comments. */
  readonly sections: string;
}

/** What a .netdev file says about a device, besides its name. */
export interface Netdev {
  readonly kind: string;
  readonly mac: string | undefined;
  /** The sections for its kind, as text. */
  readonly sections: string;
}

/** What networkd serves on an interface. */
export interface Serving {
  /** It is a DHCP server. */
  readonly dhcp: boolean;
  /** It sends router advertisements. */
  readonly advertisements: boolean;
  /** The sections about these, as text; empty: the defaults. */
  readonly sections: string;
}

/** Reads .network files from rows of file and line, in the order in which networkd reads them. */
export function networkFiles(records: readonly string[][]): NetworkFile[] {
  return filesOf(records).map(networkFile);
}

/** Reads .netdev files in the same way, by the device that each creates. */
export function netdevFiles(records: readonly string[][]): Map<string, Netdev> {
  const found = filesOf(records).map((lines): [string, Netdev] => {
    const one = (key: string) =>
      lines.map((line) => new RegExp(`^${key}\\s*=\\s*(\\S+)`).exec(line)?.[1]).find(Boolean);
    return [
      one('Name') ?? '',
      { kind: one('Kind') ?? '', mac: one('MACAddress'), sections: sectionsBut('NetDev', lines) },
    ];
  });
  return new Map(found.filter(([name]) => name !== ''));
}

/** Lines of each file, in networkd's order. */
function filesOf(records: readonly string[][]): string[][] {
  const files = new Map<string, string[]>();
  for (const [file = '', ...rest] of records) {
    const lines = files.get(file) ?? [];
    files.set(file, lines);
    lines.push(rest.join(' ').trim());
  }
  return [...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, lines]) => lines);
}

/** What does not show is no setting that a person could check. */
function sectionsBut(first: string, lines: readonly string[]): string {
  let isWanted = false;
  let text = '';
  for (const line of lines) {
    if (line.startsWith('[')) isWanted = line !== `[${first}]`;
    if (isWanted && line !== '' && !/^[#;]|[\p{C}\p{Zl}\p{Zp}]/u.test(line)) text += `${line}\n`;
  }
  return text;
}

/** Names of the devices that .netdev files create, from rows of file and line. */
export function madeDevices(records: readonly string[][]): string[] {
  return records
    .map(([, ...rest]) => /^\s*Name\s*=\s*(\S+)/.exec(rest.join(' '))?.[1])
    .filter((name) => name !== undefined);
}

/** The file that networkd applies to an interface: the first one that matches its name. */
export function fileOf(link: string, files: readonly NetworkFile[]): NetworkFile | undefined {
  return files.find((file) => matches(link, file));
}

export function matches(link: string, { names }: Pick<NetworkFile, 'names'>): boolean {
  const isInverted = names[0]?.startsWith('!') ?? false;
  const globs = names.map((name) => name.replace(/^!/, '')).filter((glob) => glob !== '');
  return globs.length > 0 && globs.some((glob) => isLike(link, glob)) !== isInverted;
}

/** Whether a file matches a name. Only * and ? are understood; other globs match nothing. */
export function isLike(name: string, glob: string): boolean {
  // Adjacent stars count as one, and their number is limited, because a hypervisor may send a pattern that takes very long.
  const [shortened, most] = [glob.replace(/\*+/g, '*'), 40];
  if (shortened.length > most) return false;
  let reached = new Set([0]);
  for (const character of shortened) {
    const next = new Set<number>();
    for (const at of reached) {
      if (character === '*') for (let to = at; to <= name.length; to++) next.add(to);
      else if (at < name.length && (character === '?' || character === name[at])) next.add(at + 1);
    }
    reached = next;
  }
  return reached.has(name.length);
}

const servingSection =
  /^\[(DHCPServer(StaticLease)?|IPv6SendRA|IPv6Prefix|IPv6RoutePrefix|IPv6PREF64Prefix)\]$/;

function networkFile(lines: readonly string[]): NetworkFile {
  const values: [key: string, value: string][] = [];
  let sections = '';
  let section = '';
  // A line that ends with a backslash continues on the next line; comments are skipped.
  const text = lines.filter((line) => !/^[#;]/.test(line)).map((line) => `${line}\n`);
  for (const line of text.join('').replaceAll('\\\n', ' ').split('\n')) {
    if (line.startsWith('[')) section = line;
    const isServing = servingSection.test(section);
    if (isServing && line === section) sections += `${line}\n`;
    const [, key, value] = /^(\w+)\s*=\s*(.*)$/.exec(line) ?? [];
    if (key === undefined || value === undefined) continue;
    values.push([section + key, value]);
    // What does not show is no setting that a person could check.
    if (isServing && !/[\p{C}\p{Zl}\p{Zp}]/u.test(value)) sections += `${key}=${value}\n`;
  }
  const all = (...keys: string[]) =>
    values.filter(([key]) => keys.includes(key)).map(([, value]) => value);
  const isOn = (key: string) => /^(1|yes|y|true|t|on)$/i.test(all(key).at(-1) ?? '');
  return {
    names: all('[Match]Name').flatMap((value) => value.split(/\s+/)),
    bridge: all('[Network]Bridge').at(-1),
    addresses: all('[Network]Address', '[Address]Address'),
    sections: sectionsBut('Match', lines),
    dhcp: /^(yes|true|on|1|ipv4|ipv6)$/i.test(all('[Network]DHCP').at(-1) ?? ''),
    serving: {
      dhcp: isOn('[Network]DHCPServer'),
      advertisements: isOn('[Network]IPv6SendRA'),
      sections,
    },
  };
}
