import type { Fleet, Input } from '../model/fleet.ts';
import { nixFile } from '../nix/print.ts';
import { block, type Nix } from '../nix/tree.ts';
import { rendered } from './marker.ts';

/** `flake.nix`: the same whatever vms there are; those are listed in hosts/default.nix. */
export function flakeFile(fleet: Fleet): string {
  const inputs = fleet.inputs.map((input) => [input.name, inputOptions(input)]);
  return rendered(
    nixFile({ description: fleet.name, inputs: Object.fromEntries(inputs), outputs }),
  );
}

function inputOptions({ flake, follows, url }: Input): Nix {
  const followed = Object.entries(follows).map(([name, target]) => [name, { follows: target }]);
  return {
    ...(!flake && { flake: false }),
    ...(followed.length > 0 && { inputs: Object.fromEntries(followed) }),
    url,
  };
}

const outputs = block(`
{ nixpkgs, ... }@inputs:
let
  # Without self: a guest that knew its revision would restart at every commit.
  specialArgs.inputs = removeAttrs inputs [ "self" ];
  host =
    name: system:
    nixpkgs.lib.nixosSystem {
      inherit specialArgs system;
      modules = [ (./hosts + "/\${name}") ];
    };
in
{
  nixosConfigurations = builtins.mapAttrs host (import ./hosts);
}
`);

/** `hosts/default.nix`: every machine and its system. */
export function hostsFile(fleet: Fleet): string {
  const systems = new Map(fleet.hypervisors.map(({ name, system }) => [name, system]));
  const ofVms = fleet.vms.map((vm) => [vm.name, systems.get(vm.on) ?? null]);
  return rendered(nixFile({ ...Object.fromEntries(systems), ...Object.fromEntries(ofVms) }));
}
