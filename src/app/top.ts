import { askEach } from '../deploy/connect-all.ts';
import { unlessInterrupted } from '../deploy/interrupt.ts';
import { readTop } from '../host/hypervisor/look.ts';
import type { Emit } from '../model/events.ts';
import type { UsageOn } from '../model/usage.ts';
import { select, selectNamed } from '../plan/selectors.ts';
import { KeptHosts } from './kept-hosts.ts';
import { looking } from './looking.ts';
import type { Ports } from './ports.ts';
import { knownConfig } from './workspace/known-config.ts';
import type { Where } from './workspace/where.ts';

export interface TopInput {
  readonly where: Where;
  /** Selectors of vms and hypervisors; none: all. */
  readonly names: readonly string[];
}

/** What is reserved and used, by hypervisor. Changes nothing. @throws as `knownConfig`; FleetError `select.nothing`; Interrupted */
export async function top(
  ports: Ports,
  { where, names }: TopInput,
  emit: Emit,
  signal: AbortSignal,
): Promise<readonly UsageOn[]> {
  return looking(ports, signal, async (ports) => {
    const { index } = await knownConfig(ports, where, emit);
    const { fleet } = index;
    const chosen = names.length === 0 ? select(fleet, undefined) : selectNamed(fleet, names);
    const hypervisors = fleet.hypervisors.filter(({ name }) => chosen.hypervisors.has(name));
    const answers = await askEach(hypervisors, ports, readTop);
    return answers.map(({ hypervisor: { name: hypervisor }, answer }) => {
      if (answer instanceof Error) return { hypervisor, answer };
      const vms = answer.vms.filter(({ name }) => chosen.targets.has(name));
      return { hypervisor, answer: { ...answer, vms } };
    });
  });
}

/** Ms between two looks; hypervisors sample every fifteen seconds. */
const pause = 5000;

/** The same again and again, over connections that are kept, until somebody asks to stop. @throws as `top`; Interrupted, which is how it ends */
export async function watchTop(
  ports: Ports,
  input: TopInput,
  show: (seen: readonly UsageOn[]) => void,
  emit: Emit,
  signal: AbortSignal,
): Promise<never> {
  const connector = new KeptHosts(ports.connector);
  try {
    for (;;) {
      show(await top({ ...ports, connector }, input, emit, signal));
      await unlessInterrupted(signal, () => ports.clock.sleep(pause));
    }
  } finally {
    connector.close();
  }
}
