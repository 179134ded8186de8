import { deploying } from '../deploy/deployment.ts';
import { recall, takeUp } from '../deploy/resume.ts';
import { type Member, type RolloutInput, rollOut } from '../deploy/rollout.ts';
import type { Former } from '../host/answers/former.ts';
import { FleetError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import type { Facts } from '../model/facts.ts';
import type { FleetIndex } from '../model/index.ts';
import type { HypervisorResult } from '../model/result.ts';
import type { HypervisorPlan } from '../plan/plan.ts';
import { isSameWork } from '../plan/same-work.ts';
import { select } from '../plan/selectors.ts';
import { openRepo } from '../repo/open.ts';
import { gitFollows } from './git-follows.ts';
import { type Live, liveReporter } from './live.ts';
import type { Invocation } from './options.ts';
import { newDeployment, realPorts } from './ports.ts';
import { type Published, publish } from './publish.ts';
import type { Survey } from './survey.ts';
import { isEdited, type Workspace } from './workspace.ts';

/** A deployment that is taken up again. */
export interface Resumed {
  readonly id: string;
  readonly members: readonly Member[];
}

export interface DeployOptions {
  /** Also a commit that was put back before. */
  readonly force: boolean;
  /** What first switches may take away, by name. */
  readonly dropped?: ReadonlySet<string>;
  readonly resumed?: Resumed;
  /** Ms that are waited for locks of others. */
  readonly lockTimeout?: number;
}

/** Carries out the plan of a survey; git follows what becomes of it. */
export async function deploy(
  invocation: Invocation,
  workspace: Workspace,
  seen: Survey,
  { force, dropped, resumed, lockTimeout = 0 }: DeployOptions,
): Promise<HypervisorResult[]> {
  const planned = new Map(seen.plan.hypervisors.map((h) => [h.name, h]));
  const { release, upstream } = seen;
  let published: Published | undefined;
  const said: string[] = [];
  const members = resumed?.members ?? membersOf(seen);
  const { input, live } = await inputFor(invocation, workspace.index, members, resumed?.id);
  const rollout: RolloutInput = {
    ...input,
    lockTimeout,
    plan: async (before) => {
      const plans = replan(seen, planned, before);
      published = await publish(workspace, seen, force, invocation.signal);
      const { source, fingerprints } = published;
      return new Map(
        plans.map((plan) => [
          plan.name,
          deploying({ plan, source, fingerprints, release, ...(dropped && { dropped }) }),
        ]),
      );
    },
    afterwards: async (results, before) => {
      if (!published || !upstream) return;
      // Before a revert moves the work tree.
      if (!resumed && isEdited(workspace))
        said.push(
          `${workspace.config} was edited while this ran: what was planned is deployed, the edit is not. Next: fleet plan`,
        );
      const { branch } = upstream;
      const { git, rollout } = workspace.index.fleet;
      const deployed = {
        settings: { ...git, branch },
        onFailure: rollout.onFailure,
        commit: published.source.commit,
        forced: published.forced,
        hypervisors: workspace.index.fleet.hypervisors.map((h) => h.name),
        rendered: new Set(workspace.rendered.keys()),
        before,
        results,
      };
      await told(input.emit, git.remote, async () => {
        // Whoever asked to stop is told what became of it all the same: it has its own limit.
        const repo = await openRepo(workspace.directory, { timeout: git.timeout });
        return gitFollows(repo, deployed, (text) => said.push(text));
      });
    },
  };
  const results = await invocation
    .changing(live.becomes, () => rollOut(rollout))
    .finally(() => live.finish());
  // Under the results, where the live list is gone.
  for (const text of said) process.stderr.write(`${text}\n`);
  return results;
}

/** Tells that git follows while it does. */
async function told(emit: Emit, remote: string, work: () => Promise<boolean>): Promise<void> {
  const started = performance.now();
  const step = { type: 'git', remote, step: 'record what is deployed' } as const;
  emit({ ...step, state: 'begin' });
  const isDone = await work().catch(() => false);
  emit({ ...step, state: isDone ? 'done' : 'failed', ms: performance.now() - started });
}

/**
 * What a rollout from this desk is made of, apart from what it is to do.
 * @param resumed id of a deployment that is taken up again
 */
export async function inputFor(
  invocation: Invocation,
  index: FleetIndex,
  members: readonly Member[],
  resumed?: string,
): Promise<{ input: Omit<RolloutInput, 'plan'>; live: Live }> {
  const { fleet } = index;
  const { canary, confirm, onFailure } = fleet.rollout;
  const deployment = { ...newDeployment('apply'), ...(resumed && { id: resumed }) };
  const live = await liveReporter(
    members.map((m) => m.hypervisor),
    { deployment, confirm },
  );
  let former: ReadonlyMap<string, Former> = new Map();
  const input: Omit<RolloutInput, 'plan'> = {
    deployment,
    index,
    members,
    canary: canary === undefined ? new Set() : select(fleet, canary).hypervisors,
    onFailure,
    ports: realPorts(invocation.common),
    emit: live.emit,
    signal: invocation.signal,
    ...(resumed && {
      enter: async (sessions) => {
        former = await takeUp(sessions, deployment.operator);
      },
      recall: (session, now) => {
        const then = former.get(session.hypervisor.name) as Former;
        return { before: recall(then, now), targets: then.targets };
      },
    }),
  };
  return { input, live };
}

/** @throws FleetError `plan.stale` when what is there under the lock is not what was planned from. */
function replan(
  seen: Survey,
  planned: ReadonlyMap<string, HypervisorPlan>,
  before: ReadonlyMap<string, Facts>,
): HypervisorPlan[] {
  return [...before].map(([name, facts]) => {
    const now = seen.replan(name, facts);
    if (!isSameWork(now, planned.get(name) as HypervisorPlan)) {
      throw new FleetError('plan.stale', `${name} has changed since it was planned`, {
        hint: 'Nothing was done: plan again.',
      });
    }
    // A nixos-rebuild that began meanwhile, a disk that filled up.
    if (now.problems.length > 0)
      throw new FleetError('plan.problems', `${name}: ${now.problems.join('\n')}`);
    return now;
  });
}

function membersOf(seen: Survey): Member[] {
  return seen.contacts.flatMap(({ hypervisor, host, facts }) => {
    const plan = seen.plan.hypervisors.find((h) => h.name === hypervisor.name);
    if (!plan || plan.actions.length === 0 || !host || facts instanceof Error) return [];
    const vms = plan.actions.map((a) => a.target).filter((name) => name !== hypervisor.name);
    return [{ hypervisor: hypervisor.name, host, facts, vms: [...new Set(vms)] }];
  });
}
