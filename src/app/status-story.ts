import { type Answer, askEach } from '../deploy/connect-all.ts';
import { type Past, readPast, readStory, type UnitGroup } from '../host/hypervisor/look.ts';
import { FleetError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import { expectedOf, nicsOf } from '../model/expected.ts';
import type { Vm } from '../model/fleet.ts';
import { guestUnits } from '../model/guest-units.ts';
import type { FleetIndex } from '../model/index.ts';
import type { PastDeployment } from '../model/past-deployment.ts';
import type { Story, UnitStory } from '../model/status.ts';
import { reachedBy } from '../plan/drift.ts';
import type { Look } from '../plan/finding.ts';
import { happenedTo } from '../plan/happened.ts';
import { looking } from './looking.ts';
import type { LocalPorts, Ports } from './ports.ts';
import { look, rowsOf, withHead, withSubjects } from './status.ts';
import { knownConfig } from './workspace/known-config.ts';
import type { Config } from './workspace/read-config.ts';
import type { Where } from './workspace/where.ts';

/** Deployments that are told, and operations. */
const told = 5;

const helpers = Object.keys(guestUnits).filter((unit) => unit !== 'microvm');
/** Those of a hypervisor that its guests need, and that fleet's work is done by. */
const ofHypervisors = 'systemd-networkd nftables dnsmasq fleet-autostart fleet-recover'.split(' ');
/** The units that tell of a vm (its helpers, and its own, which has its console), or of a hypervisor. */
export const unitsOf = (vm: string | undefined): UnitGroup[] =>
  vm === undefined
    ? [{ lines: 15, units: ofHypervisors.map((unit) => `${unit}.service`) }]
    : [
        { lines: 5, units: helpers.map((unit) => `${unit}@${vm}.service`) },
        { lines: 15, units: [`microvm@${vm}.service`] },
      ];

/**
 * All that is known of one vm or hypervisor. Changes nothing.
 * @returns undefined when nothing is called so
 * @throws as `status`
 */
export async function story(
  ports: Ports,
  { where, name }: { readonly where: Where; readonly name: string },
  emit: Emit,
  signal: AbortSignal,
): Promise<Story | undefined> {
  return looking(ports, signal, async (ports) => {
    const config = await knownConfig(ports, where, emit);
    const { index } = config;
    const vm = index.vms.get(name);
    const hypervisor = index.hypervisors.get(vm?.on ?? name);
    if (!hypervisor) return undefined;
    let past: Past = { deployments: [], operations: [] };
    let said: UnitStory = { events: [], happened: [], lines: [], ends: [], dumps: [], cores: [] };
    const [answer] = await askEach([hypervisor], ports, async (host) => {
      const [seen, history, lines] = await Promise.all([
        look(index, hypervisor, host, ports.clock, (one) => one === vm?.name),
        readPast(host).catch(known),
        readStory(host, unitsOf(vm?.name)).catch(known),
      ]);
      // How it is now is worth telling also without what was before.
      for (const part of [history, lines])
        if (part instanceof FleetError)
          emit({ type: 'warning', hypervisor: hypervisor.name, text: part.message });
      if (!(history instanceof FleetError)) past = history;
      if (!(lines instanceof FleetError)) said = lines;
      return seen;
    });
    if (!answer) return undefined;
    return storyOf(ports, config, { name, vm, answer, past, said });
  });
}

function known(error: unknown): FleetError {
  if (error instanceof FleetError) return error;
  throw error;
}

/** What a hypervisor told about itself, or about a vm of it. */
export interface ToldOf {
  readonly name: string;
  /** Absent: it is the hypervisor. */
  readonly vm: Vm | undefined;
  readonly answer: Answer<Look>;
  readonly past: Past;
  readonly said: UnitStory;
}

/** Puts it together, with what git here knows of it. */
export async function storyOf(
  ports: LocalPorts,
  config: Config,
  { name, vm, answer, past, said }: ToldOf,
): Promise<Story> {
  const { index } = config;
  const hypervisor = answer.hypervisor.name;
  const [seen = answer] = await withHead(ports, config, [answer]);
  const all = rowsOf(index, seen);
  const rows = await withSubjects(ports, config, {
    hypervisors: vm ? [] : [all.hypervisor],
    vms: all.vms.filter((row) => row.name === name),
  });
  const [row] = vm ? rows.vms : rows.hypervisors;
  const open = answer.answer instanceof Error ? [] : answer.answer.facts.open;
  const deployments = deploymentsAbout(past.deployments, vm && name)
    .slice(-told)
    .reverse()
    .map((deployment) => {
      const atWork = open.find(({ id }) => id === deployment.id);
      return { hypervisor, deployment, ...(atWork && { open: atWork }) };
    });
  const operations = past.operations
    .filter((one) => !vm || one.vm === name)
    .slice(-told)
    .reverse()
    .map((operation) => ({ hypervisor, operation }));
  // An unknown vm says nothing of why: that is its hypervisor's.
  const findings = [...(row?.findings ?? []), ...(vm ? silence(all.hypervisor) : [])];
  const kind = vm ? 'vm' : 'hypervisor';
  const status = { kind, row: { ...row, findings } } as Story['status'];
  const happened = vm
    ? happenedTo(vm.name, wiredTo(index, vm, answer), said.happened)
    : said.happened;
  return { status, deployments, operations, ...said, happened };
}

/** The TAPs and bridges that it needs. */
function wiredTo(index: FleetIndex, vm: Vm, { answer }: Answer<Look>): ReadonlySet<string> {
  const expected =
    answer instanceof Error ? expectedOf(vm, index.networks) : reachedBy(index, vm, answer.facts);
  return new Set(nicsOf(expected).flatMap(({ tap, bridge }) => [tap, bridge]));
}

/** Those that were about a vm, or brought it; without a vm all. */
export const deploymentsAbout = (
  past: readonly PastDeployment[],
  vm: string | undefined,
): readonly PastDeployment[] =>
  past.filter(({ targets, after }) => vm === undefined || targets.includes(vm) || after.has(vm));

const silence = ({
  reachable,
  findings,
}: {
  reachable: boolean;
  findings: Story['status']['row']['findings'];
}) => (reachable ? [] : findings);
