import type { SandboxHost } from '../sandbox/hypervisor.ts';

/** The fleet.yaml of the demo: five vms on three hypervisors, with times that suit an audience. */
export function demoFleet(
  hosts: readonly Pick<SandboxHost, 'name' | 'ssh' | 'system' | 'publicKey'>[],
): string {
  const hypervisor = (host: (typeof hosts)[number]) => `  ${host.name}:
    ssh: ${host.ssh}
    system: ${host.system}
    stateVersion: "25.11"
    uplink: eth0
    users: { root: { sshKeys: ["${host.publicKey}"] } }
    modules: [./hosts/${host.name}/hardware-configuration.nix]
`;
  return `version: 1
name: demo

git: { transport: send }                 # the commit travels over ssh
rollout: { settle: 1s, deadline: 4s }    # 15s and 2m unless said otherwise

hypervisors:
${hosts.map(hypervisor).join('')}
networks:
  web: { subnet: 10.1.0.0/24 }
  data: { subnet: 10.2.0.0/24 }
  ops: { subnet: 10.3.0.0/24 }

vms:
  db:
    on: hv2
    network: data
  metrics:
    on: hv3
    network: ops
    address: 10.3.0.2
  web1:
    on: hv1
    network: web
    address: 10.1.0.2
  web2:
    on: hv1
    network: web
    address: 10.1.0.3
    dependsOn: [web1]
  worker:
    on: hv3
    network: ops
    address: 10.3.0.3
`;
}
