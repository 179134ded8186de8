import { isMap, isScalar, isSeq, parseDocument } from 'yaml';

/** Names that a fleet.yaml has, in its order. */
export interface NamesIn {
  readonly hypervisors: readonly string[];
  readonly vms: readonly string[];
  readonly networks: readonly string[];
  readonly inputs: readonly string[];
  readonly tags: readonly string[];
}

/** What may be offered to a shell: names that need no quotes there. Anything else is left out. */
const plain = /^[A-Za-z0-9][\w.-]{0,62}$/;

/** The names in a text that may be half-written: what of it is YAML counts. Throws nothing. */
export function namesIn(text: string): NamesIn {
  const root = parseDocument(text, { uniqueKeys: false, logLevel: 'silent' }).contents;
  const tags = new Set<string>();
  const keysOf = (section: string): string[] => {
    const map = fieldOf(root, section);
    if (!isMap(map)) return [];
    for (const { value } of map.items)
      for (const tag of textsOf(fieldOf(value, 'tags'))) tags.add(tag);
    return [...new Set(map.items.flatMap(({ key }) => textOf(key)))];
  };
  const names = {
    hypervisors: keysOf('hypervisors'),
    vms: keysOf('vms'),
    networks: keysOf('networks'),
    inputs: keysOf('inputs'),
  };
  keysOf('profiles');
  return { ...names, tags: [...tags] };
}

function fieldOf(node: unknown, name: string): unknown {
  if (!isMap(node)) return undefined;
  return node.items.find(({ key }) => isScalar(key) && key.value === name)?.value;
}

const textsOf = (node: unknown): string[] => (isSeq(node) ? node.items.flatMap(textOf) : []);

const textOf = (node: unknown): string[] =>
  isScalar(node) && typeof node.value === 'string' && plain.test(node.value) ? [node.value] : [];
