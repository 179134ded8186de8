import { isDeepStrictEqual } from 'node:util';
import { isMap, isNode, isScalar, isSeq, type Node, parseDocument, stringify } from 'yaml';
import { FleetError } from '../../model/errors.ts';

type Fields = Readonly<Record<string, unknown>>;

const lists = ['clusters', 'users', 'contexts'] as const;
type List = (typeof lists)[number];

/** What of a guest's kubeconfig is taken over; the rest of it is left out. */
const taken = {
  cluster: [
    'server',
    'certificate-authority-data',
    'tls-server-name',
    'insecure-skip-tls-verify',
    'disable-compression',
    'proxy-url',
  ],
  user: ['client-certificate-data', 'client-key-data', 'token', 'username', 'password'],
} as const;

/** Programs and files of whoever uses it: a guest is not to choose these. */
const refused = {
  cluster: ['certificate-authority'],
  user: ['exec', 'auth-provider', 'tokenFile', 'client-certificate', 'client-key'],
} as const;

/** In the entries that fleet wrote, and thus may replace: kubectl keeps extensions as they are. */
const markName = 'microvm-fleet';

/** A guest's that is larger is none; nobody waits for a parser then. */
const mostOfGuest = 256 * 2 ** 10;

/**
 * Puts what was taken of a guest's kubeconfig into another one. What is not ours stays byte for byte, except where it is
 * not written in block style: there comments and order stay.
 * @param existing absent: there is none yet
 * @throws FleetError `export.kubeconfig-here`, `export.taken`. None has anything of either text.
 */
export function addToKubeconfig(existing: string | undefined, entries: Entries): string {
  const fresh = existing === undefined || existing.trim() === '';
  let text = fresh ? 'apiVersion: v1\nkind: Config\n' : existing;
  for (const list of lists) text = put(text, list, entries[list]);
  if (!read(text, unreadableHere)['current-context'])
    text = setCurrent(text, entries.contexts.name);
  return text;
}

export type Entries = Readonly<Record<List, Fields & { readonly name: string }>>;

/**
 * The current context of a guest's kubeconfig, with its cluster and user.
 * @param name of the three from then on
 * @throws FleetError `export.kubeconfig`, which has nothing of the text
 */
export function takeKubeconfig(given: string, name: string): Entries {
  const refuse = (why: string) =>
    new FleetError('export.kubeconfig', `the file of the guest is no kubeconfig: ${why}`);
  if (given.length > mostOfGuest) throw refuse('it has more than 256 KiB');
  const config = read(given, refuse, ofGuest);
  const contexts = items(config.contexts);
  const current = config['current-context'];
  const context = contexts.find((one) => one.name === current) ?? contexts[0];
  const of = fields(context?.context);
  const cluster = items(config.clusters).find((one) => one.name === of.cluster);
  const user = items(config.users).find((one) => one.name === of.user);
  if (!context || !cluster || !user)
    throw new FleetError(
      'export.kubeconfig',
      'the file of the guest is no kubeconfig: it has no context with a cluster and a user',
    );
  const extensions = [{ name: markName, extension: { from: name } }];
  return {
    clusters: { name, cluster: { ...take('cluster', fields(cluster.cluster)), extensions } },
    users: { name, user: { ...take('user', fields(user.user)), extensions } },
    contexts: {
      name,
      context: {
        cluster: name,
        user: name,
        ...(typeof of.namespace === 'string' && { namespace: of.namespace }),
        extensions,
      },
    },
  };
}

function take(what: 'cluster' | 'user', from: Fields): Fields {
  const bad = refused[what].filter((field) => from[field] !== undefined);
  if (bad.length > 0)
    throw new FleetError(
      'export.kubeconfig',
      `the kubeconfig of the guest names a program or file of this computer: ${bad.join(', ')} of its ${what}`,
      { hint: 'Have the guest write keys and tokens into the file itself, as kubeadm and k3s do.' },
    );
  const plain = (value: unknown) => typeof value === 'string' || typeof value === 'boolean';
  return Object.fromEntries(
    taken[what].filter((field) => plain(from[field])).map((field) => [field, from[field]]),
  );
}

/** An entry into its list: in the place of ours of that name, or behind the others. */
function put(text: string, list: List, entry: Entries[List]): string {
  const before = read(text, unreadableHere);
  const all = items(before[list]);
  const at = all.findIndex(({ name }) => name === entry.name);
  const inner = list.slice(0, -1);
  const known = fields(all[at]?.[inner]);
  if (at >= 0 && !items(known.extensions).some(({ name }) => name === markName))
    throw new FleetError(
      'export.taken',
      `there is a ${inner} named ${entry.name} that fleet did not write`,
      { hint: 'Choose another name in fleet.yaml (context: NAME), or remove that one.' },
    );
  // The namespace is the user's to choose.
  const namespace = list === 'contexts' && known.namespace ? { namespace: known.namespace } : {};
  const wanted = { ...entry, [inner]: { ...fields(entry[inner]), ...namespace } };
  if (isDeepStrictEqual(all[at], wanted)) return text;
  const position = at < 0 ? all.length : at;
  const after = {
    ...before,
    [list]: [...all.slice(0, position), wanted, ...all.slice(position + 1)],
  };
  return proven(after, [
    () => asJson(text, after),
    () => spliced(text, list, position, wanted),
    () =>
      at < 0 && position === 0
        ? rewritten(text, [list], [wanted])
        : rewritten(text, [list, position], wanted),
  ]);
}

/** The context that kubectl uses where it is told none: only where there is none yet. */
function setCurrent(text: string, name: string): string {
  const after = { ...read(text, unreadableHere), 'current-context': name };
  const line = `current-context: ${JSON.stringify(name)}\n`;
  return proven(after, [
    () => asJson(text, after),
    () => `${ended(text)}${line}`,
    () => rewritten(text, ['current-context'], name),
  ]);
}

/** The first text that says what it is to say, and nothing else than that. */
function proven(wanted: Fields, ways: readonly (() => string | undefined)[]): string {
  for (const way of ways) {
    const text = tried(way);
    if (text === undefined) continue;
    const said = parse(text);
    if (said && isDeepStrictEqual(said, wanted)) return text;
  }
  throw unreadableHere('it is written in a way that fleet cannot add to');
}

/** A way may not be open for what is there. */
function tried<T>(way: () => T): T | undefined {
  try {
    return way();
  } catch {
    return undefined;
  }
}

/** What is JSON stays it. */
function asJson(text: string, data: Fields): string | undefined {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  return `${JSON.stringify(data, null, 2)}\n`;
}

/** Only the entry is written: for lists in block style, for empty ones, and those that are not there. */
function spliced(text: string, list: List, position: number, entry: Fields): string | undefined {
  const { contents } = parseDocument(text, quiet);
  if (!isMap(contents) || contents.flow) return undefined;
  const block = (column: number) => {
    const [first = '', ...more] = stringify(entry, { lineWidth: 0 }).trimEnd().split('\n');
    const pad = ' '.repeat(column);
    return `- ${[first, ...more.map((line) => `${pad}  ${line}`)].join('\n')}`;
  };
  const pair = contents.items.find((one) => isScalar(one.key) && one.key.value === list);
  if (!pair) return `${ended(text)}${list}:\n${block(0)}\n`;
  const { value } = pair;
  if (isSeq(value) && !value.flow && value.items.length > 0) {
    const [start = 0] = value.range ?? [];
    const column = start - (text.lastIndexOf('\n', start - 1) + 1);
    const rangeOf = (n: number) => (value.items[n] as Node | undefined)?.range;
    const item = rangeOf(position);
    if (item) {
      const dash = text.lastIndexOf('-', item[0] - 1);
      return `${text.slice(0, dash)}${block(column)}\n${text.slice(item[1])}`;
    }
    const [, end = text.length] = rangeOf(value.items.length - 1) ?? [];
    return `${ended(text.slice(0, end))}${' '.repeat(column)}${block(column)}\n${text.slice(end)}`;
  }
  if (!isNode(value) || !value.range || position > 0) return undefined;
  const [start, end] = value.range;
  const rest = /^[^\n]*\n?/.exec(text.slice(end))?.[0] ?? '';
  return `${ended(text.slice(0, start).trimEnd() + rest)}${block(0)}\n${text.slice(end + rest.length)}`;
}

/** The whole text is written anew, in its order and with its comments. */
function rewritten(text: string, path: readonly (string | number)[], value: unknown): string {
  const document = parseDocument(text, quiet);
  document.setIn(path, document.createNode(value));
  return document.toString({ lineWidth: 0 });
}

const ended = (text: string): string => (text === '' || text.endsWith('\n') ? text : `${text}\n`);

const quiet = { logLevel: 'error', prettyErrors: false } as const;
const ofUser = { uniqueKeys: true, maxAliasCount: 100 };
/** Keys that are there twice, and references, are looked for in a square of time: of two the last counts, and none. */
const ofGuest: typeof ofUser = { uniqueKeys: false, maxAliasCount: 0 };

const unreadableHere = (why: string): FleetError =>
  new FleetError('export.kubeconfig-here', `it is no kubeconfig that can be added to: ${why}`, {
    hint: 'Nothing was changed. Mend it, or write the export elsewhere (to: PATH).',
  });

/** @throws what `refuse` makes of the reason, which has nothing of the text */
function read(text: string, refuse: (why: string) => FleetError, options = ofUser): Fields {
  const { config, errorAt } = parsed(text, options);
  if (errorAt !== undefined)
    throw refuse(`line ${text.slice(0, errorAt).split('\n').length} is not YAML`);
  if (!config) throw refuse('it is not a map of fields');
  if (config.kind !== 'Config') throw refuse('its kind is not Config');
  for (const list of lists)
    if (!isNothing(config[list]) && !isEntries(config[list])) throw refuse(`${list} is not a list`);
  return config;
}

const parse = (text: string): Fields | undefined => parsed(text, ofUser).config;

function parsed(
  text: string,
  { uniqueKeys, maxAliasCount }: typeof ofUser,
): { readonly config?: Fields; readonly errorAt?: number } {
  try {
    const document = parseDocument(text, { ...quiet, uniqueKeys });
    const [error] = document.errors;
    if (error) return { errorAt: error.pos[0] };
    const data: unknown = document.toJS({ maxAliasCount });
    return isFields(data) ? { config: data } : {};
  } catch {
    return {};
  }
}

const isNothing = (value: unknown): boolean => value === undefined || value === null;
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isEntries = (value: unknown): value is Fields[] =>
  Array.isArray(value) && value.every(isFields);
const fields = (value: unknown): Fields => (isFields(value) ? value : {});
const items = (value: unknown): readonly Fields[] => (isEntries(value) ? value : []);
