import { exitCodes, FleetError } from '../model/errors.ts';
import { lockInputs } from '../repo/flake-lock.ts';
import { readWithin, writeWithin } from '../repo/work-tree.ts';
import type { Invocation } from './options.ts';
import { realPorts } from './ports.ts';
import { openWorkspace, requireNoConflicts, writeRendered } from './workspace.ts';

/** `fleet update [input…]`: makes flake.lock, or renews all or the named inputs in it. */
export async function updateCommand(
  invocation: Invocation,
  _options: object,
  inputs: readonly string[],
): Promise<number> {
  const workspace = openWorkspace(invocation.common);
  const { fleet } = workspace.index;
  const unknown = inputs.filter((name) => !fleet.inputs.some((input) => input.name === name));
  if (unknown.length > 0) {
    throw new FleetError('update.unknown-input', `no input is called ${unknown.join(', ')}`, {
      exitCode: exitCodes.usage,
      hint: `inputs: ${fleet.inputs.map((input) => input.name).join(', ')}`,
    });
  }
  // Whoever asks to stop while Nix works finds nothing changed.
  requireNoConflicts(workspace);
  const before = readWithin(workspace.directory, 'flake.lock');
  const { connector } = realPorts(invocation.common);
  const opened: { close(): void }[] = [];
  const elsewhere = async () => {
    const hypervisor = fleet.hypervisors[0];
    if (!hypervisor)
      throw new FleetError(
        'lock.no-nix',
        'there is no Nix on this machine, and no hypervisor to ask',
      );
    process.stderr.write(`no Nix here; asking ${hypervisor.name}\n`);
    const host = await connector.connect(hypervisor);
    opened.push(host);
    return host;
  };
  try {
    // Without the old lock every input is resolved anew.
    const kept = inputs.length > 0 ? before : undefined;
    const lock = await lockInputs(
      {
        flake: workspace.rendered.get('flake.nix') ?? '',
        inputs: fleet.inputs,
        lock: kept,
        renew: inputs,
      },
      elsewhere,
      { signal: invocation.signal, say: (line) => process.stderr.write(`${line}\n`) },
    );
    writeRendered(workspace);
    if (lock === before) process.stdout.write('flake.lock is up to date\n');
    else {
      writeWithin(workspace.directory, 'flake.lock', lock);
      process.stdout.write(
        `${before === undefined ? 'made' : 'renewed'} flake.lock; the next apply commits it\n`,
      );
    }
    return exitCodes.ok;
  } finally {
    for (const host of opened) host.close();
  }
}
