import { exitCodes } from '../model/errors.ts';
import { hasChanges } from '../plan/plan.ts';
import { planText } from '../report/plan-text.ts';
import { styleFor } from '../report/style.ts';
import type { Invocation } from './options.ts';
import { survey } from './survey.ts';
import { openWorkspace } from './workspace.ts';

export interface PlanOptions {
  readonly offline?: boolean;
  readonly on?: string;
  readonly release?: string;
  readonly diff: boolean;
  readonly detailedExitcode?: boolean;
  readonly json?: boolean;
}

/** `fleet plan` */
export async function planCommand(invocation: Invocation, options: PlanOptions): Promise<number> {
  const workspace = openWorkspace(invocation.common);
  const ports = options.offline
    ? undefined
    : (await import('./ports.ts')).realPorts(invocation.common);
  const seen = await survey(workspace, ports, options);
  seen.close();
  if (options.json) process.stdout.write(`${JSON.stringify(seen.plan, null, 2)}\n`);
  else {
    process.stdout.write(
      planText(seen.plan, styleFor(process.stdout), {
        diffs: options.diff,
        offline: options.offline ?? false,
      }),
    );
  }
  if (options.detailedExitcode && hasChanges(seen.plan)) return exitCodes.changes;
  // A plan that knows nothing must not look like one that found nothing.
  const { hypervisors } = seen.plan;
  const blind = hypervisors.length > 0 && hypervisors.every((h) => h.unreachable !== undefined);
  return blind ? exitCodes.failed : exitCodes.ok;
}
