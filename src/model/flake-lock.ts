import type { Input } from './fleet.ts';

/** One locked input, as a person looks at it before it is used. */
export interface LockedInput {
  readonly node: string;
  /** Where flake.nix, or the flake of another input, says that it comes from. */
  readonly from: string;
  /** The revision, or the hash of its content where there is none. */
  readonly at: string;
}

export interface LockReading {
  /** Why this lock is not one of these inputs, by node; empty when it is. */
  readonly faults: readonly string[];
  readonly inputs: readonly LockedInput[];
}

type Attributes = Readonly<Record<string, unknown>>;

interface Node {
  readonly inputs?: Readonly<Record<string, string | readonly string[]>>;
  readonly original?: Attributes;
  readonly locked?: Attributes;
  readonly flake?: boolean;
}

/** What says where a tree comes from, and who has to have signed it: it is locked as it was declared. */
const sourceFields = [
  ...['type', 'owner', 'repo', 'host', 'path', 'id', 'dir'],
  ...['verifyCommit', 'keytype', 'publicKey', 'publicKeys'],
] as const;
/** What pins a tree, wherever it comes from. */
const pins = ['rev', 'narHash'] as const;
const known = new Set(['github', 'gitlab', 'sourcehut', 'git', 'path', 'tarball', 'file', 'hg']);
/** Locked by a revision; all others by a hash of what is there. */
const byRevision = new Set(['github', 'gitlab', 'sourcehut', 'git', 'hg']);

/**
 * Reads a flake.lock and holds it against the inputs of flake.nix. Nix takes whatever stands under `locked` without
 * asking whether it is what `original` names, so whoever writes a lock decides what runs as root everywhere.
 * What an input of an input should be only that input's own flake says: those have to agree in themselves.
 */
export function readLock(text: string, inputs: readonly Input[]): LockReading {
  const lock = parse(text);
  if (typeof lock === 'string') return { faults: [lock], inputs: [] };
  const { nodes, root } = lock;
  const faults: string[] = [];
  const resolve = resolver(nodes, root);
  const own = nodes.get(root)?.inputs ?? {};
  for (const name of Object.keys(own)) {
    if (!inputs.some((input) => input.name === name))
      faults.push(`${name}: flake.nix has no such input`);
  }
  for (const input of inputs) {
    const reference = Object.hasOwn(own, input.name) ? own[input.name] : undefined;
    const key = typeof reference === 'string' ? reference : undefined;
    const node = key === undefined ? undefined : nodes.get(key);
    if (!node) faults.push(`${input.name}: it is in flake.nix but not in the lock`);
    else faults.push(...ofInput(input, node).map((fault) => `${input.name}: ${fault}`));
  }
  for (const [name, node] of nodes) {
    if (name !== root) faults.push(...ofSource(node).map((fault) => `${name}: ${fault}`));
    for (const [input, reference] of Object.entries(node.inputs ?? {})) {
      if (resolve(reference) === undefined)
        faults.push(`${name}: its input ${input} leads nowhere`);
    }
  }
  return {
    faults: [...new Set(faults)],
    inputs: [...nodes]
      .filter(([name]) => name !== root)
      .map(([node, { original = {}, locked = {} }]) => ({
        node,
        from: reference(original),
        at: String(locked.rev ?? locked.narHash ?? 'nothing'),
      })),
  };
}

function parse(text: string): { nodes: Map<string, Node>; root: string } | string {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return 'it is not JSON';
  }
  const { version, root, nodes } = (isMap(data) ? data : {}) as Record<string, unknown>;
  if (version !== 7) return `its version is ${JSON.stringify(version)}, not 7`;
  if (typeof root !== 'string' || !isMap(nodes) || !Object.hasOwn(nodes, root))
    return 'it has no root node';
  for (const [name, node] of Object.entries(nodes)) {
    if (!/^[\w.-]+$/.test(name)) return `${JSON.stringify(name)} is not a node name`;
    if (
      !isMap(node) ||
      !['inputs', 'original', 'locked'].every((k) => node[k] === undefined || isMap(node[k]))
    )
      return `${name} is not a node`;
    const references = Object.values((node.inputs ?? {}) as object);
    const isReference = (r: unknown) =>
      typeof r === 'string' || (Array.isArray(r) && r.every((part) => typeof part === 'string'));
    if (!references.every(isReference)) return `${name} has inputs that are not references`;
  }
  return { nodes: new Map(Object.entries(nodes as Record<string, Node>)), root };
}

const isMap = (value: unknown): value is Attributes =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Paths of paths of paths: more than anybody writes, and less than the stack holds. */
const deepest = 100;

/**
 * A node by name, or by the path of inputs that it follows; undefined when it leads nowhere, or round.
 * Every input is followed once, so that it takes time in proportion to the lock.
 */
function resolver(
  nodes: ReadonlyMap<string, Node>,
  root: string,
): (reference: string | readonly string[]) => string | undefined {
  const found = new Map<string, string | undefined>();
  const step = (node: string, input: string, depth: number): string | undefined => {
    const key = `${node} ${input}`;
    if (found.has(key)) return found.get(key);
    const inputs = nodes.get(node)?.inputs ?? {};
    if (!Object.hasOwn(inputs, input) || depth > deepest) return undefined;
    // Until it is known: whoever comes by here again goes round.
    found.set(key, undefined);
    const at = follow(inputs[input] as string | readonly string[], depth + 1);
    found.set(key, at);
    return at;
  };
  const follow = (reference: string | readonly string[], depth: number): string | undefined => {
    if (typeof reference === 'string') return nodes.has(reference) ? reference : undefined;
    let at: string | undefined = root;
    for (const input of reference) {
      if (at === undefined) return undefined;
      at = step(at, input, depth);
    }
    return at;
  };
  return (reference) => follow(reference, 0);
}

/** An input of flake.nix against its node. */
function ofInput(input: Input, { original = {}, flake, inputs = {} }: Node): string[] {
  const faults = differences('original', original, declared(input));
  if ((flake ?? true) !== input.flake) faults.push('whether it is a flake differs from flake.nix');
  for (const [name, target] of Object.entries(input.follows)) {
    // Nix leaves out what the input does not have.
    const seen = Object.hasOwn(inputs, name) ? inputs[name] : undefined;
    if (seen !== undefined && (typeof seen === 'string' || seen.join('/') !== target))
      faults.push(`its input ${name} does not follow ${target}`);
  }
  return faults;
}

/** What is locked against what was named, of any node. */
function ofSource({ original, locked }: Node): string[] {
  if (!original || !locked) return ['it does not say where it comes from'];
  if (original.type === 'indirect') {
    // Nix asks a registry, whose word nobody has checked. One name stands for the same thing everywhere.
    if (original.id !== 'nixpkgs') return [`${original.id} is a registry name: write its full url`];
    const meant = { type: 'github', owner: 'NixOS', repo: 'nixpkgs' };
    return [...differences('locked', locked, meant), ...ofPin(original, locked)];
  }
  if (!known.has(String(original.type))) return [`fleet does not know the type ${original.type}`];
  return [...differences('locked', locked, original), ...ofPin(original, locked)];
}

/** What is locked is one tree, and a branch is the one that was named. */
function ofPin(original: Attributes, { type, rev, ref, narHash, path }: Attributes): string[] {
  if (byRevision.has(String(type))) {
    if (!/^[0-9a-f]{40}([0-9a-f]{24})?$/.test(String(rev))) return ['locked.rev is not a revision'];
    // Nix keeps a branch beside the revision for git alone: it looks for the revision there.
    if (ref === undefined) return [];
    const branch = String(ref).replace(/^refs\/heads\//, '');
    const isNamed = original.ref === undefined || original.ref === ref || original.ref === branch;
    const isBranch = isNamed && (original.ref === ref || !branch.startsWith('refs/'));
    return isBranch && /^(git|hg)$/.test(String(type)) ? [] : [`locked.ref is ${show(ref)}`];
  }
  // A flake within this repository is locked with it.
  if (type === 'path' && !String(path).startsWith('/')) return [];
  return typeof narHash === 'string' ? [] : ['locked.narHash is missing'];
}

function differences(where: string, seen: Attributes, wanted: Attributes): string[] {
  const pinned = where === 'original' ? ['ref', 'rev'] : [];
  const fields = new Set<string>([...sourceFields, ...pinned]);
  for (const pin of pins) if (wanted[pin] !== undefined) fields.add(pin);
  const faults = [...fields]
    .filter((field) => seen[field] !== wanted[field])
    .map((field) => `${where}.${field} is ${show(seen[field])}, not ${show(wanted[field])}`);
  if (!sameUrl(seen.url, wanted.url, where === 'locked'))
    faults.push(`${where}.url is ${show(seen.url)}, not ${show(wanted.url)}`);
  return faults;
}

const show = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));

/**
 * The same place, whatever is asked for there. A tarball that changes may be locked by the link that its server gave:
 * beside it in the same folder, or where these two keep them.
 */
function sameUrl(seen: unknown, wanted: unknown, isLocked: boolean): boolean {
  if (seen === undefined || wanted === undefined) return seen === wanted;
  const [a, b] = [url(seen), url(wanted)];
  if (a === undefined || b === undefined) return seen === wanted;
  const place = (u: URL) => `${u.protocol}//${u.username}@${u.host}${u.pathname}`;
  const folder = (u: URL) => place(u).replace(/[^/]*$/, '');
  if (place(a) === place(b)) return asked(a) === asked(b);
  if (!isLocked || !/^https?:$/.test(b.protocol)) return false;
  if (folder(a) === folder(b) && /\/archive\//.test(folder(b))) return true;
  if (b.host === 'channels.nixos.org') return place(a).startsWith('https://@releases.nixos.org/');
  const [, owner, project] = /^\/f\/([^/]+)\/([^/]+)\//.exec(b.pathname) ?? [];
  return (
    b.host === 'flakehub.com' &&
    owner !== undefined &&
    place(a).startsWith(`https://@api.flakehub.com/f/pinned/${owner}/${project}/`)
  );
}

/** Attributes of their own in a lock, which Nix leaves in the url of a tarball or not. */
const attributes = ['dir', 'lastModified', 'narHash', 'ref', 'rev', 'revCount'];

/** What a url asks for, in one order. */
function asked({ searchParams }: URL): string {
  const those = new URLSearchParams(searchParams);
  for (const attribute of attributes) those.delete(attribute);
  those.sort();
  return those.toString();
}

function url(text: unknown): URL | undefined {
  try {
    return new URL(String(text));
  } catch {
    return undefined;
  }
}

/** What Nix takes out of the url of a git repository, besides (libfetchers, git.cc). */
const ofGit = [
  ...['shallow', 'submodules', 'lfs', 'exportIgnore', 'allRefs'],
  ...['verifyCommit', 'keytype', 'publicKey', 'publicKeys'],
];

/** A flake reference as Nix has it in `original`. */
function declared({ url: text, flake }: Input): Attributes {
  const [, plain = text, query = ''] = /^([^?#]*)\??([^#]*)/.exec(text) ?? [];
  const params = new URLSearchParams(query);
  const named = (keys: readonly string[]): Attributes =>
    Object.fromEntries(keys.flatMap((key) => (params.has(key) ? [[key, params.get(key)]] : [])));
  const more = named(['dir', 'ref', 'rev', 'host', 'narHash']);
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*):(.*)$/i.exec(plain) ?? [];
  if (/^(github|gitlab|sourcehut)$/.test(scheme)) {
    const [owner, repo, ...ref] = rest.split('/').map(decode);
    const at = ref.join('/');
    const isRevision = /^[0-9a-f]{40}$/.test(at);
    return { type: scheme, owner, repo, ...(at && { [isRevision ? 'rev' : 'ref']: at }), ...more };
  }
  const { host: _, ...ofTree } = more;
  if (/^(git|hg)(\+|$)/.test(scheme)) {
    const [type = '', inner] = scheme.split('+');
    const signed = named(['keytype', 'publicKey', 'publicKeys']);
    const mustBeSigned = params.get('verifyCommit') === '1' && { verifyCommit: true };
    for (const key of ofGit) params.delete(key);
    const place = `${inner ?? scheme}:${rest}${params.size > 0 ? `?${params}` : ''}`;
    return { type, url: place, ...ofTree, ...signed, ...mustBeSigned };
  }
  if (scheme === 'path' || (scheme === '' && /^[./]/.test(plain)))
    return { type: 'path', path: decode(scheme === 'path' ? rest : plain), ...ofFiles(more) };
  if (/^((tarball|file)\+)?(https?|file)$/.test(scheme)) {
    const [first = '', inner] = scheme.split('+');
    const isTree = /\.(zip|tar|tgz|tar\.(gz|xz|bz2|zst))$/.test(plain) || flake;
    return {
      type: inner === undefined ? (isTree ? 'tarball' : 'file') : first,
      url: `${inner ?? scheme}:${rest}${query === '' ? '' : `?${query}`}`,
      ...ofFiles(more),
    };
  }
  const [id, ref, rev] = (scheme === 'flake' ? rest : plain).split('/');
  return { type: 'indirect', id, ...(ref && { ref }), ...(rev && { rev }) };
}

const ofFiles = ({ dir, narHash }: Attributes): Attributes => ({
  ...(dir !== undefined && { dir }),
  ...(narHash !== undefined && { narHash }),
});

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** `github:owner/repo/ref`, or whatever else says it in a line. */
function reference(original: Attributes): string {
  const { type, owner, repo, ref, url: address, path, id } = original;
  if (owner !== undefined) return `${type}:${owner}/${repo}${ref === undefined ? '' : `/${ref}`}`;
  return String(address ?? path ?? id ?? type);
}
