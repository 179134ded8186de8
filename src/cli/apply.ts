import { deploying } from '../deploy/deployment.ts';
import type { HypervisorResult } from '../deploy/put-back.ts';
import { exitCodeOf, type Member, type RolloutInput, rollOut } from '../deploy/rollout.ts';
import type { Facts } from '../host/facts.ts';
import { exitCodes, FleetError } from '../model/errors.ts';
import { parseDuration } from '../model/units.ts';
import { type HypervisorPlan, hasChanges } from '../plan/plan.ts';
import { isSameWork } from '../plan/same-work.ts';
import { select } from '../plan/selectors.ts';
import { planText } from '../report/plan-text.ts';
import { resultText } from '../report/result-text.ts';
import { styleFor } from '../report/style.ts';
import { confirm } from './ask.ts';
import { liveReporter } from './live.ts';
import type { Invocation } from './options.ts';
import { newDeployment, realPorts } from './ports.ts';
import { type Published, publish } from './publish.ts';
import { type Survey, survey } from './survey.ts';
import { openWorkspace, type Workspace } from './workspace.ts';

export interface ApplyOptions {
  readonly on?: string;
  readonly yes?: boolean;
  readonly allowUnreachable?: boolean;
  readonly release?: string;
  readonly lockTimeout?: string;
  readonly json?: boolean;
}

/** How often a locked hypervisor is asked again, in ms. */
const asksAgain = 3000;

/** `fleet apply`: plan, ask, deploy; while somebody else deploys it may wait. */
export async function applyCommand(invocation: Invocation, options: ApplyOptions): Promise<number> {
  const wait = lockTimeout(options.lockTimeout);
  const until = Date.now() + wait;
  for (;;) {
    try {
      return await applyOnce(invocation, options);
    } catch (error) {
      const isHeld = error instanceof FleetError && error.code === 'lock.held';
      if (!isHeld || Date.now() >= until || invocation.signal.aborted) throw error;
      process.stderr.write(`${error.message}; waits\n`);
      await new Promise((resolve) => setTimeout(resolve, asksAgain));
    }
  }
}

function lockTimeout(text: string | undefined): number {
  const ms = parseDuration(text ?? '0s');
  if (ms !== undefined) return ms;
  throw new FleetError('options.duration', `--lock-timeout ${text} is no duration`, {
    exitCode: exitCodes.usage,
    hint: 'For instance 30s or 10m.',
  });
}

async function applyOnce(invocation: Invocation, options: ApplyOptions): Promise<number> {
  const workspace = openWorkspace(invocation.common);
  const ports = realPorts(invocation.common);
  let branch: { branch: string; url: string } | undefined;
  const seen = await survey(workspace, ports, {
    ...options,
    meanwhile: async (repo) => {
      branch = await repo.ready(workspace.index.fleet.git);
    },
  });
  try {
    if (!options.json) {
      const style = styleFor(process.stdout);
      process.stdout.write(planText(seen.plan, style, { diffs: false, offline: false }));
    }
    requireReachable(seen, options.allowUnreachable ?? false);
    if (!hasChanges(seen.plan)) {
      if (options.json) printJson(seen, []);
      return exitCodes.ok;
    }
    if (!options.yes && !(await confirm('Apply this?', invocation.signal))) {
      process.stderr.write('Nothing was changed.\n');
      return exitCodes.failed;
    }
    const target = branch as { branch: string; url: string };
    const results = await deploy(invocation, workspace, seen, () =>
      publish(workspace, seen, target),
    );
    if (options.json) printJson(seen, results);
    else process.stdout.write(resultText(results, styleFor(process.stdout)));
    return exitCodeOf(results);
  } finally {
    seen.close();
  }
}

async function deploy(
  invocation: Invocation,
  workspace: Workspace,
  seen: Survey,
  publishNow: () => Promise<Published>,
): Promise<HypervisorResult[]> {
  const { index } = workspace;
  const { fleet } = index;
  const members = membersOf(seen);
  const planned = new Map(seen.plan.hypervisors.map((h) => [h.name, h]));
  const live = await liveReporter(members.map((m) => m.hypervisor));
  const { canary, onFailure } = fleet.rollout;
  const input: RolloutInput = {
    deployment: newDeployment('apply'),
    index,
    members,
    canary: canary === undefined ? new Set() : select(fleet, canary).hypervisors,
    onFailure,
    ports: realPorts(invocation.common),
    emit: live.emit,
    signal: invocation.signal,
    plan: async (before) => {
      const plans = replan(seen, planned, before);
      const { source, fingerprints } = await publishNow();
      const { release } = seen;
      return new Map(
        plans.map((plan) => [plan.name, deploying({ plan, source, fingerprints, release })]),
      );
    },
  };
  return rollOut(input).finally(() => live.finish());
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
      throw new FleetError('plan.stale', `${name} is not as it was when it was planned`, {
        hint: 'Somebody changed it in between. Nothing was done: plan again.',
      });
    }
    return now;
  });
}

function membersOf(seen: Survey): Member[] {
  return seen.contacts.flatMap(({ hypervisor, host, facts }) => {
    const plan = seen.plan.hypervisors.find((h) => h.name === hypervisor.name);
    if (!plan || plan.actions.length === 0 || !host || facts instanceof Error) return [];
    const vms = plan.actions.map((a) => a.target).filter((name) => name !== hypervisor.name);
    return [{ hypervisor: hypervisor.name, host, facts, vms }];
  });
}

function requireReachable(seen: Survey, allow: boolean): void {
  const problems = seen.plan.hypervisors.flatMap((h) => h.problems.map((p) => `${h.name}: ${p}`));
  if (problems.length > 0) {
    throw new FleetError('plan.problems', 'this cannot be applied', {
      detail: problems.join('\n'),
    });
  }
  const lost = seen.contacts.filter((c) => c.facts instanceof Error);
  if (lost.length === 0 || (allow && lost.length < seen.contacts.length)) return;
  const why = (error: unknown) =>
    error instanceof FleetError && error.hint
      ? `${error.message}\n${error.hint}`
      : String((error as Error).message);
  throw new FleetError(
    'apply.unreachable',
    `cannot reach ${lost.map((c) => c.hypervisor.name).join(', ')}; nothing was changed`,
    {
      detail: lost.map((c) => why(c.facts)).join('\n'),
      hint: 'Leave them out with --allow-unreachable, or choose with --on.',
    },
  );
}

function printJson(seen: Survey, results: readonly HypervisorResult[]): void {
  const plain = results.map(({ failure, ...rest }) => ({
    ...rest,
    ...(failure && {
      failure: { code: failure.code, message: failure.message, detail: failure.detail },
    }),
  }));
  const document = { version: 1, plan: seen.plan, results: plain };
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}
