import { askEach } from '../deploy/connect-all.ts';
import { Examination, type Examined } from '../model/examined.ts';
import { select } from '../plan/selectors.ts';
import { examineConfig } from './doctor/config.ts';
import { examineClone, examineRemote } from './doctor/git.ts';
import { askHypervisor, isRefusal, unreached } from './doctor/hypervisor.ts';
import { examineAgents, examineMachine, examineTailnet, waysTo } from './doctor/machine.ts';
import { looking } from './looking.ts';
import type { DoctorPorts } from './ports.ts';
import type { Where } from './workspace/where.ts';

export interface DoctorInput {
  readonly where: Where;
  /** A selector of hypervisors, or of those that vms are on; default: all. */
  readonly on?: string;
}

export interface Diagnosis {
  /** Whether nothing is wrong. */
  readonly ok: boolean;
  readonly examined: readonly Examined[];
}

/**
 * Everything that could keep this fleet from being deployed from here: this machine, fleet.yaml, git and its remote,
 * and each hypervisor. Whatever is broken is a finding, and the rest is looked at all the same. Changes nothing.
 * @throws FleetError `select.nothing` for a selector that nothing answers to; Interrupted
 */
export async function doctor(
  ports: DoctorPorts,
  { where, on }: DoctorInput,
  signal: AbortSignal,
): Promise<Diagnosis> {
  return looking(ports, signal, async (looked) => {
    const { desk, node } = ports;
    const { found: own, config } = await examineConfig(looked, where);
    const index = config?.index;
    const selected = index && select(index.fleet, on).hypervisors;
    const wanted = index?.fleet.hypervisors.filter(({ name }) => selected?.has(name)) ?? [];
    const knowing = waysTo(desk, wanted);
    const clone = examineClone(looked, where, config, signal);
    const remote = clone.then(examineRemote);
    const beside = index && { index, clock: ports.clock, clone, remote };
    const [machine, ways, { found: git }, answers] = await Promise.all([
      examineMachine({ ...looked, desk, node }),
      knowing,
      clone,
      beside
        ? askEach(wanted, looked, (host, hypervisor) => askHypervisor(host, hypervisor, beside))
        : [],
      remote,
    ]);
    const refusing = answers.filter(({ answer }) => isRefusal(answer));
    await examineAgents(machine, ports, ways, {
      hypervisors: new Set(refusing.map(({ hypervisor: { name } }) => name)),
      git: git.all.some(({ check, code }) => check === 'remote' && code === 'git.no-permission'),
    });
    const reached = answers.map(({ hypervisor: { name }, answer }) => ({
      name,
      facts: answer instanceof Error ? undefined : answer.facts,
    }));
    await examineTailnet(machine, desk, ways, reached);
    const hypervisors = answers.map(({ hypervisor, answer }) =>
      answer instanceof Error ? unreached(hypervisor, answer) : answer.examined,
    );
    const examined = [...machine.all, ...own.all, ...git.all, ...oneClock(hypervisors).flat()];
    return { ok: examined.every(({ state }) => state !== 'wrong'), examined };
  });
}

/** A clock that is off to the same side of all others is this machine's. */
function oneClock(hypervisors: readonly (readonly Examined[])[]): readonly (readonly Examined[])[] {
  const clocks = hypervisors.flatMap((all) => all.filter(({ check }) => check === 'clock'));
  const sides = new Set(
    clocks.map(({ state, seen }) =>
      state === 'wrong' ? / (ahead of|behind) /.exec(seen)?.[1] : undefined,
    ),
  );
  const [side] = sides;
  if (clocks.length < 2 || sides.size > 1 || side === undefined) return hypervisors;
  const found = new Examination('this machine');
  found.wrong(
    'clock',
    `the clocks of all ${clocks.length} hypervisors are ${side} this machine's (${clocks[0]?.where}: ${clocks[0]?.seen})`,
    'See timedatectl here first.',
  );
  return [found.all, ...hypervisors.map((all) => all.filter(({ check }) => check !== 'clock'))];
}
