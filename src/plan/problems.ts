import type { Facts } from '../host/facts.ts';
import { overlaps, parseSubnet } from '../model/addresses.ts';
import type { FleetIndex } from '../model/index.ts';
import type { Action } from './plan.ts';

/** What stands in the way on one hypervisor, found before anything is changed. */
export function problems(
  index: FleetIndex,
  hypervisor: string,
  facts: Facts,
  actions: readonly Action[],
): string[] {
  if (actions.length === 0) return [];
  return [
    ...(facts.missingTools.length > 0
      ? [`not on its PATH: ${facts.missingTools.join(', ')}`]
      : []),
    ...wrongMachine(index, hypervisor, facts),
    ...actions.flatMap((a) => {
      const vm = facts.vms.get(a.target);
      return vm?.declarative
        ? [`${a.target} is managed by microvm.vms of the hypervisor's own configuration: take it out there first`]
        : [];
    }),
    ...(actions.some((a) => a.kind === 'switch') ? shadowedRoutes(index, hypervisor, facts) : []),
  ];
}

function wrongMachine(index: FleetIndex, hypervisor: string, facts: Facts): string[] {
  const system = index.hypervisors.get(hypervisor)?.system;
  return facts.machine && system !== `${facts.machine}-linux`
    ? [`is ${facts.machine}, fleet.yaml says system: ${system}`]
    : [];
}

/** A bridge whose subnet holds the operator's address, or overlaps another route, takes its traffic. */
function shadowedRoutes(index: FleetIndex, hypervisor: string, facts: Facts): string[] {
  const found: string[] = [];
  for (const network of index.networksOn(hypervisor)) {
    const holds = (text: string) => {
      const [subnet, other] = [parseSubnet(network.subnet), parseSubnet(text)];
      return subnet !== undefined && other !== undefined && overlaps(subnet, other);
    };
    if (facts.clientAddress && holds(`${facts.clientAddress}/32`)) {
      found.push(`network ${network.name} (${network.subnet}) holds your own address ${facts.clientAddress}`);
    }
    for (const { destination, device } of facts.routes) {
      // A route to one address has no prefix.
      const range = destination.includes('/') ? destination : `${destination}/32`;
      if (device === network.bridge || !holds(range)) continue;
      found.push(`network ${network.name} (${network.subnet}) shadows the route ${destination} on ${device}`);
    }
  }
  return found;
}
