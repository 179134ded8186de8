import type { LocalPorts } from './ports.ts';
import type { Where } from './workspace/where.ts';
import { openWorkspace, requireNoConflicts, writeRendered } from './workspace/workspace.ts';

/** Paths of rendered files, as the work tree had them. */
export interface Rendered {
  /** Missing, or different from what is rendered. */
  readonly write: readonly string[];
  /** Rendered earlier, but not by the present fleet.yaml. */
  readonly remove: readonly string[];
  /** How many are up to date. */
  readonly unchanged: number;
}

/**
 * Brings rendered files up to date, or only compares them.
 * @throws ConfigError; FleetError `render.conflict` when a file of the user's is in the way
 */
export function renderFiles(
  ports: Pick<LocalPorts, 'cwd' | 'surroundings'>,
  { where, check = false }: { readonly where: Where; readonly check?: boolean },
): Rendered {
  const workspace = openWorkspace(ports, where);
  requireNoConflicts(workspace);
  if (!check) writeRendered(workspace);
  const { write, remove, unchanged } = workspace.changes;
  return { write, remove, unchanged };
}
