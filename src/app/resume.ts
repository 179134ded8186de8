import { askAll, type Contact, connectAll } from '../deploy/connect-all.ts';
import { exitCodeOf, type Member } from '../deploy/rollout.ts';
import type { Work } from '../deploy/work.ts';
import { readHistory } from '../host/hypervisor/look.ts';
import { type ExitCode, exitCodes, FleetError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import type { FleetIndex } from '../model/index.ts';
import type { HistoryEntry } from '../model/past-deployment.ts';
import type { HypervisorResult } from '../model/result.ts';
import { unknownState } from '../model/unknown-state.ts';
import { carryOut, deploy, rolloutOf } from './deploy.ts';
import { staysInGit } from './git/git-follows.ts';
import { lastRecord } from './git/returns-to.ts';
import { looking } from './looking.ts';
import type { Ports } from './ports.ts';
import { type Survey, survey } from './survey/survey.ts';
import { sayUnknownState } from './unknown-state.ts';
import { knownConfig } from './workspace/known-config.ts';
import type { Where } from './workspace/where.ts';
import { workspaceOf } from './workspace/workspace.ts';

export interface FindLostInput {
  readonly where: Where;
  /** Default: the only one found. */
  readonly id?: string;
  /**
   * Finishing needs everything that an apply needs. Rolling back needs only the hypervisors: no files of this desk, no
   * git, no remote.
   */
  readonly to: 'finish' | 'undo';
  /** Assume that a hypervisor that does not answer has no part in it. */
  readonly allowUnreachable?: boolean;
}

/** The token to resume a deployment whose fleet process is gone: which one, and the hypervisors that still wait. */
export interface Lost {
  readonly id: string;
  readonly members: readonly Member[];
  /** Its state on every hypervisor where it began and that answers; some may have ended it already. */
  readonly past: readonly HistoryEntry[];
  /** Why it cannot be finished from here. */
  readonly obstacle: FleetError | undefined;
  readonly index: FleetIndex;
  /** What is needed to finish it. */
  readonly seen: Survey | undefined;
  close(): void;
}

/** Finds a deployment whose fleet process is gone; the caller closes the result. @throws FleetError `resume.*`; as `plan`; Interrupted */
export async function findLost(
  ports: Ports,
  input: FindLostInput,
  emit: Emit,
  signal: AbortSignal,
): Promise<Lost> {
  const find = async (ports: Ports): Promise<Lost> => {
    emit({ type: 'phase', phase: 'survey' });
    const config = await knownConfig(ports, input.where, emit);
    const { index } = config;
    if (input.to === 'undo') {
      const contacts = await connectAll(index.fleet.hypervisors, ports);
      const close = () => {
        for (const { host } of contacts) host?.close();
      };
      sayUnknownState(contacts, emit);
      const { silent: _, ...lost } = await lostAmong(contacts, input.id);
      return { ...lost, index, seen: undefined, obstacle: undefined, close };
    }
    const seen = await survey(workspaceOf(config), ports, { upstream: 'required', signal });
    const { silent, ...lost } = await lostAmong(seen.contacts, input.id);
    const why = obstacleTo(seen, lost, input.allowUnreachable ? undefined : silent);
    const obstacle = why === undefined ? undefined : cannotFinish(lost.id, why);
    return { ...lost, index, seen, obstacle, close: () => seen.close() };
  };
  return looking(ports, signal, find, true);
}

/** What it was about, by name. */
export const aboutWhat = ({ past }: Lost): ReadonlySet<string> =>
  new Set(past.flatMap(({ deployment }) => deployment.targets));

export interface Resumed {
  readonly results: readonly HypervisorResult[];
  readonly exitCode: ExitCode;
  /** What was pushed, if it was finished. */
  readonly commit?: string;
}

/** Finishes it. @throws FleetError `resume.cannot-finish`, and when no hypervisor was changed */
export async function finish(
  ports: Ports,
  lost: Lost,
  emit: Emit,
  signal: AbortSignal,
): Promise<Resumed> {
  if (lost.obstacle) throw lost.obstacle;
  if (!lost.seen) throw new Error('it was looked for to be undone');
  const input = { seen: lost.seen, force: false, resumed: lost };
  const { id: _, ...deployed } = await deploy(ports, input, emit, signal);
  return { ...deployed, exitCode: exitCodeOf(deployed.results) };
}

/** Has every hypervisor that still waits roll back now. @throws when no hypervisor was changed */
export async function undo(
  ports: Ports,
  lost: Lost,
  emit: Emit,
  signal: AbortSignal,
): Promise<Resumed> {
  const asked = new FleetError('interrupted', 'undone, as asked');
  const refuse = async () => {
    throw asked;
  };
  const nothing: Work = { prepare: refuse, activate: refuse };
  const found = await carryOut({
    ...rolloutOf(ports, lost.index, lost.members, emit, signal, { id: lost.id, isResumed: true }),
    plan: async () => new Map(lost.members.map((m) => [m.hypervisor, nothing])),
  });
  const results = found.map(({ failure, ...result }) =>
    failure && failure !== asked ? { ...result, failure } : { ...result, because: 'as asked' },
  );
  const { exitCode, notes } = endOfUndo(lost, results);
  for (const text of notes) emit({ type: 'note', text });
  return { results, exitCode };
}

const isWellUndone = new Set<HypervisorResult['outcome']>(['untouched', 'rolled-back']);

function endOfUndo(
  lost: Lost,
  results: readonly HypervisorResult[],
): { readonly exitCode: ExitCode; readonly notes: readonly string[] } {
  const notes = lost.past
    .filter(({ deployment }) => deployment.decided === 'confirmed')
    .map(
      ({ hypervisor }) =>
        `${hypervisor} was already confirmed and stays as it is; to roll it back: fleet rollback ${hypervisor}, and its vms`,
    );
  if (notes.length > 0) return { exitCode: exitCodes.halted, notes };
  notes.push(...whatOfCommit(lost));
  if (results.some(({ failure, outcome }) => failure || !isWellUndone.has(outcome)))
    return { exitCode: exitCodeOf(results), notes };
  // It rolled back as asked: nothing failed.
  if (results.some(({ outcome }) => outcome === 'rolled-back'))
    return { exitCode: exitCodes.ok, notes };
  const names = results.map(({ hypervisor }) => hypervisor).join(', ');
  notes.push(`Nothing had been changed on ${names} yet: there was nothing to roll back.`);
  return { exitCode: exitCodes.ok, notes };
}

/** The commit is not at fault, and undoing does without git: the commit stays where it is. */
function whatOfCommit({ members, past }: Lost): string[] {
  const of = past.find(({ deployment }) => deployment.commit !== undefined)?.deployment;
  if (of?.commit === undefined) return [];
  const before = new Set(members.map(({ facts }) => lastRecord(facts)));
  const [good] = before.size === 1 ? [...before] : [];
  return [staysInGit(of.commit, of.branch, good)];
}

/** Which deployment is meant, and how far it got. @throws FleetError `resume.*` */
async function lostAmong(
  contacts: readonly Contact[],
  wanted: string | undefined,
): Promise<Pick<Lost, 'id' | 'members' | 'past'> & { readonly silent: string | undefined }> {
  const waiting = contacts.flatMap(({ hypervisor, host, facts }) =>
    host && !(facts instanceof Error)
      ? facts.open
          .filter((open) => open.atWork && open.decided === undefined)
          .map(({ id }) => ({ id, hypervisor: hypervisor.name, host, facts, vms: [] }))
      : [],
  );
  const ids = [...new Set(waiting.map((w) => w.id))];
  const id = wanted ?? ids[0];
  if (id === undefined || !ids.includes(id) || (wanted === undefined && ids.length > 1))
    throw nothingToTakeUp(ids, wanted);
  const answers = await askAll(contacts, (host) => readHistory(host, 20));
  const past = answers.flatMap(({ hypervisor: { name }, answer }) => {
    const deployment = answer instanceof Error ? undefined : answer.find((d) => d.id === id);
    return deployment ? [{ hypervisor: name, deployment }] : [];
  });
  const silent = answers.find(({ answer }) => answer instanceof Error)?.hypervisor.name;
  return { id, past, silent, members: waiting.filter((w) => w.id === id) };
}

function nothingToTakeUp(ids: readonly string[], wanted: string | undefined): FleetError {
  if (wanted === undefined && ids.length > 1) {
    return new FleetError('resume.several', 'several deployments were interrupted', {
      hint: `Name one: ${ids.map((id) => `fleet apply --resume ${id}`).join(' or ')}`,
    });
  }
  return new FleetError(
    'resume.nothing',
    wanted ? `deployment ${wanted} cannot be resumed` : 'no interrupted deployment to resume',
    { hint: 'What became of it: fleet history. What is left to do: fleet plan.' },
  );
}

const cannotFinish = (id: string, why: string): FleetError =>
  new FleetError('resume.cannot-finish', `${id} cannot be finished: ${why}`, {
    hint: `fleet apply --resume ${id} --undo rolls it back now; otherwise the hypervisors roll themselves back after rollout.confirm.`,
  });

/** Why it cannot be finished from here; undefined when it can. @param silent a hypervisor that does not answer and may be part of it */
function obstacleTo(
  { commit: next }: Survey,
  { members, past }: Pick<Lost, 'members' | 'past'>,
  silent: string | undefined,
): string | undefined {
  for (const { hypervisor, facts } of members) {
    const why = unknownState(facts);
    if (why !== undefined) return `${hypervisor}: ${why}`;
  }
  // Finishing would leave only part of the fleet on the commit.
  const back = past.find(
    ({ deployment: { decided, result } }) =>
      decided === 'back' || (result !== undefined && result !== 'done'),
  );
  if (back) return `${back.hypervisor} has already rolled itself back`;
  if (silent)
    return `${silent} does not answer and may be part of it (if it is not: --allow-unreachable)`;
  if (past.some(({ deployment }) => deployment.operation !== 'apply'))
    return 'it is no apply, which alone can be finished';
  const commit = past.find(({ deployment }) => deployment.commit)?.deployment.commit;
  if (next.files.length > 0) return 'there are changes here that are not committed';
  return commit !== undefined && commit !== next.head
    ? `it deploys ${commit.slice(0, 8)}, and ${next.head?.slice(0, 8)} is checked out here`
    : undefined;
}
