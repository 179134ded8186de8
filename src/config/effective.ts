import type { Diagnostic } from '../model/diagnostic.ts';
import type { Data, Fleet } from '../model/fleet.ts';
import { type Defaults, defaults } from './defaults.generated.ts';
import type { Path } from './finding.ts';
import { type Draft, normalise } from './normalise.ts';
import { readShape } from './shape.ts';
import {
  flatten,
  merge,
  type Origin,
  type Traced,
  type TracedMap,
  trace,
  traceConfig,
} from './traced.ts';
import { type Fields, isFields } from './tree.ts';
import { readYaml } from './yaml.ts';

export type Kind = 'vm' | 'hypervisor' | 'network';

/** A vm, hypervisor or network with all of its fields, and where each of them comes from. */
export interface Effective {
  readonly kind: Kind;
  readonly name: string;
  readonly fields: TracedMap['fields'];
  /** The line in fleet.yaml of an origin. */
  readonly lineOf: (origin: Origin) => number;
  /** The same, as a diagnostic has it. */
  readonly placeOf: (path: Path) => Pick<Diagnostic, 'line' | 'column' | 'length'>;
}

type Tree = Map<string, Traced>;

const maps = { vm: 'vms', hypervisor: 'hypervisors', network: 'networks' } as const;

/**
 * The effective configuration of everything with this name, vms first: `vm1`, or `networks.vm1` for that one only.
 * @param text the fleet.yaml that `fleet` was read from
 */
export function effective(text: string, fleet: Fleet, name: string): Effective[] {
  const source = readYaml(text.replace(/^\ufeff/, ''));
  if (!isFields(source.data)) return [];
  const draft = normalise(readShape(source.data));
  const locator = source.locator();
  const lineOf = ({ path }: Origin) => locator.line(path);
  const placeOf = (path: Path) => locator.place(path);
  const dot = name.indexOf('.');
  const only = name.slice(dot + 1);
  return (Object.keys(maps) as Kind[]).flatMap((kind) => {
    if (dot >= 0 && name.slice(0, dot) !== maps[kind]) return [];
    const tree = written(kind, only, draft);
    if (!tree) return [];
    if (kind === 'vm') ofVm(tree, only, draft, fleet);
    if (kind === 'network') ofNetwork(tree, only, fleet);
    const fields = fillFields(tree, defaults[kind].fields ?? {});
    return [{ kind, name: only, fields, lineOf, placeOf }];
  });
}

/** What fleet.yaml says about it, with all layers merged. */
function written(kind: Kind, name: string, draft: Draft): Tree | undefined {
  const thing = draft[maps[kind]].get(name);
  if (!thing) return undefined;
  const own = { path: thing.path, settings: thing.yaml as object };
  const layers = 'layers' in thing ? thing.layers : [own];
  const tree: Tree = new Map();
  for (const { path, settings } of layers) {
    const from = { layer: labelOf(path, kind), path };
    for (const [field, value] of Object.entries(settings as Fields)) {
      const at = { ...from, path: [...path, field] };
      const traced = field === 'config' ? traceConfig(value, at) : trace(value, at);
      const known = tree.get(field);
      // In `config` a list may contain an item twice.
      tree.set(field, known ? merge(known, traced, field !== 'config') : traced);
    }
  }
  return tree;
}

function labelOf([top, name]: Path, kind: Kind): string {
  if (top === 'defaults') return 'defaults';
  return top === 'profiles' ? `profile ${name}` : kind;
}

const missing = (value: Data): Traced => trace(value, undefined);

/** Fields with a default that differs between vms. */
function ofVm(tree: Tree, name: string, draft: Draft, fleet: Fleet): void {
  const vm = fleet.vms.find((other) => other.name === name);
  const machine = vm && draft.hypervisors.get(vm.on);
  if (!vm || !machine) return;
  const state = tree.get('state');
  if (vm.state === 'stopped' && state) {
    tree.set('autostart', trace('never', state.from));
  } else if (!tree.has('autostart')) {
    const path = [...machine.path, 'autostart'];
    const said = machine.yaml.autostart !== undefined;
    const from = said ? { layer: `hypervisor ${vm.on}`, path } : undefined;
    tree.set('autostart', trace(vm.autostart, from));
  }
  const nic = vm.nics[0];
  if (tree.has('network') && !tree.has('address') && nic) tree.set('address', missing(nic.address));
  addToItems(tree, 'networks', 'address', vm.nics);
  addToItems(tree, 'volumes', 'image', vm.volumes);
}

/** Adds to the items of a list the defaults that need not be written; the fleet has the items in the same order. */
function addToItems<Of extends string>(
  tree: Tree,
  list: string,
  field: Of,
  known: readonly { readonly [field in Of]: string }[],
): void {
  const written = tree.get(list);
  if (written?.kind !== 'list') return;
  const items = written.items.map((item, i) => add(item, field, known[i]?.[field]));
  tree.set(list, { ...written, items });
}

function ofNetwork(tree: Tree, name: string, fleet: Fleet): void {
  const network = fleet.networks.find((other) => other.name === name);
  if (network && !tree.has('bridge')) tree.set('bridge', missing(network.bridge));
}

function add(map: Traced, field: string, value: Data | undefined): Traced {
  if (map.kind !== 'map' || map.fields.has(field) || value === undefined) return map;
  return { ...map, fields: new Map([...map.fields, [field, missing(value)]]) };
}

/** Fields in the order of the schema, with its defaults for missing ones. */
function fillFields(tree: Tree | TracedMap['fields'], known: Defaults['fields']): Tree {
  const filled: Tree = new Map();
  for (const [field, its] of Object.entries(known ?? {})) {
    const value = tree.get(field);
    const shown = field === 'config' && value?.kind === 'map' ? flatten(value) : fill(value, its);
    if (shown) filled.set(field, shown);
  }
  for (const [field, value] of tree) if (!filled.has(field)) filled.set(field, value);
  return filled;
}

function fill(traced: Traced | undefined, its: Defaults): Traced | undefined {
  const value = traced ?? (its.value === undefined ? undefined : missing(its.value));
  if (value?.kind === 'list' && its.items) {
    const { items } = its;
    return { ...value, items: value.items.map((item) => fill(item, items)!) };
  }
  if (value?.kind !== 'map') return value;
  const fields = its.fields ? fillFields(value.fields, its.fields) : new Map(value.fields);
  const inner = its.values;
  if (inner) for (const [key, item] of fields) fields.set(key, fill(item, inner)!);
  return { ...value, fields };
}
