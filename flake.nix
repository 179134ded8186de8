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
    in
    {
      nixosConfigurations = builtins.mapAttrs host (import ./hosts);
    };
}
