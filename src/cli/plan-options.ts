import type { At } from '../app/build.ts';
import { isCi } from './ask.ts';
import { refusePointless, usageError } from './options.ts';

export interface PlanOptions {
  readonly offline?: boolean;
  readonly against?: string;
  readonly on?: string;
  readonly release?: string;
  readonly diff: boolean;
  readonly detailedExitcode?: boolean;
  readonly out?: string;
  readonly build?: boolean;
  readonly at?: At;
  readonly json?: boolean;
  readonly markdown?: boolean;
}

/** @throws FleetError of usage for options that do not go together */
export function refuseContradictions(options: PlanOptions): void {
  if (options.out !== undefined && options.offline)
    throw usageError(
      'plan.offline',
      'a plan that asked no hypervisor cannot be saved',
      'Leave out --offline or --out.',
    );
  if (options.offline)
    refusePointless(options, ['--on', '--release'], '--offline asks no hypervisor');
  if (options.offline && options.at === 'hypervisor')
    throw usageError('plan.offline', '--offline asks no hypervisor, not even to build');
  if (!options.offline)
    refusePointless(options, ['--against'], 'hypervisors say what is deployed, without --offline');
  if (!options.build) refusePointless(options, ['--at'], 'nothing is built without --build');
}

/** Whether somebody goes by the exit code, and whether it tells changes, too. */
export function judgedBy({ detailedExitcode = false }: PlanOptions): {
  isJudged: boolean;
  isDetailed: boolean;
} {
  return { isJudged: detailedExitcode || isCi(), isDetailed: detailedExitcode };
}
