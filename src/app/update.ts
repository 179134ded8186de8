import { lockInputs } from '../host/flake-lock.ts';
import { exitCodes, FleetError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import type { Fleet } from '../model/fleet.ts';
import { readWithin, writeWithin } from '../repo/work-tree.ts';
import { looking } from './looking.ts';
import type { Ports } from './ports.ts';
import type { Where } from './workspace/where.ts';
import { openWorkspace, requireNoConflicts, writeRendered } from './workspace/workspace.ts';

export interface UpdateInput {
  readonly where: Where;
  /** Names of inputs to renew; none: all. */
  readonly inputs: readonly string[];
}

/**
 * Makes flake.lock, or renews inputs in it, with the Nix of this machine or of the first hypervisor. If somebody asks
 * to stop while Nix is at work, nothing is changed.
 * @throws FleetError `update.unknown-input`, `render.conflict`, `lock.*`; ConfigError; Interrupted
 */
export async function update(
  ports: Ports,
  { where, inputs }: UpdateInput,
  emit: Emit,
  signal: AbortSignal,
): Promise<'made' | 'renewed' | 'unchanged'> {
  const workspace = openWorkspace(ports, where);
  const { fleet } = workspace.index;
  requireKnown(fleet, inputs);
  requireNoConflicts(workspace);
  const before = readWithin(workspace.directory, 'flake.lock');
  const say = (text: string) => emit({ type: 'note', text });
  const lock = await looking(ports, signal, ({ connector }) => {
    const elsewhere = async () => {
      const hypervisor = fleet.hypervisors[0];
      if (!hypervisor)
        throw new FleetError(
          'lock.no-nix',
          'there is no Nix on this machine, and no hypervisor to ask',
        );
      say(`no Nix here; asking ${hypervisor.name}`);
      return connector.connect(hypervisor);
    };
    const flake = workspace.rendered.get('flake.nix') ?? '';
    // Without the old lock every input is resolved anew.
    const kept = inputs.length > 0 ? before : undefined;
    const wanted = { flake, inputs: fleet.inputs, lock: kept, renew: inputs };
    return lockInputs(wanted, elsewhere, { ...ports, signal, say });
  });
  writeRendered(workspace);
  if (lock === before) return 'unchanged';
  writeWithin(workspace.directory, 'flake.lock', lock);
  return before === undefined ? 'made' : 'renewed';
}

function requireKnown({ inputs }: Fleet, wanted: readonly string[]): void {
  const names = inputs.map((input) => input.name);
  const unknown = wanted.filter((name) => !names.includes(name));
  if (unknown.length === 0) return;
  throw new FleetError('update.unknown-input', `no input is called ${unknown.join(', ')}`, {
    exitCode: exitCodes.usage,
    hint: `inputs: ${names.join(', ')}`,
  });
}
