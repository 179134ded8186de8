import { askAll, type Contact, connectAll } from '../deploy/connect-all.ts';
import { exitCodeOf, type Member, rollOut } from '../deploy/rollout.ts';
import type { Work } from '../deploy/work.ts';
import { readHistory } from '../host/hypervisor/look.ts';
import { exitCodes, FleetError } from '../model/errors.ts';
import type { FleetIndex } from '../model/index.ts';
import type { PastDeployment } from '../model/past-deployment.ts';
import type { HypervisorResult } from '../model/result.ts';
import { unknownState } from '../model/unknown-state.ts';
import { historyText } from '../report/history-text.ts';
import { resultsDocument } from '../report/result-json.ts';
import { resultText } from '../report/result-text.ts';
import { styleFor } from '../report/style.ts';
import { confirm } from './ask.ts';
import { deploy, inputFor } from './deploy.ts';
import { staysInGit } from './git-follows.ts';
import { knownConfig } from './known-config.ts';
import type { Invocation } from './options.ts';
import { realPorts } from './ports.ts';
import { lastRecord } from './returns-to.ts';
import { type Survey, survey } from './survey.ts';
import { sayUnknownState } from './unknown-state.ts';
import { type Workspace, workspaceOf } from './workspace.ts';

export interface ResumeOptions {
  /** An id; true: the one there is. */
  readonly resume: string | true;
  readonly undo?: boolean;
  readonly yes?: boolean;
  readonly allowUnreachable?: boolean;
  readonly json?: boolean;
}

/** A deployment that lost its fleet, and the hypervisors that still wait for it. */
interface Lost {
  readonly id: string;
  readonly members: readonly Member[];
  /** On every hypervisor that it began on, as far as they answer; some may have ended it already. */
  readonly past: readonly { readonly hypervisor: string; readonly deployment: PastDeployment }[];
  /** Hypervisors of which that is not known. */
  readonly silent: readonly string[];
}

/** `fleet apply --resume [ID]`: takes up a deployment that lost its fleet, and finishes or undoes it. */
export async function resumeCommand(
  invocation: Invocation,
  options: ResumeOptions,
): Promise<number> {
  const config = await knownConfig(invocation.common);
  return options.undo
    ? undoCommand(invocation, options, config.index)
    : finishCommand(invocation, options, workspaceOf(config));
}

async function finishCommand(
  invocation: Invocation,
  options: ResumeOptions,
  workspace: Workspace,
): Promise<number> {
  const seen = await survey(workspace, realPorts(invocation.common), {
    upstream: 'required',
    signal: invocation.signal,
  });
  try {
    const lost = await findLost(seen.contacts, options);
    const obstacle = obstacleTo(seen, lost, options.allowUnreachable ?? false);
    if (obstacle) {
      throw new FleetError('resume.cannot-finish', `${lost.id} cannot be finished: ${obstacle}`, {
        hint: `fleet apply --resume ${lost.id} --undo rolls it back now; otherwise the hypervisors roll themselves back after rollout.confirm.`,
      });
    }
    if (!(await mayGoOn('Finish it? (--undo rolls it back instead)', lost, invocation, options)))
      return exitCodes.failed;
    const results = await deploy(invocation, workspace, seen, { force: false, resumed: lost });
    show(lost, results, options);
    return exitCodeOf(results);
  } finally {
    seen.close();
  }
}

/** Rolling back needs hypervisors and nothing of this desk: neither its files, nor git, nor a remote. */
async function undoCommand(
  invocation: Invocation,
  options: ResumeOptions,
  index: FleetIndex,
): Promise<number> {
  const contacts = await connectAll(index.fleet.hypervisors, realPorts(invocation.common));
  try {
    sayUnknownState(contacts);
    const lost = await findLost(contacts, options);
    if (!(await mayGoOn('Roll back what it changed?', lost, invocation, options)))
      return exitCodes.failed;
    const results = await undo(invocation, index, lost);
    show(lost, results, options);
    const kept = lost.past.filter((p) => p.deployment.decided === 'confirmed');
    for (const { hypervisor } of kept) {
      process.stderr.write(
        `${hypervisor} was already confirmed and stays as it is; to roll it back: fleet rollback ${hypervisor}, and its vms\n`,
      );
    }
    if (kept.length > 0) return exitCodes.halted;
    sayOfCommit(lost);
    if (results.some(({ failure, outcome }) => failure || !isWellUndone.has(outcome)))
      return exitCodeOf(results);
    // Rolled back, as was asked for: nothing failed.
    if (results.some(({ outcome }) => outcome === 'rolled-back')) return exitCodes.ok;
    const names = results.map(({ hypervisor }) => hypervisor).join(', ');
    process.stderr.write(
      `Nothing had been changed on ${names} yet: there was nothing to roll back.\n`,
    );
    return exitCodes.ok;
  } finally {
    for (const contact of contacts) contact.host?.close();
  }
}

const isWellUndone = new Set<HypervisorResult['outcome']>(['untouched', 'rolled-back']);

/** Nothing is at fault, and undoing needs no git: the commit stays where it is. */
function sayOfCommit({ members, past }: Lost): void {
  const of = past.find(({ deployment }) => deployment.commit !== undefined)?.deployment;
  if (of?.commit === undefined) return;
  const before = new Set(members.map(({ facts }) => lastRecord(facts)));
  const [good] = before.size === 1 ? [...before] : [];
  process.stderr.write(`${staysInGit(of.commit, of.branch, good)}\n`);
}

async function mayGoOn(
  question: string,
  { id }: Lost,
  { signal }: Invocation,
  { yes, json }: ResumeOptions,
): Promise<boolean> {
  if (yes || (await confirm(question, signal))) return true;
  process.stderr.write('Nothing was changed: the hypervisors roll back by themselves.\n');
  if (json) process.stdout.write(resultsDocument('resume', [], { id, declined: true }));
  return false;
}

function show({ id }: Lost, results: readonly HypervisorResult[], { json }: ResumeOptions): void {
  if (json) process.stdout.write(resultsDocument('resume', results, { id }));
  else process.stdout.write(resultText(results, styleFor(process.stdout)));
}

/** Which one is meant, and what became of it so far; shows that. @throws FleetError `resume.*` */
async function findLost(contacts: readonly Contact[], options: ResumeOptions): Promise<Lost> {
  const wanted = options.resume === true ? undefined : options.resume;
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
  const silent = answers.filter(({ answer }) => answer instanceof Error);
  // With --json standard output has the one document.
  const out = options.json ? process.stderr : process.stdout;
  out.write(historyText(past, styleFor(out)));
  return {
    id,
    past,
    members: waiting.filter((w) => w.id === id),
    silent: silent.map(({ hypervisor }) => hypervisor.name),
  };
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

/** Why it cannot be finished from here; undefined when it can. */
function obstacleTo(
  seen: Survey,
  { members, past, silent: [silent] }: Lost,
  allowUnreachable: boolean,
): string | undefined {
  for (const { hypervisor, facts } of members) {
    const why = unknownState(facts);
    if (why !== undefined) return `${hypervisor}: ${why}`;
  }
  // Or half of the fleet would be on it.
  const back = past.find(
    ({ deployment: { decided, result } }) =>
      decided === 'back' || (result !== undefined && result !== 'done'),
  );
  if (back) return `${back.hypervisor} has already rolled itself back`;
  if (silent && !allowUnreachable)
    return `${silent} does not answer and may be part of it (if it is not: --allow-unreachable)`;
  if (past.some(({ deployment }) => deployment.operation !== 'apply')) return 'it is a roll-back';
  const commit = past.find(({ deployment }) => deployment.commit)?.deployment.commit;
  if (seen.commit.files.length > 0) return 'there are changes here that are not committed';
  return commit !== undefined && commit !== seen.commit.head
    ? `it deploys ${commit.slice(0, 8)}, and ${seen.commit.head?.slice(0, 8)} is checked out here`
    : undefined;
}

/** Every hypervisor that waits takes its way back. */
async function undo(
  invocation: Invocation,
  index: FleetIndex,
  lost: Lost,
): Promise<HypervisorResult[]> {
  const asked = new FleetError('interrupted', 'undone, as asked');
  const refuse = async () => {
    throw asked;
  };
  const nothing: Work = { prepare: refuse, activate: refuse };
  const { input, live } = await inputFor(invocation, index, lost.members, lost.id);
  const plan = async () => new Map(lost.members.map((m) => [m.hypervisor, nothing]));
  const results = await invocation
    .changing(live.becomes, () => rollOut({ ...input, plan }))
    .finally(() => live.finish());
  return results.map(({ failure, ...result }) =>
    failure && failure !== asked ? { ...result, failure } : { ...result, because: 'as asked' },
  );
}
