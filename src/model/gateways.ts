import { contains, parseAddress, parseSubnet } from './addresses.ts';
import { contains6, parseAddress6, parseSubnet6 } from './addresses6.ts';
import type { ExpectedNic } from './expected.ts';
import type { Network } from './fleet.ts';

/** What the bridge of a network has on its hypervisor: `address/prefix`, IPv4 first. */
export function gatewaysOf(network: Network): string[] {
  return [gateway4(network), ...gateway6(network)];
}

/** Those that had to be there for NICs that were deployed: what is new in fleet.yaml is not missing. */
export function deployedGateways(network: Network, deployed: readonly ExpectedNic[]): string[] {
  const here = deployed.filter(({ bridge }) => bridge === network.bridge);
  const subnet = parseSubnet(network.subnet);
  const subnet6 = parseSubnet6(network.ipv6?.subnet ?? '');
  const has4 = here.some((nic) => {
    const address = parseAddress(nic.address);
    return subnet && address !== undefined && contains(subnet, address);
  });
  const has6 = here.some((nic) => {
    const address = parseAddress6(nic.address6 ?? '');
    return subnet6 && address !== undefined && contains6(subnet6, address);
  });
  return [...(has4 ? [gateway4(network)] : []), ...(has6 ? gateway6(network) : [])];
}

const gateway4 = ({ gateway, prefix }: Network): string => `${gateway}/${prefix}`;

const gateway6 = ({ ipv6 }: Network): string[] => (ipv6 ? [`${ipv6.gateway}/${ipv6.prefix}`] : []);
