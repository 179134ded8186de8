# nix.settings → /etc/nix/nix.conf. Flakes are off unless asked for, as on NixOS.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  render =
    value:
    if builtins.isBool value then
      lib.boolToString value
    else
      toString value;
in
{
  options.nix.package = mkOption { type = types.raw; default = pkgs.nix; };
  options.nix.settings = mkOption { type = types.attrsOf types.anything; default = { }; };

  config.environment.etc."nix/nix.conf".text =
    lib.concatStrings (
      lib.mapAttrsToList (key: value: "${key} = ${render value}\n") config.nix.settings
    )
    # A lab has no build users, no namespaces to sandbox in and no network.
    + ''
      sandbox = false
      build-users-group =
      substituters =
      flake-registry =
    '';
}
