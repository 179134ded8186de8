import type { Alerts } from '../../model/alert.ts';
import type { Condition } from '../../model/condition.ts';
import { FleetError } from '../../model/errors.ts';
import type { Facts, Health } from '../../model/facts.ts';
import type { Hypervisor } from '../../model/fleet.ts';
import type { HostKey } from '../../model/host-key.ts';
import type { PastDeployment } from '../../model/past-deployment.ts';
import type { PastOperation } from '../../model/past-operation.ts';
import type { UnitStory } from '../../model/status.ts';
import type { Usage } from '../../model/usage.ts';
import { parseAlerts } from '../answers/alerts.ts';
import { type ClosureDiff, parseClosureDiff } from '../answers/closure-diff.ts';
import { parseDoctor } from '../answers/doctor.ts';
import { parseFacts } from '../answers/facts.ts';
import { type Generations, parseGenerations } from '../answers/generations.ts';
import { type GuestOutput, parseGuestFile } from '../answers/guest-file.ts';
import { type GuestRun, parseGuestRun } from '../answers/guest-run.ts';
import { parseHealth } from '../answers/health.ts';
import { parseHistory, parseOperations } from '../answers/history.ts';
import { parseHostKeys } from '../answers/host-keys.ts';
import { type HostParts, parseHostParts } from '../answers/incident.ts';
import { type Inspection, parseInspection } from '../answers/inspection.ts';
import { parseRemote } from '../answers/remote.ts';
import { parseRunners, type Runners } from '../answers/runners.ts';
import { parseStatus, parseStory, type Seen } from '../answers/status.ts';
import { parseTop } from '../answers/top.ts';
import type { Host } from '../host.ts';
import { ask } from './call.ts';

// Calls that change nothing on a hypervisor.

/** How much: only what an operation on vms needs, what is cheap, or all. */
export type Wanted = 'vms' | 'brief' | 'full';

/** Reads the facts. Addresses given are pinged from the hypervisor. @throws FleetError `facts.unreadable` */
export function readFacts(
  host: Host,
  hypervisor: Hypervisor,
  wanted: Wanted,
  addresses: readonly string[] = [],
): Promise<Facts> {
  return ask(host, 'facts', [hypervisor.checkout, wanted, ...addresses], parseFacts);
}

/** Reads the health of guests: the cheap part of the facts. Pings these addresses, too. @throws FleetError `health.unreadable` */
export function readHealth(host: Host, addresses: readonly string[] = []): Promise<Health> {
  return ask(host, 'health', addresses, parseHealth);
}

/** Reads the facts, and what a person on call asks besides, in one go. @throws FleetError as readFacts; `status.unreadable` */
export function readStatus(
  host: Host,
  hypervisor: Hypervisor,
  addresses: readonly string[],
): Promise<Seen> {
  return ask(host, 'status', [hypervisor.checkout, 'brief', ...addresses], parseStatus);
}

/** Units of which so many lines are wanted, together. */
export interface UnitGroup {
  readonly lines: number;
  readonly units: readonly string[];
}

/** What systemd did with units in the last day, and what they said themselves last. */
export function readStory(host: Host, groups: readonly UnitGroup[]): Promise<UnitStory> {
  const words = groups.flatMap(({ lines, units }) => [String(lines), ...units]);
  return ask(host, 'story', words, parseStory);
}

/** What its network, units and disks are like, as its own tools say it. */
export function readHostParts(host: Host): Promise<HostParts> {
  return ask(host, 'incident', [], parseHostParts);
}

/** What is reserved and used, as it was sampled last. @throws FleetError `top.no-samples`, `top.unreadable` */
export function readTop(host: Host): Promise<Usage> {
  return ask(host, 'top', [], (answer) => parseTop(answer, host.name));
}

/** How many deployments a hypervisor keeps. */
const remembered = 100;

/** Reads the last deployments, the oldest first. @throws FleetError `history.unreadable` */
export function readHistory(host: Host, last: number = remembered): Promise<PastDeployment[]> {
  return ask(host, 'history', [String(last)], parseHistory);
}

/** What a hypervisor remembers, the oldest first. */
export interface Past {
  readonly deployments: readonly PastDeployment[];
  /** What was done to single vms besides. */
  readonly operations: readonly PastOperation[];
}

/** All of it. @throws FleetError `history.unreadable` */
export function readPast(host: Host): Promise<Past> {
  return ask(host, 'history', [String(remembered)], (text) => ({
    deployments: parseHistory(text),
    operations: parseOperations(text),
  }));
}

/** Reads what it alerts about. @throws FleetError `alerts.unreadable` */
export function readAlerts(host: Host): Promise<Alerts> {
  return ask(host, 'alerts', [], parseAlerts);
}

/** Reads the generations that one can return to. @throws FleetError `generations.unreadable` */
export function readGenerations(host: Host): Promise<Generations> {
  return ask(host, 'generations', [], parseGenerations);
}

/** How two store paths differ in what they need. @throws FleetError `diff.collected`, `diff.failed`, `closure-diff.unreadable` */
export function readClosureDiff(host: Host, from: string, to: string): Promise<ClosureDiff> {
  return ask(host, 'closure-diff', [from, to], parseClosureDiff);
}

/** Reads what exists there, whoever made it. @throws FleetError `runners.unreadable` */
export function readRunners(host: Host): Promise<Runners> {
  return ask(host, 'runners', [], parseRunners);
}

/** Facts, and what else could keep it from being deployed to. @throws FleetError `facts.unreadable`, `doctor.unreadable` */
export function examine(
  host: Host,
  hypervisor: Hypervisor,
): Promise<{ facts: Facts; condition: Condition }> {
  return ask(host, 'doctor', [hypervisor.checkout, 'brief'], parseDoctor);
}

/**
 * The commit of a branch at the remote, as root there sees it; undefined: there is no such branch.
 * @throws FleetError `remote.refused`, `remote.silent`
 */
export function readRemote(
  host: Host,
  { checkout }: Hypervisor,
  url: string,
  branch: string,
): Promise<string | undefined> {
  return ask(host, 'remote', [checkout, url, `refs/heads/${branch}`], parseRemote);
}

/** Reads what `fleet init` has to know about a host. */
export function inspect(host: Host): Promise<Inspection> {
  return ask(host, 'inspect', [], parseInspection);
}

/** The ssh host keys that it gave to guests, by their names. @throws FleetError `host-keys.unreadable` */
export function readHostKeys(
  host: Host,
  guests: readonly string[],
): Promise<ReadonlyMap<string, readonly HostKey[]>> {
  return ask(host, 'host-keys', guests, parseHostKeys);
}

/** A command inside a guest, over ssh from its hypervisor. */
export interface GuestCommand {
  readonly vm: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Its time limit. */
  readonly seconds: number;
  readonly command: string;
}

/** Runs a command inside a guest. */
export function runInGuest(host: Host, wanted: GuestCommand): Promise<GuestRun> {
  const { vm, address, port, user, seconds, command } = wanted;
  const args = [vm, address, String(port), user, String(seconds), command];
  return ask(host, 'guest-run', args, parseGuestRun);
}

/**
 * What a command inside a guest prints, no more than `bytes` of it. It may be a secret: no error has any of it.
 * @throws FleetError `guest.no-keys`, `guest.unreadable`
 */
export async function readFromGuest(
  host: Host,
  wanted: GuestCommand,
  bytes: number,
): Promise<GuestOutput> {
  const { vm, address, port, user, seconds, command } = wanted;
  const args = [vm, address, String(port), user, String(seconds), String(bytes), command];
  try {
    return await ask(host, 'guest-file', args, parseGuestFile);
  } catch (error) {
    // Its details are what the script printed.
    throw error instanceof FleetError ? error.retold({ detail: undefined }) : error;
  }
}
