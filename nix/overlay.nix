# Not as `fleet`: in nixpkgs that is another program.
final: _: { microvm-fleet = final.callPackage ./fleet.nix { }; }
