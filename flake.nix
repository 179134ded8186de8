# Rendered by fleet from fleet.yaml: change it there.
{
  description = "simple-microvm-infra";

  inputs = {
    microvm = {
      inputs.nixpkgs.follows = "nixpkgs";
      url = "github:microvm-nix/microvm.nix";
    };
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-25.11";
  };

  outputs =
    { nixpkgs, ... }@inputs:
    let
      # Without self: a guest that knew its revision would restart at every commit.
      specialArgs.inputs = removeAttrs inputs [ "self" ];
      host =
        name: system:
        nixpkgs.lib.nixosSystem {
          inherit specialArgs system;
          modules = [ (./hosts + "/${name}") ];
        };
      # Its machines stand beside those of fleet.yaml, never in their place.
      further = import ./nix/outputs.nix inputs;
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
          throw "fleet renders nixosConfigurations of ${toString twice}: take them out of flake.outputs";
    };
}
