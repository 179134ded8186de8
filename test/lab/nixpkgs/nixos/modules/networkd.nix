# systemd.network: files for a real systemd-networkd.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  text = import ./networkd-text.nix lib;
  cfg = config.systemd.network;

  files =
    suffix: units:
    lib.mapAttrs' (
      name: unit: lib.nameValuePair "systemd/network/${name}.${suffix}" { text = text unit; }
    ) units;
  all =
    files "netdev" cfg.netdevs
    // files "network" cfg.networks
    // files "link" cfg.links;
  units = mkOption { type = types.attrsOf (types.attrsOf types.anything); default = { }; };
in
{
  options.systemd.network = {
    enable = mkOption { type = types.bool; default = false; };
    netdevs = units;
    networks = units;
    links = units;
    config.networkConfig = mkOption { type = types.attrsOf types.anything; default = { }; };
    wait-online = {
      enable = mkOption { type = types.bool; default = true; };
      anyInterface = mkOption { type = types.bool; default = false; };
      ignoredInterfaces = mkOption { type = types.listOf types.str; default = [ ]; };
      timeout = mkOption { type = types.ints.unsigned; default = 120; };
      extraArgs = mkOption { type = types.listOf types.str; default = [ ]; };
    };
  };

  config = lib.mkIf cfg.enable {
    environment.etc = all // {
      "systemd/networkd.conf".text = text { inherit (cfg.config) networkConfig; };
    };
    systemd.network.wait-online.extraArgs =
      [ "--timeout=${toString cfg.wait-online.timeout}" ]
      ++ lib.optional cfg.wait-online.anyInterface "--any"
      ++ map (name: "--ignore=${name}") cfg.wait-online.ignoredInterfaces;
    systemd.additionalUpstreamSystemUnits = [
      "systemd-networkd-wait-online.service"
      "systemd-networkd.service"
      "systemd-networkd.socket"
    ];
    # networkd reloads when its files change. It never takes away a netdev whose file went.
    systemd.services.systemd-networkd = {
      wantedBy = [ "multi-user.target" ];
      aliases = [ "dbus-org.freedesktop.network1.service" ];
      stopIfChanged = false;
      restartTriggers = [ config.environment.etc."systemd/networkd.conf".text ];
      reloadTriggers = lib.mapAttrsToList (name: file: "${name}\n${file.text}") all;
    };
    systemd.services.systemd-networkd-wait-online = {
      inherit (cfg.wait-online) enable;
      wantedBy = [ "network-online.target" ];
      serviceConfig.ExecStart = [
        ""
        "/usr/lib/systemd/systemd-networkd-wait-online ${lib.escapeShellArgs cfg.wait-online.extraArgs}"
      ];
    };
    systemd.targets.network-online.wantedBy = [ "multi-user.target" ];
  };
}
