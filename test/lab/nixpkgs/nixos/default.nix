# nixpkgs.lib.nixosSystem
{ lib, packagesFor }:
{
  modules,
  system ? null,
  specialArgs ? { },
  ...
}@arguments:
let
  modulesPath = toString ./modules;
  platform = if system != null then system else evaluated.config.nixpkgs.hostPlatform;
  overlaid =
    set: overlay:
    let
      final = set // overlay final set;
    in
    final;
  pkgs = builtins.foldl' overlaid (packagesFor platform) evaluated.config.nixpkgs.overlays;
  evaluated = import ./eval.nix { inherit lib; } {
    own = import ./module-list.nix ++ lib.optionals (lib ? mkOptionType) [
      ../real/guest.nix
      ../real/host.nix
    ];
    inherit modules;
    specialArgs = {
      inherit modulesPath pkgs;
      # What no module declares still changes the system: see toplevel.nix.
      looseConfig = evaluated.loose;
    }
    // specialArgs;
  };
in
{
  inherit (evaluated) config options;
  inherit lib pkgs;
  type = "configuration";
  extendModules =
    {
      modules ? [ ],
      specialArgs ? { },
    }:
    import ./. { inherit lib packagesFor; } (
      arguments
      // {
        modules = arguments.modules ++ modules;
        specialArgs = (arguments.specialArgs or { }) // specialArgs;
      }
    );
}
