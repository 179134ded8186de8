import {
  type FirstHypervisor,
  fleetHead,
  hypervisorComment,
  hypervisorConfig,
  hypervisorEntry,
} from './first-hypervisor.ts';
import { prefixed, yaml } from './text.ts';

/** A fleet.yaml with one hypervisor, and the rest in comments that are valid once uncommented. */
export function emptyFleet(first: FirstHypervisor): string {
  const config = hypervisorConfig(first);
  const isPlain = Object.keys(config).length === 0;
  return `${fleetHead(first)}
hypervisors:
${prefixed('  ', yaml({ [first.name]: hypervisorEntry(first) }))}
${hypervisorComment(first)}${isPlain ? '    # config: { services.fstrim.enable: true }' : prefixed('    ', yaml({ config }))}

# For every vm; a vm's own value wins, lists and maps are added to.
# defaults:
#   memory: 1GiB
#   packages: [vim]
#   users: { ops: { groups: [wheel], sshKeys: [ssh-ed25519 AAAA… you@desk] } }

# A network is a bridge on the hypervisor of its vms; the hypervisor has its first address. Networks are
# behind NAT, and closed to each other unless they say otherwise.
# networks:
#   apps: { subnet: 10.1.0.0/24 }

# A guest that fails its checks after a change is rolled back, and the change is reverted.
# vms:
#   web1:
#     on: ${first.name}
#     network: apps
#     config: { services.nginx.enable: true, networking.firewall.allowedTCPPorts: [80] }
#     checks: [{ http: { port: 80 } }]
#     volumes: [{ mount: /var/lib, size: 10GiB }]

# How a change is rolled out; these are the defaults.
# rollout:
#   maxParallel: 10            # hypervisors at a time
#   settle: 15s                # a guest must stay healthy this long after its first healthy answer
#   deadline: 2m               # a guest must be healthy this long after its start
#   onFailure: revert-fleet    # or revert-hypervisor, or halt
`;
}
