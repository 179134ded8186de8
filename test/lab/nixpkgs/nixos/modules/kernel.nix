# boot.kernel*: the kernel by its version, sysctl for real.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.boot;
  sysctlValue = value: if builtins.isBool value then (if value then "1" else "0") else toString value;
in
{
  options.boot = {
    kernelPackages = mkOption { type = types.raw; default = pkgs.linuxPackages; };
    kernelParams = mkOption { type = types.listOf types.str; default = [ ]; };
    kernelModules = mkOption { type = types.listOf types.str; default = [ ]; };
    kernel.sysctl = mkOption { type = types.attrsOf types.anything; default = { }; };
  };

  config = {
    boot.kernelParams = [ "loglevel=4" ];
    environment.etc."modules-load.d/nixos.conf".text = lib.concatLines cfg.kernelModules;
    environment.etc."sysctl.d/60-nixos.conf".text = lib.concatStrings (
      lib.mapAttrsToList (key: value: "${key}=${sysctlValue value}\n") (
        lib.filterAttrs (_: value: value != null) cfg.kernel.sysctl
      )
    );
    systemd.services.systemd-sysctl = {
      wantedBy = [ "multi-user.target" ];
      restartTriggers = [ config.environment.etc."sysctl.d/60-nixos.conf".text ];
    };
  };
}
