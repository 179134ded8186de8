import { deploying } from '../deploy/deployment.ts';
import { recall, takeUp } from '../deploy/resume.ts';
import { type Member, type RolloutInput, rollOut } from '../deploy/rollout.ts';
import type { StateBefore } from '../host/answers/state-before.ts';
import { FleetError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import type { Facts } from '../model/facts.ts';
import type { FleetIndex } from '../model/index.ts';
import type { HypervisorResult } from '../model/result.ts';
import { heedStops } from '../plan/held-stops.ts';
import type { HypervisorPlan } from '../plan/plan.ts';
import { isSameWork } from '../plan/same-work.ts';
import { select } from '../plan/selectors.ts';
import { openRepo } from '../repo/open.ts';
import { cancelLimit, changing } from './cancelling.ts';
import { type Followed, gitFollows } from './git/git-follows.ts';
import { type Published, publish } from './git/publish.ts';
import { told } from './git/told.ts';
import { newDeployment } from './new-deployment.ts';
import type { Ports } from './ports.ts';
import type { Survey } from './survey/survey.ts';
import { isEdited } from './workspace/workspace.ts';

/** A deployment that is resumed. */
export interface Resumed {
  readonly id: string;
  readonly members: readonly Member[];
}

export interface DeployInput {
  readonly seen: Survey;
  /** Also a commit that was rolled back before. */
  readonly force: boolean;
  /** What first switches may take away, by name. */
  readonly dropped?: ReadonlySet<string>;
  readonly resumed?: Resumed;
  /** Ms to wait for locks that others hold. Default: 0. */
  readonly lockTimeout?: number;
  /** Id of the deployment; default: a new one. */
  readonly id?: string;
}

/** What became of it. */
export interface Deployed extends Omit<Followed, 'failure'> {
  readonly id: string;
  /** What was pushed. */
  readonly commit?: string;
  readonly results: readonly HypervisorResult[];
}

/** Carries out the plan of a survey, then records the outcome in git. */
export async function deploy(
  ports: Ports,
  { seen, force, dropped, resumed, lockTimeout = 0, id }: DeployInput,
  emit: Emit,
  signal: AbortSignal,
): Promise<Deployed> {
  const { release, upstream, workspace } = seen;
  const { fleet } = workspace.index;
  const planned = new Map(seen.plan.hypervisors.map((h) => [h.name, h]));
  let published: Published | undefined;
  let followed: Followed = {};
  const notes: string[] = [];
  const say = (text: string) => void notes.push(text);
  const members = resumed?.members ?? membersOf(seen);
  const facts = new Map(seen.contacts.map((c) => [c.hypervisor.name, c.facts]));
  const index = heedStops(workspace.index, facts, release);
  const input = rolloutOf(ports, index, members, emit, signal, {
    id: resumed?.id ?? id,
    isResumed: resumed !== undefined,
  });
  const results = await carryOut({
    ...input,
    lockTimeout,
    plan: async (before) => {
      const plans = replan(seen, planned, before);
      emit({ type: 'phase', phase: 'publish' });
      published = await publish(seen, { ...ports, force, emit, signal });
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
        say(
          `${workspace.config} was edited while this ran: what was planned is deployed, the edit is not. Next: fleet plan`,
        );
      const { branch } = upstream;
      const { git, rollout } = fleet;
      const deployed = {
        settings: { ...git, branch },
        onFailure: rollout.onFailure,
        commit: published.source.commit,
        forced: published.forced,
        hypervisors: fleet.hypervisors.map((h) => h.name),
        rendered: new Set(workspace.rendered.keys()),
        before,
        results,
      };
      emit({ type: 'phase', phase: 'record' });
      const what = { remote: git.remote, step: 'record what is deployed' };
      const record = async () => {
        // Not ended by the signal: whoever asked to stop still learns the outcome. It has its own limit.
        const repo = await openRepo(workspace.directory, ports.surroundings, {
          timeout: git.timeout,
        });
        followed = await gitFollows(repo, deployed, say);
        const { failure, revertBranch } = followed;
        if (failure) throw failure;
        return { commit: deployed.commit, ...(revertBranch !== undefined && { revertBranch }) };
      };
      // It was reported, and changes nothing on hypervisors.
      await told({ clock: ports.clock, emit }, what, record).catch(() => undefined);
    },
  });
  // What a person should know about git and the work tree.
  for (const text of notes) emit({ type: 'note', text });
  const commit = published?.source.commit;
  const { failure: _, ...reverted } = followed;
  return {
    ...{ id: input.deployment.id, results, ...reverted },
    ...(commit !== undefined && { commit }),
  };
}

/** What a rollout is made of, apart from what it is to do. @param which a new deployment, or one that is resumed */
export function rolloutOf(
  ports: Ports,
  index: FleetIndex,
  members: readonly Member[],
  emit: Emit,
  signal: AbortSignal,
  { id, isResumed }: { readonly id: string | undefined; readonly isResumed: boolean },
): Omit<RolloutInput, 'plan'> {
  const { fleet } = index;
  const { canary, onFailure } = fleet.rollout;
  const deployment = newDeployment(ports, 'apply', id);
  let former: ReadonlyMap<string, StateBefore> = new Map();
  return {
    deployment,
    index,
    members,
    canary: canary === undefined ? new Set() : select(fleet, canary).hypervisors,
    onFailure,
    ports,
    emit,
    signal,
    ...(isResumed && {
      enter: async (sessions) => {
        former = await takeUp(sessions, deployment.operator);
      },
      recall: (session, now) => {
        const then = former.get(session.hypervisor.name) as StateBefore;
        return { before: recall(then, now), targets: then.targets };
      },
    }),
  };
}

/** Rolls out; when asked to stop, ends in its own way within a limit. @throws when no hypervisor was changed */
export async function carryOut(input: RolloutInput): Promise<HypervisorResult[]> {
  const { deployment, emit, enter, index, members, signal } = input;
  const { rollout } = index.fleet;
  emit({
    type: 'deployment',
    ...deployment,
    ...(enter && { operation: 'resume' }),
    hypervisors: members.map(({ hypervisor }) => hypervisor),
    confirm: rollout.confirm,
  });
  // In a deployment that is resumed, the fleet that began it may have changed something.
  let hasChanged = enter !== undefined;
  const heed: Emit = (event) => {
    hasChanged ||= event.type === 'phase' && (event.phase === 'switch' || event.phase === 'guests');
    emit(event);
  };
  const cancelling = { emit, signal, within: cancelLimit(rollout) };
  return changing({ ...cancelling, mayHaveChanged: () => hasChanged }, (giveUp) =>
    rollOut({ ...input, emit: heed, giveUp }),
  );
}

/** @throws FleetError `plan.stale` when the facts under the lock differ from those that the plan was made from. */
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
    // Such as a nixos-rebuild that began meanwhile, or a disk that filled up.
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
