import { askAll, connectAll } from '../deploy/connect-all.ts';
import { readPast } from '../host/hypervisor/look.ts';
import { exitCodes, FleetError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import type { Hypervisor } from '../model/fleet.ts';
import type { FleetIndex } from '../model/index.ts';
import type { HistoryEntry } from '../model/past-deployment.ts';
import type { OperationEntry } from '../model/past-operation.ts';
import { didYouMean } from '../model/suggest.ts';
import { looking } from './looking.ts';
import type { Ports } from './ports.ts';
import { sayUnknownState } from './unknown-state.ts';
import { knownConfig } from './workspace/known-config.ts';
import type { Where } from './workspace/where.ts';

export interface HistoryInput {
  readonly where: Where;
  /** A hypervisor, a vm (also one that left), a branch, or the beginning of an id or a commit; default: all. */
  readonly name?: string;
}

export interface History {
  /** The youngest first. */
  readonly entries: readonly HistoryEntry[];
  /** What was done to single vms besides (start, stop, restart), the youngest first. */
  readonly operations: readonly OperationEntry[];
  /** Hypervisors that did not answer: what they remember is missing here. */
  readonly silent: readonly { readonly hypervisor: string; readonly error: Error }[];
  /** How many hypervisors were asked. */
  readonly asked: number;
}

/** With fewer characters, the beginning of an id or a commit could mean too many. */
const shortest = 4;

/**
 * The deployments that hypervisors remember: all, or those about a name.
 * @throws FleetError `history.unknown` for a name that nobody knows; as `knownConfig`; Interrupted
 */
export async function history(
  ports: Ports,
  { where, name }: HistoryInput,
  emit: Emit,
  signal: AbortSignal,
): Promise<History> {
  return looking(ports, signal, async (ports) => {
    const { index } = await knownConfig(ports, where, emit);
    const contacts = await connectAll(hypervisorsOf(index, name), ports);
    sayUnknownState(contacts, emit);
    const answers = await askAll(contacts, (host) => readPast(host));
    const silent = answers.flatMap(({ hypervisor, answer }) =>
      answer instanceof Error ? [{ hypervisor: hypervisor.name, error: answer }] : [],
    );
    const entries = answers
      .flatMap(({ hypervisor: { name: hypervisor }, answer }, i): HistoryEntry[] => {
        if (answer instanceof Error) return [];
        const facts = contacts[i]?.facts;
        const all = facts instanceof Error ? [] : (facts?.open ?? []);
        return answer.deployments.map((deployment) => {
          const open = all.find(({ id }) => id === deployment.id);
          return { hypervisor, deployment, ...(open && { open }) };
        });
      })
      .filter((entry) => isAbout(index, entry, name))
      .sort((a, b) => b.deployment.started - a.deployment.started);
    const operations = answers
      .flatMap(({ hypervisor: { name: hypervisor }, answer }): OperationEntry[] =>
        answer instanceof Error
          ? []
          : answer.operations.map((operation) => ({ hypervisor, operation })),
      )
      .filter((entry) => isOperationAbout(index, entry, name))
      .sort((a, b) => b.operation.started - a.operation.started);
    const isKnown = name === undefined || index.hypervisors.has(name) || index.vms.has(name);
    const found = entries.length + operations.length + silent.length;
    if (!isKnown && found === 0) throw unknown(name, index);
    return { entries, operations, silent, asked: answers.length };
  });
}

/** Hypervisors that may remember something about the name. */
function hypervisorsOf(index: FleetIndex, name = ''): readonly Hypervisor[] {
  const on = index.hypervisors.get(name) ?? index.hypervisors.get(index.vms.get(name)?.on ?? '');
  return on ? [on] : index.fleet.hypervisors;
}

function unknown(name: string, { fleet }: FleetIndex): FleetError {
  const near = didYouMean(
    name,
    [...fleet.vms, ...fleet.hypervisors].map((one) => one.name),
  );
  return new FleetError(
    'history.unknown',
    `there is no record of ${name}: it is not a vm or hypervisor, nor a deployment, commit or branch that was deployed`,
    {
      exitCode: exitCodes.usage,
      hint: `${near ? `${near} ` : ''}fleet history lists what there is; --last 100 shows more.`,
    },
  );
}

function isAbout(
  index: FleetIndex,
  { deployment }: HistoryEntry,
  name: string | undefined,
): boolean {
  if (name === undefined || index.hypervisors.has(name)) return true;
  const { id, commit, branch, targets, after } = deployment;
  if (targets.includes(name) || after.has(name)) return true;
  if (index.vms.has(name)) return false;
  return (
    branch === name ||
    (name.length >= shortest && (id.startsWith(name) || commit?.startsWith(name) === true))
  );
}

function isOperationAbout(
  index: FleetIndex,
  { operation: { id, vm } }: OperationEntry,
  name: string | undefined,
): boolean {
  if (name === undefined || index.hypervisors.has(name) || vm === name) return true;
  return !index.vms.has(name) && name.length >= shortest && id.startsWith(name);
}
