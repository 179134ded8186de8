# systemd.tmpfiles, applied at boot by systemd and at a switch before any unit is touched.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.systemd.tmpfiles;
  field = mkOption { type = types.str; default = "-"; };
  line =
    path: type: rule:
    "${type} ${path} ${rule.mode} ${rule.user} ${rule.group} ${rule.age} ${rule.argument}\n";
  rulesOf = lib.mapAttrsToList (
    path: types: lib.concatStrings (lib.mapAttrsToList (line path) types)
  );
in
{
  options.systemd.tmpfiles = {
    rules = mkOption { type = types.listOf types.str; default = [ ]; };
    settings = mkOption {
      default = { };
      type = types.attrsOf (
        types.attrsOf (
          types.attrsOf (
            types.submodule {
              options = {
                mode = field;
                user = field;
                group = field;
                age = field;
                argument = mkOption { type = types.str; default = ""; };
              };
            }
          )
        )
      );
    };
  };

  config.environment.etc = {
    "tmpfiles.d/00-nixos.conf".text = lib.concatLines cfg.rules;
  }
  // lib.mapAttrs' (
    name: settings:
    lib.nameValuePair "tmpfiles.d/${name}.conf" { text = lib.concatStrings (rulesOf settings); }
  ) cfg.settings;
}
