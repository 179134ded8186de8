import { askAll, connectAll } from '../deploy/connect-all.ts';
import { verifyHypervisor } from '../deploy/verify.ts';
import { exitCodes, FleetError } from '../model/errors.ts';
import type { Verification } from '../model/verification.ts';
import { select } from '../plan/selectors.ts';
import { checksText } from '../report/checks-text.ts';
import { styleFor } from '../report/style.ts';
import { knownConfig } from './known-config.ts';
import type { Invocation } from './options.ts';
import { realPorts } from './ports.ts';

/** `fleet verify [--on] [--json]`: the checks of apply, alone. Exit 1 when one fails. */
export async function verifyCommand(
  invocation: Invocation,
  options: { on?: string; json?: boolean },
): Promise<number> {
  const { index } = await knownConfig(invocation.common);
  const selection = select(index.fleet, options.on);
  const ports = realPorts(invocation.common);
  const wanted = index.fleet.hypervisors.filter((h) => selection.hypervisors.has(h.name));
  const settle = index.fleet.rollout.settle / 1000;
  process.stderr.write(
    `looking at ${wanted.length} hypervisor${wanted.length === 1 ? '' : 's'}, twice, ${settle} s apart\n`,
  );
  const contacts = await connectAll(wanted, ports);
  try {
    const answers = await askAll(contacts, (host, hypervisor) =>
      verifyHypervisor(index, hypervisor, host, ports.clock, selection.targets),
    );
    const results = answers.map(({ hypervisor, answer }) =>
      answer instanceof Error ? unreachable(hypervisor.name, answer) : answer,
    );
    const checks = results.flatMap((r) => r.checks);
    const notes = results.flatMap((r) => r.notes);
    const ok = checks.every((c) => c.ok);
    if (options.json)
      process.stdout.write(
        `${JSON.stringify({ kind: 'verify', version: 1, ok, checks, notes }, null, 2)}\n`,
      );
    else process.stdout.write(checksText(checks, styleFor(process.stdout), notes));
    return ok ? exitCodes.ok : exitCodes.failed;
  } finally {
    for (const contact of contacts) contact.host?.close();
  }
}

function unreachable(target: string, error: unknown): Verification {
  const seen =
    error instanceof FleetError
      ? `${error.message}${error.hint ? ` (${error.hint.split('\n')[0]})` : ''}`
      : String(error);
  const check = { target, check: 'reachable', ok: false, expected: 'answers over ssh', seen };
  return { checks: [check], notes: [] };
}
