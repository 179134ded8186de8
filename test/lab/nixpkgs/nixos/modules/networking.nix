# networking.*: host name and what other modules ask about.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.networking;
in
{
  options.networking = {
    hostName = mkOption { type = types.str; default = "nixos"; };
    domain = mkOption { type = types.nullOr types.str; default = null; };
    useDHCP = mkOption { type = types.bool; default = true; };
    useNetworkd = mkOption { type = types.bool; default = false; };
    nameservers = mkOption { type = types.listOf types.str; default = [ ]; };
    dhcpcd.denyInterfaces = mkOption { type = types.listOf types.str; default = [ ]; };
    networkmanager.unmanaged = mkOption { type = types.listOf types.str; default = [ ]; };
  };

  config = {
    systemd.network.enable = lib.mkIf cfg.useNetworkd (lib.mkDefault true);
    environment.etc = {
      hostname = lib.mkIf (cfg.hostName != "") { text = "${cfg.hostName}\n"; };
      hosts.text = ''
        127.0.0.1 localhost
        ::1 localhost
        127.0.0.2 ${cfg.hostName}
      '';
      "dhcpcd.conf".text = "denyinterfaces ${toString cfg.dhcpcd.denyInterfaces}\n";
      "resolv.conf" = lib.mkIf (cfg.nameservers != [ ]) {
        text = lib.concatMapStrings (server: "nameserver ${server}\n") cfg.nameservers;
      };
    };
  };
}
