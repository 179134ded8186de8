import {
  defaultAddress,
  formatAddress,
  formatSubnet,
  gateway,
  parseAddress,
} from '../model/addresses.ts';
import { formatAddress6, formatSubnet6, hostAddress6, isUniqueLocal } from '../model/addresses6.ts';
import { expandConfig } from '../model/config.ts';
import type {
  Check,
  Data,
  Export,
  Fleet,
  GitSettings,
  Hypervisor,
  Input,
  Network,
  Nic,
  Rollout,
  SshTarget,
  Vm,
} from '../model/fleet.ts';
import { bridgeName, byName, macAddress, tapName } from '../model/names.ts';
import { parseSshTarget } from '../model/ssh-target.ts';
import { parseDuration } from '../model/units.ts';
import { capacityOf, memoryOf, vcpuOf } from './capacity.ts';
import { layersOf } from './layers.ts';
import {
  autostart,
  type Draft,
  type DraftHypervisor,
  type DraftNetwork,
  type DraftVm,
  type Link,
} from './normalise.ts';
import { egressPorts, published } from './ports.ts';
import { alertsOf, collectionOf, recoveryOf } from './recovery.ts';
import { modulePath } from './rules/modules.ts';
import type { Check as CheckYaml, Export as ExportYaml, FleetYaml } from './schema.generated.ts';
import { credentials, share, stateVersionOf, users, vmmOf, volume } from './vm-fields.ts';

/** Makes the Fleet from a draft without errors, with every default filled in. */
export function assemble(draft: Draft): Fleet {
  const { yaml } = draft;
  const layers = layersOf(draft);
  return {
    name: yaml.name,
    inputs: inputs(yaml),
    ...(yaml.flake?.outputs !== undefined && { outputs: modulePath(yaml.flake.outputs) }),
    git: git(yaml),
    rollout: rollout(yaml),
    hypervisors: sorted(draft.hypervisors, (machine) => hypervisor(machine, yaml)),
    networks: sorted(draft.networks, network),
    vms: sorted(draft.vms, (vm) => guest(vm, draft)),
    ...(layers && { layers }),
  };
}

const sorted = <From, To extends { readonly name: string }>(
  things: ReadonlyMap<string, From>,
  make: (thing: From) => To,
): To[] => [...things.values()].map(make).sort(byName);

function inputs({ inputs: given = {} }: FleetYaml): Input[] {
  const all: NonNullable<FleetYaml['inputs']> = {
    nixpkgs: 'github:NixOS/nixpkgs/nixos-25.11',
    microvm: 'github:microvm-nix/microvm.nix',
    ...given,
  };
  return Object.entries(all)
    .map(([name, input]) => {
      const { url, flake = true, follows } = typeof input === 'string' ? { url: input } : input;
      const usual: Record<string, string> = name === 'nixpkgs' ? {} : { nixpkgs: 'nixpkgs' };
      return { name, url, flake, follows: flake ? (follows ?? usual) : {} };
    })
    .sort(byName);
}

function git({ git: given = {} }: FleetYaml): GitSettings {
  const { remote = 'origin', branch, url, transport = 'pull', revert = true } = given;
  const timeout = parseDuration(given.timeout ?? '2m')!;
  return { remote, transport, revert, timeout, ...(branch && { branch }), ...(url && { url }) };
}

function rollout({ rollout: given = {} }: FleetYaml): Rollout {
  return {
    maxParallel: given.maxParallel ?? 10,
    maxParallelVms: given.maxParallelVms ?? 1,
    evalJobs: typeof given.evalJobs === 'number' ? given.evalJobs : 'auto',
    settle: parseDuration(given.settle ?? '15s')!,
    deadline: parseDuration(given.deadline ?? '2m')!,
    stopTimeout: parseDuration(given.stopTimeout ?? '30s')!,
    confirm: parseDuration(given.confirm ?? '90s')!,
    limits: {
      build: parseDuration(given.limits?.build ?? '1h')!,
      switch: parseDuration(given.limits?.switch ?? '5m')!,
      guest: parseDuration(given.limits?.guest ?? '7m')!,
    },
    onFailure: given.onFailure ?? 'revert-fleet',
    ...(given.canary !== undefined && { canary: given.canary }),
  };
}

function hypervisor(
  { name, yaml }: DraftHypervisor,
  { alerts, defaults = {} }: FleetYaml,
): Hypervisor {
  const config = yaml.config ?? {};
  const timezone = timezoneIn(config) ?? defaults.timezone;
  const gc = collectionOf(yaml);
  return {
    name,
    ssh: typeof yaml.ssh === 'string' ? (parseSshTarget(yaml.ssh) as SshTarget) : yaml.ssh,
    system: yaml.system,
    stateVersion: yaml.stateVersion,
    checkout: yaml.checkout ?? '/var/lib/fleet/repo',
    ...(yaml.uplink !== undefined && { uplink: yaml.uplink }),
    tags: yaml.tags ?? [],
    capacity: capacityOf(yaml.capacity),
    ...(timezone !== undefined && { timezone }),
    packages: yaml.packages ?? [],
    users: users(yaml.users),
    config,
    modules: (yaml.modules ?? []).map(modulePath),
    nameservers: yaml.dns?.forwardTo ?? ['1.1.1.1', '9.9.9.9'],
    tailscale: {
      enable: yaml.tailscale?.enable ?? false,
      advertiseRoutes: yaml.tailscale?.advertiseRoutes ?? false,
    },
    orphans: yaml.orphans ?? 'tell',
    alerts: alertsOf(alerts, yaml.alerts),
    ...(gc && { gc }),
    cli: yaml.cli ?? false,
  };
}

function timezoneIn(config: Readonly<Record<string, Data>>): string | undefined {
  const { time } = expandConfig(config) as { time?: { timeZone?: Data } | null };
  const zone = time?.timeZone;
  return typeof zone === 'string' ? zone : undefined;
}

function network({ name, yaml, subnet, subnet6, members }: DraftNetwork): Network {
  const nat = yaml.nat ?? true;
  return {
    name,
    ...(members[0] && { hypervisor: members[0].vm.yaml.on }),
    bridge: yaml.bridge ?? bridgeName(name),
    subnet: formatSubnet(subnet),
    prefix: subnet.prefix,
    gateway: formatAddress(gateway(subnet)),
    ...(subnet6 && {
      ipv6: {
        subnet: formatSubnet6(subnet6),
        prefix: subnet6.prefix,
        gateway: formatAddress6(hostAddress6(subnet6, gateway(subnet) - subnet.base)),
        nat: nat && isUniqueLocal(subnet6),
      },
    }),
    nat,
    isolated: yaml.isolated ?? true,
    allow: [...new Set(yaml.allow)].sort(),
    egress: egressPorts(yaml.egress ?? 'all'),
    metadata: yaml.metadata ?? false,
  };
}

function nic(vm: string, { network: on, further, address: text }: Link, draft: Draft): Nic {
  const { subnet, subnet6 } = draft.networks.get(on)!;
  const address = text === undefined ? defaultAddress(subnet) : parseAddress(text)!;
  return {
    network: on,
    tap: tapName(vm, further),
    mac: macAddress(vm, further),
    address: formatAddress(address),
    ...(subnet6 && { address6: formatAddress6(hostAddress6(subnet6, address - subnet.base)) }),
  };
}

function guest(vm: DraftVm, draft: Draft): Vm {
  const { name, yaml, merged, links } = vm;
  return {
    name,
    on: yaml.on,
    nics: links.map((link) => nic(name, link, draft)),
    vcpu: vcpuOf(merged),
    memoryMiB: memoryOf(merged),
    hypervisor: vmmOf(merged),
    store: merged.store ?? 'shared',
    balloon: merged.balloon ?? false,
    ...(merged.sshHostKey && { sshHostKey: true }),
    ...(yaml.vsock !== undefined && { vsock: yaml.vsock }),
    state: merged.state ?? 'running',
    autostart: autostart(vm, draft),
    tags: merged.tags,
    ...(merged.timezone !== undefined && { timezone: merged.timezone }),
    stateVersion: stateVersionOf(merged),
    packages: merged.packages,
    users: users(merged.users),
    config: merged.config,
    modules: [...new Set(merged.modules.map(modulePath))],
    volumes: merged.volumes.map(volume),
    publish: merged.publish.map(published),
    shares: merged.shares.map(share),
    credentials: credentials(merged.credentials),
    checks: merged.checks.map(check),
    exports: merged.exports.map((one) => exported(one, name)),
    dependsOn: merged.dependsOn,
    recovery: recoveryOf(merged.recovery),
    priority: merged.priority ?? 10,
    agent: merged.agent ?? false,
    dumps: { guest: merged.dumps?.guest ?? false },
  };
}

function exported(yaml: ExportYaml, vm: string): Export {
  const { file, to = '~/.kube/config', user = 'root', merge, context = vm, replace = {} } = yaml;
  return { file, user, to, ...(merge !== undefined && { context }), replace };
}

function check({ tcp, http, run, within }: CheckYaml): Check {
  const withinMs = within === undefined ? {} : { withinMs: parseDuration(within)! };
  if (run !== undefined) return { kind: 'run', command: run, ...withinMs };
  if (http === undefined) return { kind: 'tcp', port: tcp!, ...withinMs };
  const { port, path = '/', status = 200 } = http;
  return { kind: 'http', port, path, status, ...withinMs };
}
