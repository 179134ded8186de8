import { contains, formatSubnet, gateway, parseAddress } from '../../model/addresses.ts';
import { contains6, hostAddress6, isAddress6, parseAddress6 } from '../../model/addresses6.ts';
import type { SshTarget } from '../../model/fleet.ts';
import { parseSshTarget } from '../../model/ssh-target.ts';
import type { Finding } from '../finding.ts';
import { quote } from '../finding.ts';
import type { Draft, DraftNetwork } from '../normalise.ts';

/** Every hypervisor needs a valid ssh destination of its own. */
export function* sshTargets({ hypervisors }: Draft): Iterable<Finding> {
  const taken = new Map<string, string>();
  for (const { name, path, yaml } of hypervisors.values()) {
    const at = [...path, 'ssh'];
    const target = typeof yaml.ssh === 'string' ? parseSshTarget(yaml.ssh) : yaml.ssh;
    if ('problem' in target) {
      yield { code: 'E509', path: at, message: target.problem, hint: target.hint };
      continue;
    }
    const { host, port = 22, jump = '' } = target as SshTarget;
    const key = `${host} ${port} ${jump}`;
    const other = taken.get(key);
    if (other !== undefined) {
      const message = `${name} has the same ssh destination as ${other}`;
      yield { code: 'W501', path: at, message, hint: 'one machine is one hypervisor' };
    }
    taken.set(key, other ?? name);
  }
}

/** A hypervisor's own address must not be in a network of its vms: it would be routed to that bridge. */
export function* outsideOfNetworks({ hypervisors }: Draft): Iterable<Finding> {
  for (const { name, path, yaml, networks } of hypervisors.values()) {
    const target = typeof yaml.ssh === 'string' ? parseSshTarget(yaml.ssh) : yaml.ssh;
    if ('problem' in target) continue;
    const { host } = target as SshTarget;
    const around = [...networks].find(
      (network) => isInside(network, host) && !isGateway(network, host),
    );
    if (!around) continue;
    yield {
      code: 'E420',
      path: [...path, 'ssh'],
      message: `${host} is in ${host.includes(':') ? around.yaml.subnet6 : formatSubnet(around.subnet)} of network ${around.name}, a bridge of ${name}’s own`,
      hint: 'give the network a subnet that is not in use anywhere else',
    };
  }
}

function isInside({ subnet, subnet6 }: DraftNetwork, host: string): boolean {
  const address = parseAddress(host);
  if (address !== undefined) return contains(subnet, address);
  const address6 = parseAddress6(host);
  return subnet6 !== undefined && address6 !== undefined && contains6(subnet6, address6);
}

/** Name servers have to be addresses, because a name could not be looked up, and not only the forwarder itself. */
export function* nameServers({ hypervisors }: Draft): Iterable<Finding> {
  for (const { name, path, yaml, networks } of hypervisors.values()) {
    const servers = (yaml.dns?.forwardTo ?? []).map((address, i) => ({
      address,
      at: [...path, 'dns', 'forwardTo', i],
      own: [...networks].find((network) => isGateway(network, address)),
    }));
    // If there are others, this one is skipped and the others are asked.
    const alone = servers.every(({ own }) => own);
    for (const { address, at, own } of servers) {
      if (parseAddress(address) === undefined && !isAddress6(address)) {
        const message = `${quote(address)} is not an IP address`;
        yield { code: 'E412', path: at, message, hint: 'for example 1.1.1.1' };
      } else if (own && alone) {
        const message = `${address} is the gateway of ${own.name} on ${name}: a forwarder never asks itself`;
        const hint = 'no name would resolve; name another server, such as 1.1.1.1';
        yield { code: 'E412', path: at, message, hint };
      }
    }
  }
}

/** Addresses of the forwarder itself. */
function isGateway({ subnet, subnet6 }: DraftNetwork, address: string): boolean {
  const own = gateway(subnet);
  return (
    parseAddress(address) === own ||
    (subnet6 !== undefined && parseAddress6(address) === hostAddress6(subnet6, own - subnet.base))
  );
}
