import type { Layer, Layers, Vmm } from '../model/fleet.ts';
import { saysSomething } from '../model/layers.ts';
import { parseSize } from '../model/units.ts';
import { memoryOf, vcpuOf } from './capacity.ts';
import { type Draft, merge, none } from './normalise.ts';
import { modulePath } from './rules/modules.ts';
import type { Settings } from './schema.generated.ts';
import { credentials, share, stateVersionOf, users, vmmOf, volume } from './vm-fields.ts';

/** The layers of the vms: merged in order, they give the fields of a vm. */
export function layersOf({ yaml, vms }: Draft): Layers | undefined {
  const defaults = layer(yaml.defaults ?? {});
  const profiles = new Map(
    Object.entries(yaml.profiles ?? {}).map(([name, settings]) => [name, layer(settings)]),
  );
  if (![defaults, ...profiles.values()].some(saysSomething)) return undefined;
  const unsaid = {
    vcpu: vcpuOf(none),
    memoryMiB: memoryOf(none),
    hypervisor: vmmOf(none),
    stateVersion: stateVersionOf(none),
  };
  const own = [...vms.values()].map(
    (vm) => [vm.name, { profiles: vm.yaml.profiles ?? [], own: layer(vm.yaml) }] as const,
  );
  return { defaults: { ...unsaid, ...defaults }, profiles, vms: new Map(own) };
}

function layer(settings: Settings): Layer {
  const { vcpu, memory, hypervisor, timezone, stateVersion } = settings;
  // Within a layer, too, a list contains each text only once.
  const own = merge(none, settings);
  return {
    ...(vcpu !== undefined && { vcpu }),
    ...(memory !== undefined && { memoryMiB: parseSize(memory)! }),
    ...(hypervisor !== undefined && { hypervisor: hypervisor as Vmm }),
    ...(timezone !== undefined && { timezone }),
    ...(stateVersion !== undefined && { stateVersion }),
    packages: own.packages,
    users: users(own.users),
    config: own.config,
    modules: [...new Set(own.modules.map(modulePath))],
    volumes: own.volumes.map(volume),
    shares: own.shares.map(share),
    credentials: credentials(own.credentials),
  };
}
