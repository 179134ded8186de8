# What flake.nix has beside the machines of fleet.yaml: fleet itself, for people with Nix.
{ nixpkgs, ... }:
let
  inherit (nixpkgs) lib;

  each = lib.genAttrs [
    "aarch64-darwin"
    "aarch64-linux"
    "x86_64-darwin"
    "x86_64-linux"
  ];
  pkgsFor = system: nixpkgs.legacyPackages.${system};
  fleetFor = system: (pkgsFor system).callPackage ./fleet.nix { };
in
{
  packages = each (system: rec {
    default = fleet;
    fleet = fleetFor system;
  });

  devShells = each (
    system: with pkgsFor system; {
      default = mkShell {
        packages = [
          git
          nixfmt
          nodejs_24
          openssh
          shellcheck
        ];
      };
    }
  );

  checks = each (system: {
    fleet = fleetFor system;

    # The rendered files of this repository are those that fleet.yaml means.
    example =
      (pkgsFor system).runCommand "fleet-example"
        {
          nativeBuildInputs = [ (fleetFor system) ];
          src = lib.fileset.toSource {
            root = ../.;
            fileset = lib.fileset.unions [
              ../flake.nix
              ../fleet.yaml
              ../hosts
              ../modules
            ];
          };
        }
        ''
          fleet -C "$src" validate
          fleet -C "$src" render --check
          touch "$out"
        '';
  });
}
