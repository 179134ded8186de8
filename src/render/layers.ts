import { expandConfig } from '../model/config.ts';
import type { Layer, Share, Volume } from '../model/fleet.ts';
import { defaultsPath } from '../model/layers.ts';
import { nixFile } from '../nix/print.ts';
import type { Nix, NixSet } from '../nix/tree.ts';
import { packageNamed, unsaidZone, userSet } from './machine.ts';
import { rendered } from './marker.ts';
import { pathFrom } from './paths.ts';

/** `modules/defaults.nix` or `modules/profiles/NAME.nix`: a layer, which vms import. */
export function layerFile(layer: Layer, at: string): string {
  const config = expandConfig(layer.config) as NixSet;
  const { microvm, ...options } = layerOptions(layer);
  const isUnsaid = at === defaultsPath && layer.timezone === undefined;
  const nix = nixFile(
    {
      ...options,
      ...(isUnsaid && { time: { timeZone: unsaidZone } }),
      ...(Object.keys(microvm).length > 0 && { microvm }),
      ...layerWords(layer, at),
      ...(Object.keys(config).length > 0 && { config }),
    },
    isUnsaid ? ['lib', 'pkgs'] : ['pkgs'],
  );
  return rendered(
    `# A layer of vms, and no module by itself: modules/layers.nix makes one of all.\n${nix}`,
  );
}

/** The fields of a layer that are not options: modules/layers.nix handles them. */
export function layerWords({ modules, packages }: Layer, at: string): NixSet {
  const named = packages.map((name) => [name, packageNamed(name)]);
  return {
    ...(modules.length > 0 && { modules: modules.map((file) => pathFrom(at, file)) }),
    ...(packages.length > 0 && { packages: Object.fromEntries(named) }),
  };
}

/** The options of NixOS and microvm.nix for a layer. */
export function layerOptions(layer: Layer): NixSet & { readonly microvm: NixSet } {
  const { credentials, hypervisor, memoryMiB, shares, stateVersion, timezone, vcpu, volumes } =
    layer;
  // Otherwise NixOS creates home directories before it mounts these, and the mounts would hide them.
  const homes = [...volumes, ...shares].map(({ mount }) => mount).filter(isOfHomes);
  return {
    ...(homes.length > 0 && {
      fileSystems: Object.fromEntries(homes.map((mount) => [mount, { neededForBoot: true }])),
    }),
    microvm: {
      ...(credentials.length > 0 && { credentialFiles: credentialFiles(layer) }),
      ...(hypervisor !== undefined && { hypervisor }),
      ...(memoryMiB !== undefined && { mem: memoryMiB }),
      ...(shares.length > 0 && { shares: shares.map(share) }),
      ...(vcpu !== undefined && { vcpu }),
      ...(volumes.length > 0 && { volumes: volumes.map(volume) }),
    },
    ...(stateVersion !== undefined && { system: { stateVersion } }),
    ...(timezone !== undefined && { time: { timeZone: timezone } }),
    ...userSet(layer.users),
  };
}

const isOfHomes = (mount: string): boolean => /^\/home(\/|$)/.test(mount);

/** Volumes stay in the order given, because one without a label is found by its position. */
function volume({ fs, image, label, mount, sizeMiB }: Volume): Nix {
  return { fsType: fs, image, label, mountPoint: mount, size: sizeMiB };
}

function share({ mount, readOnly, source, tag }: Share): Nix {
  return { mountPoint: mount, proto: 'virtiofs', readOnly, source, tag };
}

/** Paths are strings: Nix paths would be copied into the store, where everybody can read them. */
const credentialFiles = ({ credentials }: Layer): Nix =>
  Object.fromEntries(credentials.map(({ name, path }) => [name, path]));
