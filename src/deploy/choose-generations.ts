import {
  baseOf,
  bridgeUnder,
  earlierGenerations,
  fitsUnder,
  type Generation,
  type Generations,
  type SystemWiring,
} from '../host/answers/generations.ts';
import { FleetError } from '../model/errors.ts';
import { type Expected, nicsOf, parseExpected } from '../model/expected.ts';
import type { Facts } from '../model/facts.ts';
import { systemName, targetName } from '../model/names.ts';

/** A generation to return to, and how the network reaches it. */
export interface Return extends Generation {
  readonly expected: Expected | undefined;
  /** Its address is not known, so it is not pinged. */
  readonly isSilent?: true;
}

/** What each target of one hypervisor returns to. */
export type Returns = ReadonlyMap<string, Return>;

/** The generation numbers asked for, by target; `kept`: the one that fleet's root keeps. */
export type Numbers = ReadonlyMap<string, number | 'kept'>;

interface Search {
  readonly hypervisor: string;
  readonly facts: Facts;
  readonly generations: Generations;
  readonly numbers: Numbers;
}

/**
 * Chooses generations that fit together: under the system that will run, the TAPs of all vms, named or not, have their
 * bridges.
 * @throws FleetError `rollback.no-generation`, or `rollback.network` with the command that works
 */
export function chooseGenerations(search: Search, wanted: readonly string[]): Returns {
  for (const target of wanted) requireSome(search, target);
  const found = choose(search, wanted);
  if (found) return found;
  throw unfit(search, wanted);
}

function requireSome(search: Search, target: string): void {
  if (candidates(search, target).length > 0) return;
  const number = search.numbers.get(target);
  const title = targetName(target, search.hypervisor);
  throw new FleetError(
    'rollback.no-generation',
    `${title} has no ${number === undefined ? 'previous generation' : `generation ${number}`}`,
    { hint: `To list what there is: fleet rollback --list ${title}` },
  );
}

function candidates({ generations, numbers }: Search, target: string): Generation[] {
  const number = numbers.get(target);
  if (number === undefined) return earlierGenerations(generations, target);
  const wanted = number === 'kept' ? undefined : number;
  return generations.all.filter((g) => g.name === target && g.number === wanted);
}

function choose(search: Search, wanted: readonly string[]): Returns | undefined {
  const vms = wanted.filter((name) => name !== systemName);
  if (!wanted.includes(systemName)) {
    const path = search.facts.currentSystem;
    return path === undefined ? undefined : under(search, baseOf(path), vms);
  }
  const systems = candidates(search, systemName);
  // A hypervisor named alone returns to its previous generation or not at all: nobody asked for more.
  for (const system of vms.length > 0 ? systems : systems.slice(0, 1)) {
    if (strandedBy(search, system, wanted).length > 0) continue;
    const found = under(search, baseOf(system.path), vms);
    if (found) return new Map([[systemName, { ...system, expected: undefined }], ...found]);
  }
  return undefined;
}

/** The youngest generation of each vm that fits a system; undefined when one has none. */
function under(search: Search, base: string, vms: readonly string[]): Returns | undefined {
  const system = search.generations.systems.get(base);
  const found = vms.map((name) =>
    candidates(search, name)
      .map((g) => reached(search, g, system))
      .find((g) => fitsUnder(system, nicsOf(g.expected))),
  );
  const all = found.flatMap((g) => g ?? []);
  return all.length === vms.length ? new Map(all.map((g) => [g.name, g])) : undefined;
}

/** How the network reaches a generation: as recorded, else as its own runner says. */
function reached(
  { facts, generations }: Search,
  generation: Generation,
  system: SystemWiring | undefined,
): Return {
  const base = baseOf(generation.path);
  const known = parseExpected(generations.expected.get(base));
  const runner = generations.runners.get(base);
  if (known || !runner) return { ...generation, expected: known };
  const today = facts.deployed.get(generation.name)?.expected;
  const own = runner.addresses.find((a) => a === today?.address) ?? runner.addresses[0];
  const address = own ?? today?.address ?? '';
  const [first, ...further] = runner.taps.map((tap) => ({
    tap,
    // A TAP in no bridge fits no system, so there is no return to this generation.
    bridge: bridgeUnder(system, tap) ?? 'no bridge',
    address,
  }));
  if (!first) return { ...generation, expected: undefined };
  const expected: Expected = {
    ...first,
    further,
    volumes: today?.volumes ?? [],
    ...(!runner.virtiofs && { virtiofs: false }),
  };
  return { ...generation, expected, ...(own === undefined && { isSilent: true }) };
}

/** Vms of the fleet that a system would cut off, or return to a runner that it declares itself. */
function strandedBy(search: Search, system: Generation, wanted: readonly string[]): string[] {
  const wiring = search.generations.systems.get(baseOf(system.path));
  return [...search.facts.deployed].flatMap(([name, { expected }]) => {
    if (name === systemName || wanted.includes(name) || !search.facts.vms.has(name)) return [];
    const isOurs = !wiring?.declares.includes(name);
    return isOurs && fitsUnder(wiring, nicsOf(expected)) ? [] : [name];
  });
}

/** Names the command that works, if there is one. */
function unfit(search: Search, wanted: readonly string[]): FleetError {
  const { hypervisor } = search;
  const [system] = candidates(search, systemName);
  const stranded = system && wanted.includes(systemName) ? strandedBy(search, system, wanted) : [];
  const vms = [...wanted.filter((name) => name !== systemName), ...stranded];
  const message =
    stranded.length > 0
      ? `${stranded.join(', ')} would be cut off: ${hypervisor} had another network for ${stranded.length > 1 ? 'them' : 'it'} at ${system?.number === undefined ? 'the generation that fleet kept' : `generation ${system.number}`}`
      : `${vms.join(', ')} used a network at that generation that ${wanted.includes(systemName) ? 'that system' : "the hypervisor's current system"} does not have`;
  const works = fleetwide(search, vms) ?? fleetwide({ ...search, numbers: new Map() }, vms);
  return new FleetError('rollback.network', message, {
    hint: works
      ? `Roll them back together: ${commandFor(search, works)}`
      : `No generations of ${[hypervisor, ...vms].join(', ')} fit together: fleet rollback --list lists them all. Nothing was changed.`,
  });
}

/** The youngest system that fits these vms and the ones that it would cut off. */
function fleetwide(search: Search, vms: readonly string[]): Returns | undefined {
  for (const system of candidates(search, systemName)) {
    const number = system.number ?? 'kept';
    const numbers = new Map([...search.numbers, [systemName, number] as const]);
    const along = strandedBy(search, system, vms);
    const found = choose({ ...search, numbers }, [systemName, ...vms, ...along]);
    if (found) return found;
  }
  return undefined;
}

/** With every number, so that the command does exactly what was checked here. */
function commandFor(search: Search, returns: Returns): string {
  const all = [...returns].map(
    ([target, { number }]) => [targetName(target, search.hypervisor), number ?? 'kept'] as const,
  );
  const to = all.map(([name, number]) => `--to ${name}=${number}`);
  return `fleet rollback ${[...all.map(([name]) => name), ...to].join(' ')}`;
}
