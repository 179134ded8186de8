import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exitCodes, FleetError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import type { Fleet } from '../model/fleet.ts';
import { plainLine } from '../model/plain-text.ts';
import { selectNamed } from '../plan/selectors.ts';
import type { LocalPorts } from './ports.ts';
import { knownConfig } from './workspace/known-config.ts';
import { locateConfig } from './workspace/read-config.ts';
import type { Where } from './workspace/where.ts';

/** What a hypervisor knows of itself, without fleet. */
export interface Machine {
  /** `/`, or the folder of a pretend hypervisor. */
  readonly root: string;
  readonly hostname: string;
}

/** What was asked for on it. */
export interface AskedHere {
  readonly where: Where;
  /** Its name in fleet.yaml; default: what its own files or its host name say. */
  readonly name?: string;
  /** Names and selectors of the command. */
  readonly selected: readonly string[];
}

/** The rendered file in which a hypervisor reads who it is. */
const policyFile = '/etc/fleet/watch.json';
const usualCheckout = '/var/lib/fleet/repo';

/**
 * The hypervisor that fleet runs on: where its fleet.yaml is, and what it is called there. Without a fleet.yaml here
 * its own checkout is read: what was deployed last.
 * @throws FleetError `local.*`; as `knownConfig`
 */
export async function findHere(
  ports: LocalPorts,
  machine: Machine,
  { where, name, selected }: AskedHere,
  emit: Emit,
): Promise<Where> {
  const own = policy(machine.root);
  const place = inFolder(ports, machine.root, where, own.checkout);
  // Said once, by the command itself.
  const { fleet } = (await knownConfig(ports, place, place === where ? () => {} : emit)).index;
  const only = nameHere(fleet, own, machine, name);
  for (const word of selected) refuseElsewhere(fleet, only, word);
  return { ...place, only };
}

function inFolder(ports: LocalPorts, root: string, where: Where, checkout = usualCheckout): Where {
  // A folder that was named is meant.
  if (where.directory !== '.') return where;
  const found = locateConfig(ports, where);
  if (existsSync(join(found.directory, found.config))) return where;
  const directory = join(root, checkout);
  if (existsSync(directory)) return { ...where, directory };
  throw new FleetError(
    'local.no-checkout',
    `there is no ${where.config} here, and no checkout at ${checkout} on this machine`,
    {
      exitCode: exitCodes.usage,
      hint: 'Nothing was deployed here yet, or its `checkout:` is elsewhere: -C DIR names the folder with fleet.yaml.',
    },
  );
}

interface Own {
  readonly fleet?: string;
  readonly hypervisor?: string;
  readonly checkout?: string;
}

function policy(root: string): Own {
  let read: unknown;
  try {
    read = JSON.parse(readFileSync(join(root, policyFile), 'utf8'));
  } catch {
    // From before a fleet that renders it.
    return {};
  }
  const text = (key: string) => {
    const value = (read as Record<string, unknown> | null)?.[key];
    return typeof value === 'string' ? { [key]: plainLine(value) } : {};
  };
  return { ...text('fleet'), ...text('hypervisor'), ...text('checkout') };
}

function nameHere(fleet: Fleet, own: Own, { hostname }: Machine, given?: string): string {
  const all = fleet.hypervisors.map((h) => h.name);
  const refuse = (code: string, message: string, hint: string) =>
    new FleetError(code, message, { exitCode: exitCodes.usage, hint });
  if (own.fleet !== undefined && own.fleet !== fleet.name)
    throw refuse(
      'local.other-fleet',
      `this machine is ${own.hypervisor} of the fleet ${own.fleet}, and fleet.yaml is of ${fleet.name} (${policyFile})`,
      'Run it outside of that folder, or name the right one: -C DIR.',
    );
  if (given !== undefined && own.hypervisor !== undefined && given !== own.hypervisor)
    throw refuse(
      'local.other-name',
      `--local-as ${given}: this machine is ${own.hypervisor} (${policyFile})`,
      'Leave it out. Of another hypervisor only that one can say how it is.',
    );
  const name = given ?? own.hypervisor ?? hostname.split('.')[0] ?? hostname;
  if (all.includes(name)) return name;
  throw refuse(
    'local.unknown',
    `${given === undefined ? 'this machine is called' : '--local-as'} ${name}, and fleet.yaml has no such hypervisor`,
    `It has ${all.join(', ')}. --local-as NAME says which of them this machine is.`,
  );
}

/** What selects nothing at all is refused by the command, in its own words. */
function refuseElsewhere(fleet: Fleet, only: string, word: string): void {
  for (const part of word.split(',')) {
    let on: ReadonlySet<string>;
    try {
      on = selectNamed(fleet, [part]).hypervisors;
    } catch {
      continue;
    }
    if (on.has(only)) continue;
    const isItself = on.has(part.trim());
    throw new FleetError(
      'local.elsewhere',
      `${part.trim()} is ${isItself ? 'another hypervisor' : `on ${[...on].join(', ')}`}, and --local is about ${only} alone`,
      { exitCode: exitCodes.usage, hint: 'Run it there, or from a desk without --local.' },
    );
  }
}
