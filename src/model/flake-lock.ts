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

/** What says where a tree comes from: it is locked as it was declared. */
const sourceFields = ['type', 'owner', 'repo', 'host', 'path', 'id', 'dir'] as const;
const known = new Set(['github', 'gitlab', 'sourcehut', 'git', 'path', 'tarball', 'file', 'hg']);

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
  const own = nodes.get(root)?.inputs ?? {};
  for (const name of Object.keys(own)) {
    if (!inputs.some((input) => input.name === name))
      faults.push(`${name}: flake.nix has no such input`);
  }
  for (const input of inputs) {
    const reference = Object.hasOwn(own, input.name) ? own[input.name] : undefined;
    const key = typeof reference === 'string' ? reference : undefined;
    const node = key === undefined ? undefined : nodes.get(key);
    if (!node) faults.push(`${input.name}: it is in flake.nix and not in the lock`);
    else faults.push(...ofInput(input, node).map((fault) => `${input.name}: ${fault}`));
  }
  for (const [name, node] of nodes) {
    if (name !== root) faults.push(...ofSource(node).map((fault) => `${name}: ${fault}`));
    for (const [input, reference] of Object.entries(node.inputs ?? {})) {
      if (resolve(nodes, root, reference) === undefined)
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
    if (
      !isMap(node) ||
      !['inputs', 'original', 'locked'].every((k) => node[k] === undefined || isMap(node[k]))
    )
      return `${name} is no node`;
    const references = Object.values((node.inputs ?? {}) as object);
    const isReference = (r: unknown) =>
      typeof r === 'string' || (Array.isArray(r) && r.every((part) => typeof part === 'string'));
    if (!references.every(isReference)) return `${name} has inputs that are no references`;
  }
  return { nodes: new Map(Object.entries(nodes as Record<string, Node>)), root };
}

const isMap = (value: unknown): value is Attributes =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A node by name, or by the path of inputs that it follows; undefined when it leads nowhere, or round. */
function resolve(
  nodes: ReadonlyMap<string, Node>,
  root: string,
  reference: string | readonly string[],
  depth = 0,
): string | undefined {
  if (typeof reference === 'string') return nodes.has(reference) ? reference : undefined;
  let at: string | undefined = root;
  for (const step of reference) {
    const inputs: Node['inputs'] = at === undefined ? undefined : nodes.get(at)?.inputs;
    const next: string | readonly string[] | undefined =
      inputs && Object.hasOwn(inputs, step) ? inputs[step] : undefined;
    at = next === undefined || depth > 20 ? undefined : resolve(nodes, root, next, depth + 1);
  }
  return at;
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
  if (!original || !locked) return ['it says nothing of where it comes from'];
  if (original.type === 'indirect') {
    // Nix asks a registry, whose word nobody has checked. One name stands for the same thing everywhere.
    if (original.id !== 'nixpkgs')
      return [`${original.id} is a name of a registry: write where it is`];
    return differences('locked', locked, { type: 'github', owner: 'NixOS', repo: 'nixpkgs' });
  }
  if (!known.has(String(original.type))) return [`fleet does not know the type ${original.type}`];
  const wanted = { ...original };
  // A branch or tag is locked as a revision of it.
  delete wanted.ref;
  const faults = differences('locked', locked, wanted);
  if (typeof locked.rev === 'string' && !/^[0-9a-f]{40}([0-9a-f]{24})?$/.test(locked.rev))
    faults.push('locked.rev is no revision');
  return faults;
}

function differences(where: string, seen: Attributes, wanted: Attributes): string[] {
  const fields = [...sourceFields, ...(where === 'original' ? ['ref', 'rev'] : [])];
  if (where === 'locked' && wanted.rev !== undefined) fields.push('rev');
  const faults = fields
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
  if (place(a) === place(b)) return true;
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

function url(text: unknown): URL | undefined {
  try {
    return new URL(String(text));
  } catch {
    return undefined;
  }
}

/** A flake reference as Nix has it in `original`. */
function declared({ url: text, flake }: Input): Attributes {
  const [, plain = text, query = ''] = /^([^?#]*)\??([^#]*)/.exec(text) ?? [];
  const asked = new URLSearchParams(query);
  const more = Object.fromEntries(
    ['dir', 'ref', 'rev', 'host'].flatMap((key) => (asked.has(key) ? [[key, asked.get(key)]] : [])),
  );
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*):(.*)$/i.exec(plain) ?? [];
  if (/^(github|gitlab|sourcehut)$/.test(scheme)) {
    const [owner, repo, ...ref] = rest.split('/').map(decode);
    const at = ref.join('/');
    const isRevision = /^[0-9a-f]{40}$/.test(at);
    return { type: scheme, owner, repo, ...(at && { [isRevision ? 'rev' : 'ref']: at }), ...more };
  }
  const { host: _, ...rest2 } = more;
  if (/^(git|hg)(\+|$)/.test(scheme)) {
    const [type = '', inner] = scheme.split('+');
    return { type, url: `${inner ?? scheme}:${rest}`, ...rest2 };
  }
  if (scheme === 'path' || (scheme === '' && /^[./]/.test(plain)))
    return { type: 'path', path: decode(scheme === 'path' ? rest : plain), ...dirOf(more) };
  if (/^((tarball|file)\+)?(https?|file)$/.test(scheme)) {
    const [first = '', inner] = scheme.split('+');
    const isTree = /\.(zip|tar|tgz|tar\.(gz|xz|bz2|zst))$/.test(plain) || flake;
    return {
      type: inner === undefined ? (isTree ? 'tarball' : 'file') : first,
      url: `${inner ?? scheme}:${rest}`,
      ...dirOf(more),
    };
  }
  const [id, ref, rev] = (scheme === 'flake' ? rest : plain).split('/');
  return { type: 'indirect', id, ...(ref && { ref }), ...(rev && { rev }) };
}

const dirOf = ({ dir }: Attributes): Attributes => (dir === undefined ? {} : { dir });

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
