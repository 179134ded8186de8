import { quotePart } from '../model/config.ts';
import type { Facts } from '../model/facts.ts';
import type { Data, Hypervisor } from '../model/fleet.ts';
import { isExporting, isGivenKey, isLookedInto } from '../model/guest-keys.ts';
import type { FleetIndex } from '../model/index.ts';
import { systemName } from '../model/names.ts';
import { plainLine } from '../model/plain-text.ts';
import { redact } from '../model/redact.ts';
import { confidential } from '../model/secrets.ts';
import { type Fields, hypervisorFields, keyed, networkFields, vmFields } from './fields.ts';
import type { Action, FieldChange, Restarts } from './plan.ts';

/**
 * Adds to actions what has changed in fleet.yaml since it was deployed, and whether guests restart.
 * @param before commit → its fleet.yaml; for a commit that is missing no changes are shown
 */
export function withChanges(
  actions: readonly Action[],
  hypervisor: string,
  index: FleetIndex,
  facts: Facts,
  before: ReadonlyMap<string, FleetIndex>,
  fingerprints: ReadonlyMap<string, string> | undefined,
): Action[] {
  const thenOf = (name: string) => before.get(facts.deployed.get(name)?.commit ?? '');
  const desk = before.get(facts.checkout?.commit ?? '');
  const thensOf = (name: string): Thens => ({
    own: thenOf(name),
    system: thenOf(systemName),
    desk,
  });
  const updated = new Set(actions.flatMap((a) => (a.kind === 'update' ? [a.target] : [])));
  const system =
    actions.find((a) => a.kind === 'switch') ?? actions.find((a) => a.kind === 'checkout');
  return actions.map((action): Action => {
    if (action.kind === 'restart') return { ...action, restarts: 'certainly' };
    if (action.kind === 'update') {
      const changes = vmChanges(action.target, thensOf(action.target), index);
      const restarts = restartsOf(action, changes, facts, fingerprints);
      return { ...action, ...(changes.length > 0 && { changes }), restarts };
    }
    if (action !== system) return action;
    const changes = hypervisorChanges(hypervisor, thensOf(systemName), index, updated);
    return changes.length > 0 ? { ...action, changes } : action;
  });
}

/** fleet.yaml as it was where something is deployed; undefined: unknown. */
interface Thens {
  /** Of what is built: the runner of a vm, or the hypervisor's system. */
  readonly own: FleetIndex | undefined;
  /** Of the hypervisor's system. */
  readonly system?: FleetIndex | undefined;
  /** Of the checkout, which every deployment moves: what is in no system is deployed with it. */
  readonly desk?: FleetIndex | undefined;
}

/**
 * How a vm, or a hypervisor without its vms, was written in one fleet.yaml and is in another. Nothing where one of
 * the two has it not.
 */
export function fieldsBetween(name: string, then: FleetIndex, now: FleetIndex): FieldChange[] {
  if (now.vms.has(name)) return vmChanges(name, { own: then }, now);
  const guests = new Set(now.vmsOn(name).map((vm) => vm.name));
  return hypervisorChanges(name, { own: then }, now, guests);
}

/** It restarts if a field changes that is part of its runner; not if nothing changes that its evaluation can see. */
function restartsOf(
  action: Action,
  changes: readonly FieldChange[],
  facts: Facts,
  fingerprints: ReadonlyMap<string, string> | undefined,
): Restarts {
  const seen = facts.vms.get(action.target);
  const deployed = facts.deployed.get(action.target);
  if (seen?.unit.active !== 'active' || action.waits) return 'no';
  if (action.restart || action.network) return 'certainly';
  // It does not run on what was deployed, with which the fields were compared.
  if (seen.booted !== deployed?.path) return 'perhaps';
  return restartsBy(
    changes,
    deployed !== undefined && fingerprints?.get(action.target) === deployed.fingerprint,
  );
}

/** Of a guest that runs what it was built as. @param isSame nothing changes that its evaluation can see */
export function restartsBy(changes: readonly FieldChange[], isSame: boolean): Restarts {
  if (isSame) return 'no';
  return changes.some((c) => c.restarts === 'certainly') ? 'certainly' : 'perhaps';
}

/** Fields of a vm that are in its hypervisor's system, and in no guest's. */
const ofSystem = ['autostart', 'dependsOn', 'publish'];
/** Fields of a vm, and of a hypervisor, that are in no system: only fleet reads them. */
const ofDesk = {
  vm: ['checks', 'exports', 'state', 'tags'],
  hypervisor: ['capacity', 'checkout', 'ssh', 'tags'],
};
const outside = new Set([...ofSystem, ...ofDesk.vm]);

function vmChanges(name: string, { own, system, desk }: Thens, now: FleetIndex): FieldChange[] {
  const fieldsOf = (index: FleetIndex | undefined) => {
    const found = index?.vms.get(name);
    return index && found && vmFields(found, index);
  };
  const [old, vm] = [own?.vms.get(name), now.vms.get(name)];
  if ([own, system ?? own, desk ?? own].every((index) => index === now)) return [];
  const [then, fields] = [fieldsOf(own), fieldsOf(now)];
  if (!old || !vm || !then || !fields || old.on !== vm.on) return [];
  // The first `run` check adds a user and a key to the guest; the first export lets root in.
  const isOther = {
    checks: isLookedInto(old) !== isLookedInto(vm),
    exports: isExporting(old) !== isExporting(vm),
    sshHostKey: isGivenKey(old) !== isGivenKey(vm),
  };
  const others = Object.entries(isOther).flatMap(([field, is]) => (is ? [field] : []));
  const alike = [...ofDesk.vm, 'sshHostKey'].filter((field) => !others.includes(field));
  const deployed = {
    ...then,
    ...only(ofSystem, fieldsOf(system)),
    ...only(alike, fieldsOf(desk)),
  };
  return differences(deployed, fields, (field, value) => {
    if (field === 'checks' && isOther.checks && value.startsWith('run ')) return 'certainly';
    if (field === 'exports' && isOther.exports) return 'certainly';
    if (outside.has(field)) return 'no';
    // The checks bring the key, too.
    if (field === 'sshHostKey' && !isOther.sshHostKey) return 'no';
    // The content of these files is unknown here.
    return field === 'modules' ? 'perhaps' : 'certainly';
  });
}

const only = (names: readonly string[], fields: Fields = {}): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => names.includes(name)));

/** Changes of its own fields, of its networks, and of guests' fields that are only in the hypervisor's system. */
function hypervisorChanges(
  name: string,
  thens: Thens,
  now: FleetIndex,
  updated: ReadonlySet<string>,
): FieldChange[] {
  const { own: then, desk = then } = thens;
  const [old, hypervisor] = [then?.hypervisors.get(name), now.hypervisors.get(name)];
  if (!then || !old || !hypervisor || (then === now && desk === now)) return [];
  const known = desk?.hypervisors.get(name);
  const fields = (of: Hypervisor, index: FleetIndex) => ({
    ...hypervisorFields(of),
    networks: keyed(index.networksOn(name), 'name', networkFields),
  });
  const deployed = {
    ...fields(old, then),
    ...only(ofDesk.hypervisor, known && hypervisorFields(known)),
  };
  const own = differences(deployed, fields(hypervisor, now), () => 'no');
  const guests = now.vmsOn(name).flatMap((vm) => {
    if (updated.has(vm.name)) return [];
    return vmChanges(vm.name, thens, now)
      .filter((change) => change.restarts === 'no')
      .map((change) => ({ ...change, field: `vms.${vm.name}.${change.field}` }));
  });
  return [...own, ...guests];
}

/** @param judge whether a change of this field, to or from this value, restarts a guest */
function differences(
  then: Fields,
  now: Fields,
  judge: (field: string, value: string) => Restarts,
): FieldChange[] {
  const found: FieldChange[] = [];
  const say = (path: readonly string[], from: unknown, to: unknown) => {
    const [top = ''] = path;
    const written = (value: unknown) => (value === undefined ? undefined : textOf(path, value));
    const [old, own] = [written(from), written(to)];
    found.push({
      field: plainLine(path.map((part, i) => (i === 0 ? part : quotePart(part))).join('.'), 120),
      ...(old !== undefined && { from: old }),
      ...(own !== undefined && { to: own }),
      restarts: judge(top, String(to ?? from)),
    });
  };
  const walk = (path: readonly string[], from: unknown, to: unknown): void => {
    if (isList(from) && isList(to) && path[0] !== 'config') {
      const [old, own] = [from.map(asText), to.map(asText)];
      for (const item of old) if (!own.includes(item)) say(path, item, undefined);
      for (const item of own) if (!old.includes(item)) say(path, undefined, item);
    } else if (isFields(from) && isFields(to)) {
      for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
        const [old, own] = [ownOf(from, key), ownOf(to, key)];
        // Of a thing that comes or goes only the name is shown; of options in `config` each one.
        const isEntry = path.length === 1 && path[0] !== 'config' && isFields(own ?? old);
        if (isEntry && old === undefined) say(path, undefined, key);
        else if (isEntry && own === undefined) say(path, key, undefined);
        else if (path[0] === 'config' && isFields(own ?? old))
          walk([...path, key], old ?? {}, own ?? {});
        else walk([...path, key], old, own);
      }
    } else if (asText(from) !== asText(to)) say(path, from, to);
  };
  walk([], then, now);
  return found;
}

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !isList(value);
const ownOf = (fields: Fields, key: string): unknown =>
  Object.hasOwn(fields, key) ? fields[key] : undefined;
const asText = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value as Data) ?? '');

function textOf(path: readonly string[], value: unknown): string {
  const text = asText(value);
  const isFree = path[0] === 'config' || path[0] === 'checks';
  if (isFree && [...path.slice(1), text].some((part) => confidential.test(part))) return '…';
  return plainLine(redact(text), 60);
}
