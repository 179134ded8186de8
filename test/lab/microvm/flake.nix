{
  description = "The lab's stand-in for microvm.nix at 71beea0: same command, units and runner";

  inputs.nixpkgs.url = "github:nixos/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    {
      nixosModules = {
        host = ./host;
        microvm = ./guest;
      };
    };
}
