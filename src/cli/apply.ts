import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exitCodeOf, type PlannedHost, type RolloutInput, rollOut } from '../deploy/rollout.ts';
import { exitCodes, FleetError } from '../model/errors.ts';
import { commitMessage } from '../plan/commit-message.ts';
import { hasChanges } from '../plan/plan.ts';
import { planText } from '../report/plan-text.ts';
import { resultText } from '../report/result-text.ts';
import { styleFor } from '../report/style.ts';
import { confirm } from './ask.ts';
import { nextCommit, readIfThere } from './desk.ts';
import { liveReporter } from './live.ts';
import type { Invocation } from './options.ts';
import { newDeployment, realPorts } from './ports.ts';
import { type Survey, survey } from './survey.ts';
import { openWorkspace, type Workspace, writeRendered } from './workspace.ts';

export interface ApplyOptions {
  readonly on?: string;
  readonly yes?: boolean;
  readonly allowUnreachable?: boolean;
  readonly release?: string;
  readonly json?: boolean;
}

/** `fleet apply`: plan, ask, deploy. */
export async function applyCommand(invocation: Invocation, options: ApplyOptions): Promise<number> {
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
      if (options.json)
        process.stdout.write(
          `${JSON.stringify({ version: 1, plan: seen.plan, results: [] }, null, 2)}\n`,
        );
      return exitCodes.ok;
    }
    if (!options.yes && !(await confirm('Apply this?', invocation.signal))) {
      process.stderr.write('Nothing was changed.\n');
      return exitCodes.failed;
    }

    const plans = withHosts(seen);
    const live = await liveReporter(plans.map((p) => p.plan.name));
    const results = await rollOut({
      deployment: newDeployment('apply'),
      index: workspace.index,
      plans,
      release: seen.release,
      ports,
      emit: live.emit,
      signal: invocation.signal,
      replan: seen.replan,
      publish: () => publish(workspace, seen, branch as { branch: string; url: string }),
    }).finally(() => live.finish());
    const code = exitCodeOf(results);
    if (options.json) {
      const plain = results.map(({ failure, ...rest }) => ({
        ...rest,
        ...(failure && {
          failure: { code: failure.code, message: failure.message, detail: failure.detail },
        }),
      }));
      process.stdout.write(
        `${JSON.stringify({ version: 1, plan: seen.plan, results: plain }, null, 2)}\n`,
      );
    } else process.stdout.write(resultText(results, styleFor(process.stdout)));
    if (results.some((r) => r.failure)) {
      process.stderr.write(
        `The commit stays on ${branch?.branch}: change it (git revert), or the next apply tries it again.\n`,
      );
    }
    return code;
  } finally {
    seen.close();
  }
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

function withHosts(seen: Survey): PlannedHost[] {
  return seen.contacts.flatMap(({ hypervisor, host, facts }) => {
    const plan = seen.plan.hypervisors.find((h) => h.name === hypervisor.name);
    return plan && plan.actions.length > 0 && host && !(facts instanceof Error)
      ? [{ plan, host, facts }]
      : [];
  });
}

/** Writes, locks, commits and pushes; what hypervisors then pull, and what it evaluates from. */
async function publish(
  workspace: Workspace,
  seen: Survey,
  target: { branch: string; url: string },
): ReturnType<RolloutInput['publish']> {
  const { fleet } = workspace.index;
  if ((await seen.repo.head()) !== seen.commit.head) {
    throw new FleetError('plan.stale', 'there is a new commit here since this was planned', {
      hint: 'Nothing was done: plan again.',
    });
  }
  writeRendered(workspace);
  let next = seen.commit;
  if (next.needsLock) {
    const { lockInputs } = await import('../repo/flake-lock.ts');
    const file = join(workspace.directory, 'flake.lock');
    const host = seen.contacts.find((c) => c.host)?.host;
    const lock = await lockInputs(
      workspace.rendered.get('flake.nix') ?? '',
      readIfThere(file),
      [],
      host && (async () => host),
    );
    writeFileSync(file, lock);
    next = { ...(await nextCommit(workspace, seen.repo)), needsLock: false };
  }
  const paths = next.files.map((f) => f.path);
  const commit = await seen.repo.commit(paths, commitMessage(next.files));
  await seen.repo.push(fleet.git);
  return {
    // A lock that was made just now is one of the files that every evaluation sees.
    fingerprints:
      next.fingerprints ?? (await nextCommit(workspace, seen.repo)).fingerprints ?? new Map(),
    source: {
      commit,
      branch: target.branch,
      url: target.url,
      ...(fleet.git.transport === 'send' && {
        bundle: (have?: string) => seen.repo.bundle(commit, have),
      }),
    },
  };
}
