import { askEach } from '../deploy/connect-all.ts';
import { type Past, readPast, readStory } from '../host/hypervisor/look.ts';
import type { Emit } from '../model/events.ts';
import type { PastDeployment } from '../model/past-deployment.ts';
import type { Story, UnitStory } from '../model/status.ts';
import { looking } from './looking.ts';
import type { Ports } from './ports.ts';
import { look, rowsOf, withSubjects } from './status.ts';
import { knownConfig } from './workspace/known-config.ts';
import type { Where } from './workspace/where.ts';

/** Deployments that are told, and operations. */
const told = 5;

/** Units of a guest that say why it does not run. */
const unitsOf = (vm: string): string[] =>
  ['microvm', 'microvm-virtiofsd', 'microvm-tap-interfaces', 'microvm-set-booted'].map(
    (unit) => `${unit}@${vm}.service`,
  );
/** Those of a hypervisor that its guests need, and that fleet's work is done by. */
const ofHypervisors = [
  ...['systemd-networkd', 'nftables', 'dnsmasq', 'fleet-autostart', 'fleet-recover'],
].map((unit) => `${unit}.service`);

/**
 * All that is known of one vm or hypervisor. Changes nothing.
 * @returns undefined when nothing is called so
 * @throws as `status`
 */
export async function story(
  ports: Ports,
  { where, name }: { readonly where: Where; readonly name: string },
  emit: Emit,
  signal: AbortSignal,
): Promise<Story | undefined> {
  return looking(ports, signal, async (ports) => {
    const { directory, index } = await knownConfig(ports, where, emit);
    const vm = index.vms.get(name);
    const hypervisor = index.hypervisors.get(vm?.on ?? name);
    if (!hypervisor) return undefined;
    const units = vm ? unitsOf(name) : ofHypervisors;
    let past: Past = { deployments: [], operations: [] };
    let said: UnitStory = { events: [], lines: [] };
    const [answer] = await askEach([hypervisor], ports, async (host) => {
      const all = [look(index, hypervisor, host, ports.clock), readPast(host)] as const;
      const [seen, history, lines] = await Promise.all([...all, readStory(host, units)]);
      [past, said] = [history, lines];
      return seen;
    });
    if (!answer) return undefined;
    const all = rowsOf(index, answer);
    const rows = await withSubjects(ports, directory, {
      hypervisors: vm ? [] : [all.hypervisor],
      vms: all.vms.filter((row) => row.name === name),
    });
    const [row] = vm ? rows.vms : rows.hypervisors;
    const open = answer.answer instanceof Error ? [] : answer.answer.facts.open;
    const isAbout = ({ targets, after }: PastDeployment) =>
      !vm || targets.includes(name) || after.has(name);
    const deployments = past.deployments
      .filter(isAbout)
      .slice(-told)
      .reverse()
      .map((deployment) => {
        const atWork = open.find(({ id }) => id === deployment.id);
        return { hypervisor: hypervisor.name, deployment, ...(atWork && { open: atWork }) };
      });
    const operations = past.operations
      .filter((one) => !vm || one.vm === name)
      .slice(-told)
      .reverse()
      .map((operation) => ({ hypervisor: hypervisor.name, operation }));
    // An unknown vm says nothing of why: that is its hypervisor's.
    const findings = [...(row?.findings ?? []), ...(vm ? silence(all.hypervisor) : [])];
    const kind = vm ? 'vm' : 'hypervisor';
    const status = { kind, row: { ...row, findings } } as Story['status'];
    return { status, deployments, operations, ...said };
  });
}

const silence = ({
  reachable,
  findings,
}: {
  reachable: boolean;
  findings: Story['status']['row']['findings'];
}) => (reachable ? [] : findings);
