# The lab's package set: real tools are links to the ones installed on the hypervisor, everything
# else is a script that says its name. An unknown name is Nix' own "attribute missing".
{ lib, system }:
let
  builders = import ./builders.nix { inherit lib system pkgs; };
  inherit (builders) debian stub;

  pkgs =
    builders
    // import ./tools.nix { inherit debian; }
    // import ./stubs.nix { inherit builders lib stub; }
    // {
      inherit lib pkgs system;
      path = ../.;
      config = { };
      stdenv = {
        inherit system;
        targetPlatform = { inherit system; };
        hostPlatform = {
          inherit system;
          isLinux = true;
          isx86_64 = system == "x86_64-linux";
          isAarch64 = system == "aarch64-linux";
        };
      };
      buildPackages = pkgs;
      callPackage =
        file: overrides:
        let
          f = if builtins.isFunction file then file else import file;
          found = builtins.intersectAttrs (builtins.functionArgs f) pkgs;
        in
        f (found // overrides);
    }
    // lib.optionalAttrs (lib ? mkOptionType) (import ../real/pkgs.nix { inherit builders lib pkgs; });
in
pkgs
