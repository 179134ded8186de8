import type { Word } from '../app/apply.ts';
import type { PlanInput } from '../app/plan.ts';
import type { Ports } from '../app/ports.ts';
import { givenPlan } from '../app/saved-plan.ts';
import type { Where } from '../app/workspace/where.ts';
import { usageError } from './options.ts';

export interface ApplyOptions {
  readonly on?: string;
  readonly yes?: boolean;
  readonly allowUnreachable?: boolean;
  readonly release?: string;
  readonly restart?: string;
  readonly lockTimeout?: string;
  readonly force?: boolean;
  readonly export?: boolean;
  /** What first switches may take away, names with commas between them. */
  readonly drop?: string;
  readonly resume?: string | true;
  readonly undo?: boolean;
  readonly json?: boolean;
  readonly jsonStream?: boolean;
}

/** What is planned: by a saved plan, or by options. @throws FleetError when it is said twice */
export function choiceOf(
  ports: Ports,
  where: Where,
  file: string | undefined,
  { on, release, restart }: ApplyOptions,
): Omit<PlanInput, 'where'> {
  if (file === undefined)
    return { ...(on && { on }), ...(release && { release }), ...(restart && { restart }) };
  if (on === undefined && release === undefined && restart === undefined)
    return { saved: givenPlan(ports, where, file) };
  throw usageError(
    'options.saved-plan',
    'a saved plan already fixes what is done: leave out --on, --release and --restart',
  );
}

/** What a person agrees to beforehand. */
export const wordOf = ({ allowUnreachable, drop, force }: ApplyOptions): Word => ({
  allowUnreachable: allowUnreachable ?? false,
  force: force ?? false,
  drop: (drop ?? '').split(',').map((name) => name.trim()),
});
