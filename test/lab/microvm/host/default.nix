# The hypervisor's side: the `microvm` command, the unit templates, the state directory.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.microvm;
in
{
  imports = [
    ./declarative.nix
    ./units.nix
  ];

  options.microvm = {
    host.enable = mkOption { type = types.bool; default = true; };
    host.startupTimeout = mkOption { type = types.ints.positive; default = 150; };
    host.useNotifySockets = mkOption { type = types.bool; default = false; };
    stateDir = mkOption { type = types.path; default = "/var/lib/microvms"; };
    autostart = mkOption { type = types.listOf types.str; default = [ ]; };
  };

  config = lib.mkIf cfg.host.enable {
    boot.kernelModules = [
      "tap"
      "vhost_net"
    ];
    environment.systemPackages = [
      (pkgs.writeShellScriptBin "microvm" (
        builtins.replaceStrings
          [ "@path@" "@stateDir@" ]
          [
            (lib.makeBinPath (with pkgs; [ git jq nix openssh ]))
            cfg.stateDir
          ]
          (builtins.readFile ./microvm.sh)
      ))
    ];
    users.users.microvm = {
      isSystemUser = true;
      group = "kvm";
    };
    systemd.tmpfiles.settings."10-microvm".${cfg.stateDir}.d = {
      user = "microvm";
      group = "kvm";
      mode = "0775";
    };
    systemd.targets.microvms = {
      wantedBy = [ "multi-user.target" ];
      wants = map (name: "microvm@${name}.service") cfg.autostart;
    };
  };
}
