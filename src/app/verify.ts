import { askAll, connectAll } from '../deploy/connect-all.ts';
import { verifyHypervisor } from '../deploy/verify.ts';
import { FleetError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import type { Verification } from '../model/verification.ts';
import { select } from '../plan/selectors.ts';
import { looking } from './looking.ts';
import type { Ports } from './ports.ts';
import { knownConfig } from './workspace/known-config.ts';
import type { Where } from './workspace/where.ts';

export interface VerifyInput {
  readonly where: Where;
  /** A selector; default: all. */
  readonly on?: string;
}

export interface Verified extends Verification {
  /** Whether every check passed. */
  readonly ok: boolean;
}

/**
 * Makes the checks that apply makes, and changes nothing. A hypervisor that does not answer fails its own check.
 * @throws ConfigError; FleetError for the repository, fleet.yaml and the selector; Interrupted
 */
export async function verify(
  ports: Ports,
  { where, on }: VerifyInput,
  emit: Emit,
  signal: AbortSignal,
): Promise<Verified> {
  return looking(ports, signal, async (ports) => {
    const { index } = await knownConfig(ports, where, emit);
    const selection = select(index.fleet, on);
    const wanted = index.fleet.hypervisors.filter((h) => selection.hypervisors.has(h.name));
    const settle = index.fleet.rollout.settle / 1000;
    emit({
      type: 'note',
      text: `checking ${wanted.length} hypervisor${wanted.length === 1 ? '' : 's'} twice, ${settle} s apart`,
    });
    const contacts = await connectAll(wanted, ports);
    const answers = await askAll(contacts, (host, hypervisor) =>
      verifyHypervisor(index, hypervisor, host, ports.clock, selection.targets),
    );
    const results = answers.map(({ hypervisor, answer }) =>
      answer instanceof Error ? unreachable(hypervisor.name, answer) : answer,
    );
    const checks = results.flatMap((r) => r.checks);
    return { ok: checks.every((c) => c.ok), checks, notes: results.flatMap((r) => r.notes) };
  });
}

function unreachable(target: string, error: unknown): Verification {
  const seen =
    error instanceof FleetError
      ? `${error.message}${error.hint ? ` (${error.hint.split('\n')[0]})` : ''}`
      : String(error);
  const check = { target, check: 'reachable', ok: false, expected: 'answers over ssh', seen };
  return { checks: [check], notes: [] };
}
