import type { Fleet, Input } from '../model/fleet.ts';
import { nixFile } from '../nix/print.ts';
import { block, type Code, type Nix, path } from '../nix/tree.ts';
import { rendered } from './marker.ts';

/** `flake.nix`. It does not depend on the vms, which are listed in hosts/default.nix. */
export function flakeFile(fleet: Fleet): string {
  const inputs = fleet.inputs.map((input) => [input.name, inputOptions(input)]);
  return rendered(
    nixFile({
      description: fleet.name,
      inputs: Object.fromEntries(inputs),
      outputs: fleet.outputs === undefined ? own : withFurther(fleet.outputs),
    }),
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

const common = block`
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
`;

/** Only the machines of fleet.yaml. */
const own = block`
${common}
in
{
  nixosConfigurations = builtins.mapAttrs host (import ./hosts);
}
`;

/** The machines, and the outputs of a hand-written file. That file gets self; the machines still do not. */
const withFurther = (file: string): Code => block`
${common}
  # Its machines stand beside those of fleet.yaml, never in their place.
  further = import ${path(`./${file}`)} inputs;
  others = further.nixosConfigurations or { };
  hosts = builtins.mapAttrs host (import ./hosts);
  twice = builtins.attrNames (builtins.intersectAttrs others hosts);
in
further
// {
  nixosConfigurations =
    if twice == [ ] then
      others // hosts
    else
      throw "fleet renders nixosConfigurations of \${toString twice}: take them out of flake.outputs";
}
`;

/** `hosts/default.nix`: every machine and its system. */
export function hostsFile(fleet: Fleet): string {
  const systems = new Map(fleet.hypervisors.map(({ name, system }) => [name, system]));
  const ofVms = fleet.vms.map((vm) => [vm.name, systems.get(vm.on) ?? null]);
  return rendered(nixFile({ ...Object.fromEntries(systems), ...Object.fromEntries(ofVms) }));
}
