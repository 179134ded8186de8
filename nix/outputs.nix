# What flake.nix has beside the machines of fleet.yaml: fleet itself, for people with Nix (docs/nix.md).
{ nixpkgs, ... }:
let
  inherit (nixpkgs) lib;

  linux = [
    "aarch64-linux"
    "x86_64-linux"
  ];
  each = lib.genAttrs (
    linux
    ++ [
      "aarch64-darwin"
      "x86_64-darwin"
    ]
  );
  pkgsFor = system: nixpkgs.legacyPackages.${system};
  fleetFor = system: (pkgsFor system).callPackage ./fleet.nix { };

  # Evaluated as a whole, with NixOS's assertions, and not built.
  hostFor =
    system:
    (lib.nixosSystem {
      inherit system;
      modules = [
        ./hypervisor.nix
        {
          boot.isContainer = true;
          microvm-fleet.hypervisor = {
            enable = true;
            sshKeys = [ "ssh-ed25519 AAAA check" ];
          };
          system.stateVersion = "24.05";
        }
      ];
    }).config.system.build.toplevel;
in
{
  apps = each (system: rec {
    default = fleet;
    fleet = {
      type = "app";
      program = lib.getExe (fleetFor system);
      meta = { inherit ((fleetFor system).meta) description; };
    };
  });

  overlays.default = import ./overlay.nix;

  nixosModules = {
    default = ./hypervisor.nix;
    hypervisor = ./hypervisor.nix;
  };

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

  checks = each (
    system:
    {
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
    }
    // lib.optionalAttrs (lib.elem system linux) {
      hypervisor = (pkgsFor system).writeText "fleet-hypervisor" (
        builtins.unsafeDiscardStringContext (hostFor system).drvPath
      );
    }
  );
}
