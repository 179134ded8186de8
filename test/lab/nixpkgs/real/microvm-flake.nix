{
  description = "microvm.nix itself, without the inputs that cannot be downloaded";

  inputs.nixpkgs.url = "github:nixos/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    {
      nixosModules = {
        host = ./nixos-modules/host;
        microvm = ./nixos-modules/microvm;
      };
    };
}
