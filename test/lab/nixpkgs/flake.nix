{
  description = "The lab's stand-in for nixpkgs: same surface, trivially built packages";

  outputs =
    { self }:
    let
      lib = import ./lib;
      packagesFor = system: import ./pkgs { inherit lib system; };
      systems = [
        "x86_64-linux"
        "aarch64-linux"
      ];
    in
    {
      lib = lib // {
        nixosSystem = import ./nixos { inherit lib packagesFor; };
      };
      legacyPackages = lib.genAttrs systems packagesFor;
    };
}
