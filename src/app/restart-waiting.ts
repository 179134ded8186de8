import type { Contact } from '../deploy/connect-all.ts';
import { asFleetError } from '../deploy/put-back.ts';
import { takingWaiting } from '../deploy/take-waiting.ts';
import type { Host } from '../host/host.ts';
import { exitCodes, FleetError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import type { Facts } from '../model/facts.ts';
import type { Vm } from '../model/fleet.ts';
import type { FleetIndex } from '../model/index.ts';
import type { OperationResult } from '../model/operation-result.ts';
import type { HypervisorResult } from '../model/result.ts';
import { carryOut } from './deploy.ts';
import { newDeployment } from './new-deployment.ts';
import type { Ports } from './ports.ts';

/**
 * Restarts vms onto what was built for them and waits (`apply --restart never`): a deployment without a commit, which is
 * looked at and rolled back as any other. @throws Interrupted
 */
export async function restartWaiting(
  ports: Ports,
  {
    index,
    contacts,
    lockTimeout,
  }: {
    readonly index: FleetIndex;
    readonly contacts: readonly Contact[];
    readonly lockTimeout: number;
  },
  vms: readonly Vm[],
  emit: Emit,
  signal: AbortSignal,
): Promise<OperationResult[]> {
  if (vms.length === 0) return [];
  const began = ports.clock.now();
  const deployment = newDeployment(ports, 'restart');
  const on = Map.groupBy(vms, (vm) => vm.on);
  const told = (vm: Vm, result: Pick<OperationResult, 'outcome' | 'failure'>): OperationResult => ({
    ...{ name: vm.name, hypervisor: vm.on, id: deployment.id, checks: [] },
    ...{ ...result, ms: ports.clock.now() - began },
  });
  try {
    const results = await carryOut({
      ...{ deployment, index, ports, emit, signal, lockTimeout },
      members: contacts.flatMap(({ hypervisor: { name }, host, facts }) =>
        on.has(name)
          ? [
              {
                hypervisor: name,
                host: host as Host,
                facts: facts as Facts,
                vms: (on.get(name) ?? []).map((vm) => vm.name),
              },
            ]
          : [],
      ),
      canary: new Set(),
      // Each was named by a person: one that fails is no reason to put others back.
      onFailure: 'revert-hypervisor',
      plan: async () => new Map([...on].map(([name, own]) => [name, takingWaiting(own)])),
    });
    return vms.map((vm) => told(vm, outcomeOf(results.find((r) => r.hypervisor === vm.on))));
  } catch (error) {
    const failure = asFleetError(error);
    if (failure.code === 'interrupted') throw failure;
    const outcome = failure.exitCode === exitCodes.locked ? 'locked' : 'failed';
    return vms.map((vm) => told(vm, { outcome, failure }));
  }
}

/** What it says of a vm there. */
function outcomeOf(
  result: HypervisorResult | undefined,
): Pick<OperationResult, 'outcome' | 'failure'> {
  if (result?.outcome === 'done') return { outcome: 'done' };
  const { because = 'nothing was done', failure, lines = [] } = result ?? {};
  const error =
    failure ??
    new FleetError('operation.untouched', because, {
      hint: 'What is under way there, or wrong: fleet status',
    });
  const hint = [...(error.hint === undefined ? [] : [error.hint]), ...lines].join('\n');
  return {
    outcome: error.exitCode === exitCodes.locked ? 'locked' : 'failed',
    failure: hint === '' ? error : error.retold({ hint }),
  };
}
