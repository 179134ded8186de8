import { askEach } from '../deploy/connect-all.ts';
import { readAlerts } from '../host/hypervisor/look.ts';
import type { AlertsOn } from '../model/alert.ts';
import type { Emit } from '../model/events.ts';
import type { Fleet } from '../model/fleet.ts';
import { select, selectNamed } from '../plan/selectors.ts';
import { looking } from './looking.ts';
import type { LocalPorts, Ports } from './ports.ts';
import { knownConfig } from './workspace/known-config.ts';
import type { Where } from './workspace/where.ts';

export interface AlertsInput {
  readonly where: Where;
  /** Selectors; none: all. */
  readonly names: readonly string[];
}

/**
 * What hypervisors alert about now, and have lately. Changes nothing.
 * @throws as `knownConfig`; FleetError `select.nothing`; Interrupted
 */
export async function alerts(
  ports: Ports,
  { where, names }: AlertsInput,
  emit: Emit,
  signal: AbortSignal,
): Promise<readonly AlertsOn[]> {
  return looking(ports, signal, async (ports) => {
    const { index } = await knownConfig(ports, where, emit);
    const { hypervisors, targets } =
      names.length === 0 ? select(index.fleet, undefined) : selectNamed(index.fleet, names);
    const wanted = index.fleet.hypervisors.filter(({ name }) => hypervisors.has(name));
    const answers = await askEach(wanted, ports, (host) => readAlerts(host));
    return answers.map(({ hypervisor: { name }, answer }) => {
      if (answer instanceof Error) return { hypervisor: name, answer };
      const own = answer.alerts.filter(({ vm = name }) => targets.has(vm) || targets.has(name));
      return { hypervisor: name, answer: { ...answer, alerts: own } };
    });
  });
}

/** The fleet that rules for Prometheus and a dashboard are made for. @throws as `knownConfig` */
export async function fleetOf(ports: LocalPorts, where: Where, emit: Emit): Promise<Fleet> {
  return (await knownConfig(ports, where, emit)).index.fleet;
}
