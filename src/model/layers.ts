import type { Fleet, Layer } from './fleet.ts';

/** What puts the layers of a vm together. */
export const layersModulePath = 'modules/layers.nix';

export const defaultsPath = 'modules/defaults.nix';

export const profilePath = (name: string): string => `modules/profiles/${name}.nix`;

/** Every layer that vms share, by the path that it is rendered to: defaults, and profiles that say something. */
export function sharedLayers({ layers }: Fleet): Map<string, Layer> {
  if (!layers) return new Map();
  const profiles = [...layers.profiles].filter(([, layer]) => saysSomething(layer));
  return new Map([
    [defaultsPath, layers.defaults],
    ...profiles.map(([name, layer]) => [profilePath(name), layer] as const),
  ]);
}

/** Whether anything of it is in a guest. */
export const saysSomething = (layer: Layer): boolean =>
  Object.values(layer).some((value) => typeof value !== 'object' || Object.keys(value).length > 0);

/** Paths of the shared layers that a machine is made of, the first one first; a hypervisor has none. */
export function layersOf(
  { layers }: Fleet,
  name: string,
  shared: ReadonlyMap<string, Layer>,
): string[] {
  const vm = layers?.vms.get(name);
  if (!vm) return [];
  return [defaultsPath, ...vm.profiles.map(profilePath)].filter((path) => shared.has(path));
}
