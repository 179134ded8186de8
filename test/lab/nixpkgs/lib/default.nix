# The functions of nixpkgs.lib that simple modules use.
let
  lib =
    builtins
    // import ./attrsets.nix lib
    // import ./lists.nix lib
    // import ./strings.nix lib
    // import ./trivial.nix lib
    // import ./modules.nix lib
    // {
      types = import ./types.nix lib;
      attrsets = lib;
      lists = lib;
      strings = lib;
      trivial = lib;
      modules = lib;
    };
in
lib
